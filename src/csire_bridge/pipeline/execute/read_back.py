"""Read-back, the second half of step 5: the contactor is read to find out what became of a command."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import HeadEndRefused, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.meter.contactor import ContactorReading, HeadEndEvent
from csire_bridge.domain.order.conclusion import Conclusion, conclude
from csire_bridge.domain.order.next_step import Ending, Known, NextStep, Shown, Wish, next_step
from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.domain.order.supply import Sighting
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.batch_step import Done
from csire_bridge.pipeline.execute.command import command_of
from csire_bridge.pipeline.execution_policy import ExecutionPolicy
from csire_bridge.pipeline.observe.readings import read_contactor
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from csire_bridge.pipeline.ports import HeadEnd

__all__ = ["NotRead", "ReadBack", "ReadBackOutcome", "Waiting", "read_back", "record_read_back"]

_log = logging.getLogger(__name__)


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


class NotRead:
    """The contactor was not read: too little of the lease was left, or the head-end system was found to be down."""


class Waiting(Enum):
    """Whether the command still waits at the head-end system, as that system itself answered."""

    DROPPED = "dropped"
    NOT_THERE = "it was run, or has not come (yet)"
    UNKNOWN = "not asked, or no answer"


@dataclass(frozen=True, slots=True)
class ReadBackOutcome:
    """The contactor's reading, or why it could not be read; and whether the command still waits.

    ``asked_at`` (UTC, our clock) and ``shown`` (UTC, the earliest time of the head-end system's clock) are taken before
    the call, or are the time of reading where that was earlier. So the reading proves the state at that moment and no
    later one.
    """

    result: ContactorReading | HeadEndUnreachable | OutcomeUnknown | HeadEndRefused | NotRead
    asked_at: datetime
    shown: datetime
    waiting: Waiting = Waiting.UNKNOWN


def read_back(head_end: HeadEnd, finding: ReadBack, limits: ExecutionPolicy, clock: Clock) -> ReadBackOutcome:
    """Read the contactor; a command that must not run any more is cancelled first.

    Cancelled are: a command that is not wanted any more; one that was refused or reported as failed, because some
    head-end systems report an error and carry the command out all the same; and one whose interval is over, before a
    new one is sent. A command without an event of a movement is cancelled also if the contactor is already as wanted:
    somebody else may have switched it, and the waiting command would undo whatever comes next.
    """
    order, now = finding.order, clock()
    if order.meter is None:
        raise ValueError(f"order {order.key} is {order.state}, but was never given to a meter")
    shown = limits.shown(now, head_end.clock_shows(now))
    waiting = _drop(head_end, order) if _should_not_run(finding, limits, shown) else None
    try:
        reading = read_contactor(head_end, order.meter, clock, since=order.submitted_at)
    except (HeadEndUnreachable, OutcomeUnknown, HeadEndRefused) as error:
        return ReadBackOutcome(error, now, shown, waiting or Waiting.UNKNOWN)
    if waiting is None and not _told_of_movement(finding) and _as_wanted(order, reading):
        waiting = _drop(head_end, order)
    age = max(now - reading.read_at, timedelta())
    return ReadBackOutcome(reading, now - age, shown - age, waiting or Waiting.UNKNOWN)


def _should_not_run(finding: ReadBack, limits: ExecutionPolicy, shown: datetime) -> bool:
    order, event = finding.order, finding.event
    unwanted = order.recalled_at is not None or finding.late
    failed = order.refused is not None or (event is not None and event.kind.failure)
    over = order.state is not OrderState.ARMED and limits.is_over(order, shown)
    return unwanted or failed or over


def _told_of_movement(finding: ReadBack) -> bool:
    return finding.event is not None and not finding.event.kind.failure


def _as_wanted(order: Order, reading: ContactorReading) -> bool:
    if order.kind is OrderKind.DISCONNECT:
        return reading.disconnected
    return reading.connected or (reading.armed and order.state is not OrderState.ARMED)


def _drop(head_end: HeadEnd, order: Order) -> Waiting:
    """Cancel the command; a head-end system that refuses to cancel has run it, or does not have it (yet)."""
    if order.cancelled_at is not None:
        return Waiting.DROPPED
    try:
        head_end.cancel(command_of(order))
    except HeadEndRefused as error:
        _log.info("the command of order %s was not cancelled: %s", order.key, error.text)
        return Waiting.NOT_THERE
    except (HeadEndUnreachable, OutcomeUnknown) as error:
        _log.info("the command of order %s may not be cancelled: %s", order.key, error.text)
        return Waiting.UNKNOWN
    return Waiting.DROPPED


def record_read_back(
    done: Sequence[Done[ReadBack, ReadBackOutcome]],
    limits: ExecutionPolicy,
    changes: OrderChanges,
    jitter: random.Random,
) -> None:
    """Record the results of read-backs."""
    for piece in done:
        order, found = piece.about.order, piece.result
        if found.waiting is Waiting.DROPPED and order.cancelled_at is None:
            changes.cancelled.append(order.key)
        if isinstance(found.result, NotRead):
            changes.reschedule(piece.item, changes.now)
        elif isinstance(found.result, ContactorReading):
            _Settling(piece.about, piece.item, found, limits, changes, None).of_reading(found.result)
        else:
            again = limits.retry.next_try(piece.item.attempts + 1, changes.now, jitter)
            _Settling(piece.about, piece.item, found, limits, changes, again).of_silence(found.result)


@dataclass(frozen=True, slots=True)
class _Settling:
    """What follows for one order; ``again`` (UTC) is when it may be read again after a failure, None: not any more."""

    finding: ReadBack
    item: WorkItem
    found: ReadBackOutcome
    limits: ExecutionPolicy
    changes: OrderChanges
    again: datetime | None

    @property
    def order(self) -> Order:
        return self.finding.order

    def of_reading(self, reading: ContactorReading) -> None:
        """The contactor was read."""
        order = self.order
        if order.submitted_at is None:
            raise ValueError(f"order {order.key} is {order.state}, but was never given to a meter")
        concluded = conclude(
            order.kind,
            self.finding.event,
            reading,
            order.submitted_at,
            before=self.finding.before,
            armed_counts=self.limits.armed_counts,
        )
        known = self._known(_shown(order, concluded, reading))
        match next_step(known):
            case NextStep.DONE | NextStep.DONE_AND_RESERVED as step:
                self._done(concluded, reading, reserved=step is NextStep.DONE_AND_RESERVED)
            case NextStep.ARMED:
                self._armed(concluded)
            case NextStep.LOOK_AGAIN:
                self._look_again(concluded)
            case NextStep.SUPERSEDE | NextStep.WITHDRAW as step:
                self._not_wanted(step, "the command did not switch anything")
            case NextStep.PARK:
                text = "the contactor was ready for reconnection, and somebody has disconnected it since"
                self.changes.park(order, self.item, text)
            case NextStep.GIVE_AGAIN:
                self.changes.move(order, OrderState.REGISTERED, f"{self._why(known, concluded)}; it is tried again")
                self.changes.reschedule(self.item, self.limits.next_attempt(order.attempts, self.changes.now))
            case NextStep.GIVE_UP:
                self._give_up(known, self._why(known, concluded))

    def of_silence(self, error: HeadEndUnreachable | OutcomeUnknown | HeadEndRefused) -> None:
        """The contactor could not be read."""
        known = self._known(Shown.UNREADABLE if isinstance(error, HeadEndRefused) else Shown.UNREAD)
        text = f"the contactor's state can't be read: {error.text}"
        match next_step(known):
            case NextStep.SUPERSEDE | NextStep.WITHDRAW as step:
                self._not_wanted(step, f"its command was refused; {text}")
            case NextStep.PARK:
                self.changes.park(self.order, self.item, text)
            case NextStep.GIVE_UP if known.shown is Shown.UNREADABLE and known.refused:
                self._give_up(known, f"{self.order.refused}; nor can its contactor be read: {error.text}")
            case NextStep.GIVE_UP:
                self.changes.give_up(self.order, self.item, text, self.limits.field_work)
            case _:
                if self.order.state is OrderState.SUBMITTED:
                    self.changes.move(self.order, OrderState.UNKNOWN, text)
                end = self.changes.now + self.limits.left(self.order, self.found.shown)
                self.changes.reschedule(self.item, self.again or end + self.limits.read_back_interval, text)

    def _not_wanted(self, step: NextStep, why: str) -> None:
        if step is NextStep.SUPERSEDE:
            self.changes.supersede(self.order, self.item, f"a newer request to connect goes first; {why}")
        else:
            self.changes.withdraw(self.order, self.item, f"the order was taken back; {why}")

    def _known(self, shown: Shown) -> Known:
        order, event, asked_at = self.order, self.finding.event, self.found.asked_at
        given = order.submitted_at or asked_at
        arrived = order.state is OrderState.SUBMITTED or order.refused is not None
        next_try = self.limits.next_attempt(order.attempts, self.changes.now)
        late = self.finding.late or self.limits.too_near(order, next_try)
        return Known(
            shown=shown,
            ending=self._ending(shown),
            wish=_wish(order),
            cancel_refused=self.found.waiting is Waiting.NOT_THERE
            and (arrived or asked_at >= given + self.limits.response),
            failed=event is not None and event.kind.failure,
            for_good=event is not None and event.permanent,
            refused=order.refused is not None,
            looked_twice=asked_at >= given + self.limits.read_back_interval,
            was_armed=order.state is OrderState.ARMED,
            may_try=not late and order.attempts < self.limits.attempts,
            may_read=self.again is not None,
        )

    def _ending(self, shown: Shown) -> Ending:
        order = self.order
        if self.found.waiting is Waiting.DROPPED or order.cancelled_at is not None:
            return Ending.DROPPED
        seen = shown in (Shown.WANTED, Shown.ARMED) or order.state is OrderState.ARMED
        if seen and _told_of_movement(self.finding):
            return Ending.RAN
        return Ending.PASSED if self.limits.is_over(order, self.found.shown) else Ending.OPEN

    def _done(self, concluded: Conclusion, reading: ContactorReading, *, reserved: bool) -> None:
        facts: dict[str, object] = {
            "outcome": concluded.outcome,
            "executed_at": concluded.executed_at,
            "executed_from": concluded.executed_from,
        }
        text = concluded.text
        if reserved:
            facts["may_run_until"] = self.order.expires_at
            text = f"{text}; its command may still arrive, so the meter gets no other one before its end"
        self.changes.done(self.order, self.item, text, reading, **facts)

    def _armed(self, concluded: Conclusion) -> None:
        if self.order.state is not OrderState.ARMED:
            self.changes.move(self.order, OrderState.ARMED, concluded.text, outcome=concluded.outcome)
        self.changes.reschedule(self.item, self.changes.now + self.limits.response)

    def _look_again(self, concluded: Conclusion) -> None:
        if self.order.state is OrderState.SUBMITTED:
            event = self.finding.event
            told = "no event in time" if event is None else f"the head-end system reports {event.kind}"
            self.changes.move(self.order, OrderState.UNKNOWN, f"{told}; {concluded.text}")
        self.changes.reschedule(self.item, self.changes.now + self.limits.read_back_interval)

    def _why(self, known: Known, concluded: Conclusion) -> str:
        if known.failed:
            return concluded.text
        if known.refused:
            return self.order.refused or concluded.text
        if known.ending is Ending.DROPPED:
            late = "too near the deadline, and " if self.finding.late else ""
            return f"{late}its command was cancelled"
        return f"the command has expired without effect; {concluded.text}"

    def _give_up(self, known: Known, text: str) -> None:
        order, for_good = self.order, known.for_good or (known.refused and not known.failed)
        tries = text if for_good else f"{order.attempts} command{'s' * (order.attempts > 1)} had no effect; {text}"
        unmoved = known.shown in (Shown.AS_BEFORE, Shown.UNREADABLE)
        self.changes.give_up(order, self.item, tries, self.limits.field_work, for_good=for_good, unmoved=unmoved)
        _log.error("order %s is given up: %s", order.key, tries)


def _shown(order: Order, concluded: Conclusion, reading: ContactorReading) -> Shown:
    if concluded.state is OrderState.DONE:
        return Shown.WANTED
    if concluded.state is OrderState.ARMED:
        return Shown.ARMED
    unmoved = reading.connected if order.kind is OrderKind.DISCONNECT else reading.disconnected
    return Shown.AS_BEFORE if unmoved else Shown.UNCLEAR


def _wish(order: Order) -> Wish:
    if order.recalled_at is None:
        return Wish.WANTED
    return Wish.TAKEN_BACK if order.superseded_by is None else Wish.SUPERSEDED
