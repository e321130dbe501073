"""The open doors of one process: a server for each address, and what takes messages in behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from fastapi import APIRouter
from starlette.routing import Mount

from csire_bridge.channels.hes.event_endpoint import EVENTS_PATH, EventReceiver, events_path
from csire_bridge.channels.hes.profile import HeadEndProfile
from csire_bridge.channels.hub.webhook import hub_router
from csire_bridge.channels.sid.endpoint import sid_router
from csire_bridge.channels.transport.inbound.caller_address import Callers, networks
from csire_bridge.channels.transport.inbound.entrance import Entrance
from csire_bridge.channels.transport.inbound.request_body import BodyLimits
from csire_bridge.config.sections.peers.head_end import FIRST_SYSTEM
from csire_bridge.console.app import build_console
from csire_bridge.domain.message.partners import PartnerLimits
from csire_bridge.pipeline.intake.receive import Arrival
from csire_bridge.pipeline.intake.request_reply import Reply
from csire_bridge.service.web.doors import Address, Door, OpenAddress
from csire_bridge.service.web.health import health_router
from csire_bridge.service.web.intake_queue import IntakeQueue
from csire_bridge.service.web.operations_app import operations_routers
from csire_bridge.service.web.readiness import Readiness
from csire_bridge.service.web.web_app import build_app
from csire_bridge.service.web.web_server import WebServer
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.service.wiring.caller_proofs import sid_proofs
from csire_bridge.service.wiring.console_needs import console_needs

__all__ = ["OpenDoors"]

_HUB_INTAKE, _SID_INTAKE, _EVENTS = "intake", "sid intake", "head-end events"


class OpenDoors:
    """Each address has an event loop and limits of its own, so that callers of one door don't hold up another."""

    def __init__(self, bridge: Bridge, opened: Sequence[OpenAddress], readiness: Readiness) -> None:
        self._bridge = bridge
        self._readiness = readiness
        self._keepers: dict[str, IntakeQueue | EventReceiver] = {}
        self._servers = {one.address: self._server(one) for one in opened}

    def start(self) -> None:
        """Return when every address answers."""
        for keeper in self._keepers.values():
            keeper.start()
        for server in self._servers.values():
            server.start()

    def stop_messages(self) -> None:
        """Accept no more messages, answer open requests, commit what waits. The operations door stays open."""
        for address, server in self._servers.items():
            if not address.doors <= {Door.OPERATIONS, Door.CONSOLE}:
                server.stop()
        for keeper in self._keepers.values():
            keeper.stop()

    def stop(self) -> None:
        """Close every door."""
        for server in self._servers.values():
            server.stop()

    def parts(self) -> dict[str, bool]:
        """Each part by name, and whether it runs."""
        servers = {address.setting: server.runs for address, server in self._servers.items()}
        return servers | {name: keeper.runs for name, keeper in self._keepers.items()}

    def _server(self, opened: OpenAddress) -> WebServer:
        address = opened.address
        app = build_app(self._routers(address), _callers(self._bridge))
        return WebServer(app, opened.listener, self._bridge.settings.web, name=address.setting, tls=address.tls)

    def _routers(self, address: Address) -> Iterator[APIRouter | Mount]:
        entrance = _entrance(self._bridge)
        for door in sorted(address.doors - {Door.CONSOLE}):
            yield from self._of(door, address, entrance)
        if Door.CONSOLE in address.doors:  # the last, because it answers whatever no other door knows
            yield Mount("/", build_console(console_needs(self._bridge, address.url, self._readiness.reasons)))

    def _of(self, door: Door, address: Address, entrance: Entrance) -> Iterator[APIRouter | Mount]:
        bridge = self._bridge
        match door:
            case Door.HUB:
                intake = self._keepers[_HUB_INTAKE] = self._intake(partial(_answer, bridge), _HUB_INTAKE)
                yield hub_router(intake.knock, lambda: bridge.partners, entrance=entrance)
            case Door.SID if bridge.sid and bridge.settings.sid.listen:
                intake = self._keepers[_SID_INTAKE] = self._intake(bridge.sid.answer, _SID_INTAKE)
                proofs, limits = sid_proofs(bridge.settings), bridge.sid.limits
                yield sid_router(intake.knock, proofs, entrance=entrance, limits=limits)
            case Door.EVENTS if bridge.settings.head_end.url:
                for system, profile in bridge.head_end_profiles.items():
                    receiver = _event_receiver(bridge, system, profile, entrance)
                    self._keepers[_EVENTS if system == FIRST_SYSTEM else f"{_EVENTS} of {system}"] = receiver
                    yield receiver.router
            case Door.HEALTH if Door.OPERATIONS not in address.doors:
                yield health_router(self._readiness.reasons, tells_reasons=address.is_of_this_machine)
            case Door.OPERATIONS:
                yield from operations_routers(bridge, self._readiness)

    def _intake(self, answer: Callable[[Sequence[Arrival]], Sequence[Reply]], name: str) -> IntakeQueue:
        return IntakeQueue(answer, self._bridge.settings.web.batch, name)


def _answer(bridge: Bridge, arrivals: Sequence[Arrival]) -> list[Reply]:
    answers = bridge.reception.answer(arrivals)
    if bridge.settings.head_end.url:
        bridge.worker.wake()
    return answers


def _event_receiver(bridge: Bridge, system: str, profile: HeadEndProfile, entrance: Entrance) -> EventReceiver:
    """What takes the events of a head-end system, at its own address if it is not the first one."""
    path = EVENTS_PATH if system == FIRST_SYSTEM else events_path(system)
    taken = partial(bridge.take_events_of, system)
    return EventReceiver(taken, profile=profile, proofs=bridge.event_proofs, entrance=entrance, path=path)


def _callers(bridge: Bridge) -> Callers:
    web = bridge.settings.web
    return Callers(networks(web.trusted_proxies), web.client_certificate_header)


def _entrance(bridge: Bridge) -> Entrance:
    """The admission for the endpoints of one event loop, from the settings."""
    web, limits = bridge.settings.web, bridge.settings.limits
    return Entrance(
        _callers(bridge),
        BodyLimits(limits.max_message_bytes, web.body_seconds, web.bytes_per_second, web.grace_seconds),
        PartnerLimits(web.strangers_per_minute, web.strangers_at_once, limits.max_message_bytes),
    )
