"""The surroundings of the bridge, which survive its crashes: a head-end system and a hub that record what they see."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from csire_bridge.channels.hes.profile import HeadEndCodes
from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import Unreadable
from csire_bridge.domain.identifiers import MessageNumber, MeterNumber
from csire_bridge.domain.meter.contactor import ContactorAction, ControlState
from csire_bridge.lab.simulators.hes.messages import Refusal, read_request
from csire_bridge.lab.simulators.hes.simulator import HeadEndSimulator
from csire_bridge.lab.simulators.http_server import Reply
from csire_bridge.lab.simulators.hub.simulator import HubSimulator
from csire_bridge.lab.simulators.meter.meter import Meter
from csire_bridge.lab.simulators.pki import DemoPki

__all__ = ["AcceptedCommand", "WatchedHeadEnd", "watched_hub"]

_SCHEMA = folder("schemas") / "hes" / "Message.xsd"
_ACTIONS = {HeadEndCodes().command(action): action for action in ContactorAction}


@dataclass(frozen=True, slots=True)
class AcceptedCommand:
    """A contactor command that the head-end system took. ``order`` is the order's key; moments are UTC."""

    order: int
    correlation_id: str
    meter: str
    action: ContactorAction
    accepted_at: datetime
    end: datetime


@dataclass(slots=True)
class _WatchedMeter(Meter):
    """Keeps since when its contactor was in which state."""

    log: list[tuple[datetime, ControlState]] = field(default_factory=list)

    def _switch(
        self, target: ControlState, unless: ControlState | None = None, only_from: ControlState | None = None
    ) -> bool:
        moved = Meter._switch(self, target, unless, only_from)
        if moved:
            self.log.append((self.last_switch, target))
        return moved


class WatchedHeadEnd(HeadEndSimulator):
    """Keeps ``commands``, each once, and when each meter's contactor was in which state.

    ``on_accepted`` is called when a command was accepted, before the reply leaves.
    """

    def __init__(self, delay: tuple[float, float], seed: int) -> None:
        super().__init__(delay=delay, seed=seed)
        self.commands: list[AcceptedCommand] = []
        self.on_accepted: Callable[[], None] = lambda: None
        self._known: set[str] = set()
        self._states: dict[str, list[tuple[datetime, ControlState]]] = {}
        self._watching = threading.Lock()

    def add_meter(self, number: str, *, mode: int = 2, connected: bool = True) -> Meter:
        """Install a meter whose switching is written down."""
        state = ControlState.CONNECTED if connected else ControlState.DISCONNECTED
        meter = _WatchedMeter(MeterNumber.parse(number), mode, state)
        self._states[number] = meter.log = [(datetime.min.replace(tzinfo=UTC), state)]
        self.concentrators.add(meter)
        return meter

    def _answer(self, path: str, content_type: str, raw: bytes) -> Reply:
        """Like any head-end system; what it accepts is written down."""
        command = _command(raw)
        reply = super()._answer(path, content_type, raw)
        if command is not None and b">OK<" in reply.body:
            with self._watching:
                if command.correlation_id not in self._known:
                    self._known.add(command.correlation_id)
                    self.commands.append(command)
            self.on_accepted()
        return reply

    def state_at(self, meter: str, moment: datetime) -> ControlState:
        """The contactor's state at ``moment``."""
        return [state for since, state in self._states[meter] if since <= moment][-1]

    def states_between(self, meter: str, start: datetime, end: datetime) -> set[ControlState]:
        """Every state in which the contactor was in that time."""
        return {self.state_at(meter, start)} | {state for _, state in self.entered(meter, start, end)}

    def entered(self, meter: str, start: datetime, end: datetime) -> list[tuple[datetime, ControlState]]:
        """What the contactor moved to in that time."""
        return [(since, state) for since, state in self._states[meter] if start < since <= end]


def _command(raw: bytes) -> AcceptedCommand | None:
    """The contactor command in a request; None for any other request."""
    try:
        request = read_request(raw, _SCHEMA)
    except (Refusal, Unreadable):
        return None  # also half a request, of a process that died while it sent it
    if request.verb != "create" or request.end is None:
        return None
    now = datetime.now(UTC)
    return AcceptedCommand(
        int(request.tracking_id or 0), request.correlation_id, request.meter, _ACTIONS[request.code], now, request.end
    )


def watched_hub(pki: DemoPki, seed: int, on_taken: Callable[[], None]) -> HubSimulator:
    """A hub that calls ``on_taken`` when it has an answer of ours, before its reply leaves."""
    hub = HubSimulator(pki, seed=seed)

    def verdict(_number: MessageNumber) -> str:
        on_taken()
        return "CA001"

    hub.verdict = verdict
    return hub
