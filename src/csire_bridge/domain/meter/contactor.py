"""The contactor of a meter, and what is asked of the head-end system (HES) about it.

States and methods follow COSEM class 70 "Disconnect control" (IEC 62056-6-2), object 0.0.96.3.10.255.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from csire_bridge.domain.identifiers import CorrelationId, MeterNumber

__all__ = [
    "NO_METER",
    "ContactorAction",
    "ContactorCommand",
    "ContactorReading",
    "ControlState",
    "HeadEndEvent",
    "HeadEndEventKind",
    "most_telling",
]


class ContactorAction(StrEnum):
    """The action asked of the contactor."""

    DISCONNECT = "disconnect"
    CONNECT = "connect"


class ControlState(IntEnum):
    """Attribute ``control_state`` of class 70. In state 2 the supply is still off."""

    DISCONNECTED = 0
    CONNECTED = 1
    READY_FOR_RECONNECTION = 2


@dataclass(frozen=True, slots=True)
class ContactorCommand:
    """One contactor command to one meter.

    ``correlation_id`` is ours and matches the command with its reply and events. ``not_after`` (UTC) is sent with the
    command, so that a head-end system that comes back after an outage does not run a stale disconnection.
    """

    correlation_id: CorrelationId
    meter: MeterNumber
    action: ContactorAction
    issued_at: datetime
    not_after: datetime
    tracking_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ContactorReading:
    """The contactor's state as read from the meter at ``read_at`` (UTC).

    ``output_state`` is true while the supply is on. ``told_at`` is the time of reading as the head-end system told it,
    if ``read_at`` was corrected by our clock.
    """

    meter: MeterNumber
    output_state: bool
    control_state: ControlState
    read_at: datetime
    told_at: datetime | None = None

    @property
    def connected(self) -> bool:
        """Supply is on, and both attributes say so."""
        return self.output_state and self.control_state is ControlState.CONNECTED

    @property
    def disconnected(self) -> bool:
        """Supply is off and stays off: nobody at the meter can switch it on."""
        return not self.output_state and self.control_state is ControlState.DISCONNECTED

    @property
    def armed(self) -> bool:
        """Supply is off; a press of the meter's button would switch it on."""
        return not self.output_state and self.control_state is ControlState.READY_FOR_RECONNECTION


class HeadEndEventKind(StrEnum):
    """What an event of the head-end system says; a claim, until the contactor was read.

    ``ANSWERED`` is a later reply to a command that does not say what became of it, ``UNKNOWN`` a report that can't be
    used. Both only cause the contactor to be read.
    """

    DISCONNECTED = "disconnected"
    CONNECTED = "connected"
    ARMED = "armed"
    DISCONNECT_FAILED = "disconnect-failed"
    CONNECT_FAILED = "connect-failed"
    CANCELLED = "cancelled"
    PROCESSED = "processed"
    PROCESSING_FAILED = "processing-failed"
    ANSWERED = "answered"
    UNKNOWN = "unknown"

    @property
    def tells(self) -> bool:
        """Whether the event says anything of the outcome of a command."""
        return self not in _TELL_NOTHING

    @property
    def failure(self) -> bool:
        """Whether the event says that the command was not carried out."""
        return self in _FAILURES

    @property
    def weight(self) -> int:
        """How much the event tells: a movement more than a failure, and both more than a general "processed"."""
        return 2 if self in _MOVEMENTS else 1 if self in _NAMED_FAILURES else 0


_MOVEMENTS = frozenset({HeadEndEventKind.DISCONNECTED, HeadEndEventKind.CONNECTED, HeadEndEventKind.ARMED})
_NAMED_FAILURES = frozenset(
    {HeadEndEventKind.DISCONNECT_FAILED, HeadEndEventKind.CONNECT_FAILED, HeadEndEventKind.CANCELLED}
)
_FAILURES = _NAMED_FAILURES | {HeadEndEventKind.PROCESSING_FAILED}
_TELL_NOTHING = frozenset({HeadEndEventKind.ANSWERED, HeadEndEventKind.UNKNOWN})
NO_METER = MeterNumber("")
"""In the place of a meter's number in an event that names none which can be one of ours."""


@dataclass(frozen=True, slots=True)
class HeadEndEvent:
    """One event of the head-end system about one meter.

    ``correlation_id`` is None for an unsolicited event. ``occurred_at`` (UTC) is the meter's or the HES's own time.
    ``contactor`` is the detail "Contactor status" where the HES sends one. ``permanent`` marks a failure whose reason
    can't change by trying again: no such meter, not authorised, control mode 0. Of one that can't be used, ``text``
    says why; its ``meter`` may be NO_METER, and where its own time can't be used, ``occurred_at`` is when it came.
    """

    correlation_id: CorrelationId | None
    meter: MeterNumber
    kind: HeadEndEventKind
    code: str
    occurred_at: datetime
    contactor: ControlState | None = None
    text: str = ""
    permanent: bool = False

    @property
    def identity(self) -> tuple[CorrelationId | None, MeterNumber, str, datetime]:
        """The fields by which a repeated event is recognised."""
        return self.correlation_id, self.meter, self.code, self.occurred_at


def most_telling(events: Sequence[HeadEndEvent]) -> HeadEndEvent:
    """The event of a command, given in the order of arrival, that tells the most about its outcome.

    A movement outweighs a failure, because the contactor is read anyway before either is believed, and then only the
    movement's time is needed; both outweigh "processed". Of several equal ones the last to happen counts, with the
    earliest time that was given for it. Raises ValueError when there is none.
    """
    heaviest = max(_weight(event) for event in events)
    rivals = [event for event in events if _weight(event) == heaviest]
    last = max(reversed(rivals), key=lambda event: event.occurred_at)
    return min((event for event in rivals if event.kind is last.kind), key=lambda event: event.occurred_at)


def _weight(event: HeadEndEvent) -> tuple[int, bool, bool]:
    return event.kind.weight, event.permanent, event.contactor is not None
