"""Read-back, the second half of step 5: the contactor is read to find out what became of a command.

Here the facts are gathered from the head-end system; ``read_back_decision`` says what follows from them, and
``record_read_back`` writes that down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import HeadEndRefused, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.meter.contactor import ContactorReading, HeadEndEvent
from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.domain.order.outcome.supply import Sighting
from csire_bridge.pipeline.execute.command import command_of
from csire_bridge.pipeline.execution_policy import ExecutionPolicy
from csire_bridge.pipeline.observe.readings import read_contactor
from csire_bridge.pipeline.ports.head_end import HeadEnd
from csire_bridge.telemetry.logs import logger

__all__ = ["CommandQueueState", "NotRead", "ReadBack", "ReadBackOutcome", "ReadFailure", "read_back"]

_log = logger(__name__)
ReadFailure = HeadEndUnreachable | OutcomeUnknown | HeadEndRefused
"""Why a contactor could not be read."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """An order whose command was sent, and the event that tells most about it; to be read before ``until`` (UTC).

    ``before`` is the contactor's last known state. ``late``: too little time is left before the order's deadline to go
    on remotely.
    """

    order: Order
    event: HeadEndEvent | None
    until: datetime
    late: bool = False
    before: Sighting | None = None

    @property
    def told_of_movement(self) -> bool:
        """Whether the event says that the command was run."""
        return self.event is not None and not self.event.kind.failure


class NotRead:
    """The contactor was not read: too little of the lease was left, or the head-end system was found to be down."""


class CommandQueueState(Enum):
    """Whether the command still waits at the head-end system, as that system itself answered."""

    CANCELLED = "cancelled"
    ABSENT = "it does not wait: it was run, or has not come (yet)"
    UNKNOWN = "not asked, or no answer"


@dataclass(frozen=True, slots=True)
class ReadBackOutcome:
    """The contactor's reading, or why it could not be read; and whether the command still waits.

    ``asked_at`` (UTC, our clock) and ``shown`` (UTC, the earliest time of the head-end system's clock) are taken before
    the call, or are the time of reading where that was earlier. So the reading proves the state at that moment and no
    later one.
    """

    result: ContactorReading | ReadFailure | NotRead
    asked_at: datetime
    shown: datetime
    queue: CommandQueueState = CommandQueueState.UNKNOWN


def read_back(head_end: HeadEnd, asked: ReadBack, policy: ExecutionPolicy, clock: Clock) -> ReadBackOutcome:
    """Read the contactor; a command that must not run any more is cancelled first.

    Cancelled are: a command that is not wanted any more; one that was refused or reported as failed, because some
    head-end systems report an error and carry the command out all the same; and one whose interval is over, before a
    new one is sent. A command without an event of a movement is cancelled also if the contactor is already as wanted:
    somebody else may have switched it, and the waiting command would undo whatever comes next.
    """
    order, now = asked.order, clock()
    if order.meter is None:
        raise ValueError(f"order {order.key} is {order.state}, but was never given to a meter")
    shown = policy.shown(now, head_end.of(order.meter).clock_shows(now))
    queue = _cancel(head_end, order) if _should_not_run(asked, policy, shown) else None
    try:
        reading = read_contactor(head_end, order.meter, clock, since=order.submitted_at)
    except (HeadEndUnreachable, OutcomeUnknown, HeadEndRefused) as error:
        return ReadBackOutcome(error, now, shown, queue or CommandQueueState.UNKNOWN)
    if queue is None and not asked.told_of_movement and _as_wanted(order, reading):
        queue = _cancel(head_end, order)
    read_at = min(reading.read_at, reading.told_at or reading.read_at)  # at the earliest: that is what it proves
    age = max(now - read_at, timedelta())
    return ReadBackOutcome(reading, now - age, shown - age, queue or CommandQueueState.UNKNOWN)


def _should_not_run(asked: ReadBack, policy: ExecutionPolicy, shown: datetime) -> bool:
    order, event = asked.order, asked.event
    unwanted = order.recalled_at is not None or asked.late
    failed = order.refused is not None or (event is not None and event.kind.failure)
    over = order.state is not OrderState.ARMED and policy.is_over(order, shown)
    return unwanted or failed or over


def _as_wanted(order: Order, reading: ContactorReading) -> bool:
    if order.kind is OrderKind.DISCONNECT:
        return reading.disconnected
    return reading.connected or (reading.armed and order.state is not OrderState.ARMED)


def _cancel(head_end: HeadEnd, order: Order) -> CommandQueueState:
    """Cancel the command; a head-end system that refuses to has run it, or does not have it (yet)."""
    if order.cancelled_at is not None:
        return CommandQueueState.CANCELLED
    try:
        head_end.cancel(command_of(order))
    except HeadEndRefused as error:
        _log.info("command.not_cancelled", order=order.key, why=error)
        return CommandQueueState.ABSENT
    except (HeadEndUnreachable, OutcomeUnknown) as error:
        _log.info("command.perhaps_cancelled", order=order.key, why=error)
        return CommandQueueState.UNKNOWN
    return CommandQueueState.CANCELLED
