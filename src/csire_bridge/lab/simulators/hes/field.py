"""The simulated head-end system's work in the field: switches meters over TCP and reports the result."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from csire_bridge.channels.hes.profile import HeadEndCodes
from csire_bridge.domain.meter.contactor import ContactorAction, ControlState, HeadEndEventKind
from csire_bridge.lab.simulators.faults.fate import Fate
from csire_bridge.lab.simulators.faults.hes import Fault
from csire_bridge.lab.simulators.hes.messages import Event, Refusal, Request
from csire_bridge.lab.simulators.meter.client import ContactorSnapshot, MeterClient, MeterError
from csire_bridge.lab.simulators.meter.concentrators import Concentrators

__all__ = ["ConfirmationStyle", "Field"]

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


class Field:
    """Runs commands on the meters behind the concentrators, and makes the events about them."""

    def __init__(
        self,
        concentrators: Concentrators,
        codes: HeadEndCodes,
        style: ConfirmationStyle,
        fate: Fate,
        clock: Callable[[], datetime],
    ) -> None:
        self._concentrators, self._codes, self._style = concentrators, codes, style
        self._fate, self._clock = fate, clock

    def action(self, code: str) -> ContactorAction | None:
        """The action of a command's code; None for a code that this HES does not know."""
        return {self._codes.command(action): action for action in ContactorAction}.get(code)

    def read(self, meter: str) -> ContactorSnapshot:
        """Read the contactor now; ``Refusal`` that may pass when the meter can't be reached."""
        with self.reached(meter, "get") as (client, address):
            return client.read(address)

    @contextlib.contextmanager
    def reached(self, meter: str, verb: str, refusal: str = "4.1") -> Iterator[tuple[MeterClient, int]]:
        """A client that reaches the meter, for a request that is answered at once; ``Refusal`` where it fails.

        ``refusal`` is the code for what the meter itself refuses.
        """
        try:
            with self._client(meter, verb) as found:
                yield found
        except MeterError as error:
            if error.refused:
                raise Refusal(refusal, str(error)) from error
            raise Refusal("3.1", str(error), level="WARNING") from error

    def run(self, request: Request, action: ContactorAction) -> Event:
        """Carry the command out and report; a command after its end is not run."""
        now = self._clock()
        if request.end is not None and now > request.end:
            return self.cancelled(request, "expired before it could be run")
        try:
            with self._client(request.meter, request.verb) as (client, address):
                snapshot = client.switch(address, action)
        except MeterError as error:
            details = {self._codes.reason_detail: "control mode 0"} if error.refused else {}
            return self._event(request, _FAILURES[action], self._clock(), str(error), details)
        kind = _OUTCOMES.get((action, snapshot.control_state), _FAILURES[action])
        moved = snapshot.last_switch >= now - _TICK
        occurred_at = snapshot.last_switch if moved else self._clock()
        return self._outcome(request, kind, occurred_at, snapshot.control_state)

    def claimed(self, request: Request, action: ContactorAction) -> Event:
        """The event of a success that did not happen."""
        kind, state = next((kind, state) for (done, state), kind in _OUTCOMES.items() if done is action)
        return self._outcome(request, kind, self._clock(), state)

    def denied(self, request: Request, action: ContactorAction) -> Event:
        """The event of a failure, whatever the contactor did."""
        return self._event(request, _FAILURES[action], self._clock(), "no answer from the meter")

    def cancelled(self, request: Request, reason: str) -> Event:
        """The event of a command that is not run any more."""
        return self._event(request, HeadEndEventKind.CANCELLED, self._clock(), reason)

    def pressed(self, meter: str) -> Event:
        """The unsolicited event of a contactor that the customer closed."""
        return Event(None, meter, self._code(HeadEndEventKind.CONNECTED), self._clock())

    def armed(self, event: Event) -> bool:
        """Whether an event says that the meter waits for its button."""
        words = {_WORDS[ControlState.READY_FOR_RECONNECTION]}
        return event.code == self._code(HeadEndEventKind.ARMED) or bool(words & set(event.details.values()))

    def _outcome(self, request: Request, kind: HeadEndEventKind, at: datetime, state: ControlState) -> Event:
        told = {self._codes.contactor_detail: _WORDS[state]}
        return self._event(request, kind, at, "", told if self._style is ConfirmationStyle.COMMAND_CODES else {})

    def _event(
        self,
        request: Request,
        kind: HeadEndEventKind,
        occurred_at: datetime,
        reason: str,
        details: Mapping[str, str] | None = None,
    ) -> Event:
        code = self._code(kind)
        if self._style is ConfirmationStyle.COMMAND_CODES and kind is not HeadEndEventKind.CANCELLED:
            failed = kind in _FAILURES.values()
            stem = request.code.rpartition(".")[0]
            code = f"{stem}.{self._codes.failed if failed else self._codes.processed}"
        return Event(request.correlation_id, request.meter, code, occurred_at, reason, details or {})

    def _code(self, kind: HeadEndEventKind) -> str:
        return next(code for code, meaning in self._codes.events.items() if meaning is kind)

    @contextlib.contextmanager
    def _client(self, meter: str, verb: str) -> Iterator[tuple[MeterClient, int]]:
        if self._fate.strikes(Fault.UNREACHABLE, meter, verb):
            raise MeterError(f"meter {meter} can't be reached")
        with self._concentrators.client(meter) as found:
            yield found
