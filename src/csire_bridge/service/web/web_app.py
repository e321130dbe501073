"""The service's web application: the hub's webhook, the head-end system's events, health."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import cast

from fastapi import FastAPI, Request, Response

from csire_bridge.channels.hes.event_endpoint import EventReceiver
from csire_bridge.channels.hub.webhook import hub_router
from csire_bridge.channels.sid.endpoint import sid_router
from csire_bridge.channels.transport.inbound.caller_address import Callers, networks
from csire_bridge.channels.transport.inbound.entrance import Entrance
from csire_bridge.channels.transport.inbound.request_body import BodyLimits
from csire_bridge.channels.transport.inbound.submission import Receipt
from csire_bridge.domain.message.message import Form
from csire_bridge.domain.message.partners import PartnerLimits
from csire_bridge.pipeline.intake.receive import Arrival
from csire_bridge.pipeline.intake.request_reply import Reply
from csire_bridge.runtime.group_commit import GroupCommitter
from csire_bridge.service.web.health import health_router
from csire_bridge.service.web.readiness import Readiness
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.service.wiring.caller_proofs import sid_proofs
from csire_bridge.telemetry.logs import logger

__all__ = ["HUB_DOOR", "SID_DOOR", "IntakeQueue", "build_app", "door_keepers", "entrance_of", "event_door"]

HUB_DOOR, SID_DOOR = "intake", "sid intake"

_log = logger(__name__)
_LINGER_SECONDS = 0.002  # less than a commit takes; it makes full groups out of many callers


class IntakeQueue:
    """One thread that takes in messages of one endpoint: messages that come at the same moment share their commits."""

    def __init__(self, answer: Callable[[Sequence[Arrival]], Sequence[Reply]], batch: int, name: str) -> None:
        """``answer`` takes messages in; ``name`` is the thread's."""
        self._group = GroupCommitter[Arrival, Reply](answer, batch, name, linger=_LINGER_SECONDS)

    def start(self) -> None:
        """Begin to take messages in."""
        self._group.start()

    def stop(self) -> None:
        """Take in waiting messages, then end."""
        self._group.stop()

    @property
    def runs(self) -> bool:
        """Whether messages are taken in."""
        return self._group.runs

    def knock(self, origin: str, raw: bytes, form: Form) -> Future[Receipt]:
        """Submit a message; the future's result is what was committed in the journal."""
        return cast("Future[Receipt]", self._group.submit(Arrival(origin, raw, form)))


def door_keepers(bridge: Bridge) -> dict[str, IntakeQueue]:
    """The intake queues of the open endpoints: the hub's, and SID's if it is set up."""
    batch = bridge.settings.web.batch
    keepers = {HUB_DOOR: IntakeQueue(partial(_answer, bridge), batch, HUB_DOOR)}
    if bridge.sid and bridge.settings.sid.listen:
        keepers[SID_DOOR] = IntakeQueue(bridge.sid.answer, batch, SID_DOOR)
    return keepers


def _answer(bridge: Bridge, arrivals: Sequence[Arrival]) -> list[Reply]:
    answers = bridge.reception.answer(arrivals)
    if bridge.settings.head_end.url:
        bridge.worker.wake()
    return answers


def entrance_of(bridge: Bridge) -> Entrance:
    """The admission for all endpoints, from the settings."""
    web, limits = bridge.settings.web, bridge.settings.limits
    return Entrance(
        Callers(networks(web.trusted_proxies), web.client_certificate_header),
        BodyLimits(limits.max_message_bytes, web.body_seconds, web.bytes_per_second, web.grace_seconds),
        PartnerLimits(web.strangers_per_minute, web.strangers_at_once, limits.max_message_bytes),
    )


def event_door(bridge: Bridge, entrance: Entrance) -> EventReceiver | None:
    """The endpoint for events of the head-end system; None if none is set up."""
    if not bridge.settings.head_end.url:
        return None
    return EventReceiver(
        bridge.take_events, profile=bridge.head_end_profile, proofs=bridge.event_proofs, entrance=entrance
    )


def build_app(
    bridge: Bridge,
    doors: Mapping[str, IntakeQueue],
    events: EventReceiver | None,
    entrance: Entrance,
    readiness: Readiness,
) -> FastAPI:
    """The web application with all endpoints of the service."""
    app = FastAPI(title="csire-bridge", docs_url=None, redoc_url=None)
    app.add_exception_handler(Exception, _went_wrong)
    app.include_router(hub_router(doors[HUB_DOOR].knock, lambda: bridge.partners, entrance=entrance))
    if events:
        app.include_router(events.router)
    app.include_router(health_router(readiness.reasons))
    if bridge.sid and SID_DOOR in doors:
        proofs = sid_proofs(bridge.settings)
        app.include_router(sid_router(doors[SID_DOOR].knock, proofs, entrance=entrance, limits=bridge.sid.limits))
    return app


async def _went_wrong(_request: Request, error: Exception) -> Response:
    """Answer an error of the bridge itself: nothing was acknowledged, so the sender will try again."""
    _log.error("request.failed", why=error, exc_info=error)
    return Response("the bridge itself failed; send it again", 503, {"Retry-After": "5"}, media_type="text/plain")
