"""What the simulated head-end system does out in the field: switches meters over TCP and says what became of it."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from csire_bridge.domain.contactor import ContactorAction, ControlState, HeadEndEventKind
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.hes.profile import HeadEndCodes
from csire_bridge.simulators.hes_messages import Event, Refusal, Request
from csire_bridge.simulators.meter_client import ContactorSnapshot, MeterClient, MeterError
from csire_bridge.simulators.meter_server import MeterServer

__all__ = ["ConfirmationStyle", "Field", "HeadEndFaults"]

_TICK = timedelta(milliseconds=20)  # a meter keeps hundredths of a second
_WORDS = {
    ControlState.DISCONNECTED: "Disconnected",
    ControlState.CONNECTED: "Connected",
    ControlState.READY_FOR_RECONNECTION: "Ready for reconnection",
}
_OUTCOMES = {
    (ContactorAction.DISCONNECT, ControlState.DISCONNECTED): HeadEndEventKind.DISCONNECTED,
    (ContactorAction.CONNECT, ControlState.CONNECTED): HeadEndEventKind.CONNECTED,
    (ContactorAction.CONNECT, ControlState.READY_FOR_RECONNECTION): HeadEndEventKind.ARMED,
}
_FAILURES = {
    ContactorAction.DISCONNECT: HeadEndEventKind.DISCONNECT_FAILED,
    ContactorAction.CONNECT: HeadEndEventKind.CONNECT_FAILED,
}


class ConfirmationStyle(StrEnum):
    """How outcomes are reported: by event codes, or by the command's code ending "processed" or "failed"."""

    EVENT_CODES = "event-codes"
    COMMAND_CODES = "command-codes"


@dataclass(slots=True)
class HeadEndFaults:
    """Settable faults; change the sets while the simulator runs.

    ``unreachable`` meters can't be read, and their commands fail; ``silent`` ones switch, but no event is sent.
    """

    unreachable: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)


class Field:
    """Reaches the meters, over as many kept-alive TCP connections as there are callers at once."""

    def __init__(
        self,
        server: MeterServer,
        codes: HeadEndCodes,
        style: ConfirmationStyle,
        faults: HeadEndFaults,
        clock: Callable[[], datetime],
    ) -> None:
        self._server, self._codes, self._style = server, codes, style
        self._faults, self._clock = faults, clock
        self._idle: queue.LifoQueue[MeterClient] = queue.LifoQueue()

    def close(self) -> None:
        """Close the idle connections."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()

    def action(self, code: str) -> ContactorAction | None:
        """The action of a command's code; None for a code that this HES does not know."""
        return {self._codes.command(action): action for action in ContactorAction}.get(code)

    def read(self, meter: str) -> ContactorSnapshot:
        """Read the contactor now; ``Refusal`` that may pass when the meter can't be reached."""
        try:
            with self._client() as client:
                return client.read(self._address(meter))
        except MeterError as error:
            raise Refusal("3.1", str(error), level="WARNING") from error

    def run(self, request: Request, action: ContactorAction) -> Event:
        """Carry the command out and report; a command after its end is not run."""
        now = self._clock()
        if request.end is not None and now > request.end:
            return self.cancelled(request, "expired before it could be run")
        try:
            with self._client() as client:
                snapshot = client.switch(self._address(request.meter), action)
        except MeterError as error:
            return self._event(request, _FAILURES[action], self._clock(), str(error))
        kind = _OUTCOMES.get((action, snapshot.control_state), _FAILURES[action])
        moved = snapshot.last_switch >= now - _TICK
        occurred_at = snapshot.last_switch if moved else self._clock()
        return self._event(request, kind, occurred_at, "", _WORDS[snapshot.control_state])

    def cancelled(self, request: Request, reason: str) -> Event:
        """The event of a command that is not run any more."""
        return self._event(request, HeadEndEventKind.CANCELLED, self._clock(), reason)

    def _event(
        self, request: Request, kind: HeadEndEventKind, occurred_at: datetime, reason: str, word: str = ""
    ) -> Event:
        code = next(code for code, meaning in self._codes.events.items() if meaning is kind)
        if self._style is ConfirmationStyle.COMMAND_CODES and kind is not HeadEndEventKind.CANCELLED:
            failed = kind in _FAILURES.values()
            stem = request.code.rpartition(".")[0]
            code = f"{stem}.{self._codes.failed if failed else self._codes.processed}"
        else:
            word = ""
        return Event(request.correlation_id, request.meter, code, occurred_at, reason, word)

    def _address(self, meter: str) -> int:
        address = self._server.address_of(MeterNumber(meter))
        if address is None or meter in self._faults.unreachable:
            raise MeterError(f"meter {meter} can't be reached")
        return address

    @contextlib.contextmanager
    def _client(self) -> Iterator[MeterClient]:
        """An idle client, the one used last first, because it knows the most meters; else a new one."""
        try:
            client = self._idle.get_nowait()
        except queue.Empty:
            client = MeterClient(self._server.host_and_port)
        try:
            yield client
        finally:
            self._idle.put(client)
