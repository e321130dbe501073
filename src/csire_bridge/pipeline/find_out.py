"""The second half of step 5: what became of a command, from the contactor itself."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.contactor import ContactorReading, HeadEndEvent
from csire_bridge.domain.errors import HeadEndRefused, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.execution import Conclusion, conclude
from csire_bridge.domain.orders import Order, OrderKind, OrderState
from csire_bridge.domain.supply import Sighting
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.changes import Changes
from csire_bridge.pipeline.commands import command_of
from csire_bridge.pipeline.limits import ExecutionLimits
from csire_bridge.pipeline.ports import HeadEnd
from csire_bridge.pipeline.readings import read_contactor
from csire_bridge.pipeline.steps import Done

__all__ = ["Finding", "Found", "NotAsked", "Waiting", "find_out", "settle_found"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """An order whose command was given, and the event that tells most about it; to be read before ``until`` (UTC).

    ``before`` is how the contactor was seen until now. ``late``: too little time is left before the order's deadline to
    wait for the remote way.
    """

    order: Order
    event: HeadEndEvent | None
    until: datetime
    late: bool = False
    before: Sighting | None = None


class NotAsked:
    """There was no time left to read, or the head-end system was found to be down meanwhile."""


class Waiting(Enum):
    """Whether the command still waits at the head-end system, by that system's own word."""

    DROPPED = "dropped just now"
    NOT = "it was run, or never came"
    UNKNOWN = "not asked, or no answer"


@dataclass(frozen=True, slots=True)
class Found:
    """What the contactor said, or why it could not be asked; and whether the command still waits.

    ``asked_at`` (UTC) comes before the question, or is when the meter was read, where that was earlier: nothing that it
    brought says more than how things stood then.
    """

    result: ContactorReading | HeadEndUnreachable | OutcomeUnknown | HeadEndRefused | NotAsked
    asked_at: datetime
    waiting: Waiting = Waiting.UNKNOWN


def find_out(head_end: HeadEnd, finding: Finding, clock: Clock) -> Found:
    """Have the contactor read; a command that is not wanted, or was refused, is cancelled first.

    A refused one too, because some head-end systems answer with an error and carry the command out all the same. And
    so is one without any event whose contactor is found as it was wanted: somebody else may have switched it, and then
    the command would still wait, and move the contactor after whatever comes next.
    """
    order, now = finding.order, clock()
    if order.meter is None:
        raise ValueError(f"order {order.key} is {order.state}, but was never given to a meter")
    unwanted = order.recalled_at is not None or order.refused is not None or finding.late
    waiting = _drop(head_end, order) if unwanted else Waiting.UNKNOWN
    try:
        reading = read_contactor(head_end, order.meter, clock, since=order.submitted_at)
    except (HeadEndUnreachable, OutcomeUnknown, HeadEndRefused) as error:
        return Found(error, now, waiting)
    if not unwanted and finding.event is None and _as_wanted(order, reading):
        waiting = _drop(head_end, order)
    return Found(reading, min(now, reading.read_at), waiting)


def _as_wanted(order: Order, reading: ContactorReading) -> bool:
    if order.kind is OrderKind.DISCONNECT:
        return reading.disconnected
    return reading.connected or (reading.armed and order.state is not OrderState.ARMED)


def _drop(head_end: HeadEnd, order: Order) -> Waiting:
    """Have the head-end system drop the command; what refuses to do so has run it, or never had it."""
    if order.cancelled_at is not None:
        return Waiting.NOT
    try:
        head_end.cancel(command_of(order))
    except HeadEndRefused as error:
        _log.info("the command of order %s was not cancelled: %s", order.key, error.text)
        return Waiting.NOT
    except (HeadEndUnreachable, OutcomeUnknown) as error:
        _log.info("the command of order %s may not be cancelled: %s", order.key, error.text)
        return Waiting.UNKNOWN
    return Waiting.DROPPED


def settle_found(
    done: Sequence[Done[Finding, Found]], limits: ExecutionLimits, changes: Changes, jitter: random.Random
) -> None:
    """Write down what was found out."""
    for piece in done:
        order, item, found = piece.about.order, piece.item, piece.result
        if found.waiting is Waiting.DROPPED:
            changes.cancelled.append(order.key)
        match found.result:
            case ContactorReading() as reading:
                _Reading(piece.about, item, reading, found, limits, changes).settle()
            case HeadEndRefused() as error if order.refused is not None and found.waiting is not Waiting.UNKNOWN:
                changes.give_up(
                    order, item, f"{order.refused}; nor can its contactor be read: {error.text}", limits.field_work,
                    for_good=True, unmoved=True,
                )  # fmt: skip
            case NotAsked():
                changes.postpone(item, changes.now)
            case HeadEndUnreachable() | OutcomeUnknown() | HeadEndRefused() as error:
                _unread(order, item, error.text, limits, changes, jitter)


def _unread(
    order: Order, item: WorkItem, why: str, limits: ExecutionLimits, changes: Changes, jitter: random.Random
) -> None:
    text = f"the contactor's state can't be read: {why}"
    again = limits.retry.next_try(item.attempts + 1, changes.now, jitter)
    if again is None and changes.now <= _end(order, limits, changes.now):
        again = _end(order, limits, changes.now) + limits.poll  # as long as the command may run, nobody else is sent
    if again is not None:
        if order.state is OrderState.SUBMITTED:
            changes.move(order, OrderState.UNKNOWN, text)
        changes.postpone(item, again, text)
    elif order.recalled_at is not None:
        changes.park(order, item, text)
    else:
        changes.give_up(order, item, text, limits.field_work)


def _end(order: Order, limits: ExecutionLimits, now: datetime) -> datetime:
    """Until when (UTC) the order's command may still move the contactor; the head-end system's clock may be late."""
    return order.expires_at + limits.expiry_margin if order.expires_at else now


@dataclass(frozen=True, slots=True)
class _Reading:
    """What follows for one order from one reading of its contactor."""

    finding: Finding
    item: WorkItem
    reading: ContactorReading
    found: Found
    limits: ExecutionLimits
    changes: Changes

    @property
    def order(self) -> Order:
        return self.finding.order

    @property
    def _dropped(self) -> bool:
        """The head-end system has confirmed that the command will not be run any more."""
        return self.found.waiting is Waiting.DROPPED or self.order.cancelled_at is not None

    def settle(self) -> None:
        order = self.order
        if order.submitted_at is None:
            raise ValueError(f"order {order.key} is {order.state}, but was never given to a meter")
        found = conclude(
            order.kind,
            self.finding.event,
            self.reading,
            order.submitted_at,
            before=self.finding.before,
            armed_counts=self.limits.armed_counts,
        )
        match found.state:
            case OrderState.DONE if self._may_run:
                self._look_again(found)
            case OrderState.DONE:
                facts = {"executed_at": found.executed_at, "executed_from": found.executed_from}
                self.changes.done(order, self.item, found.text, self.reading, outcome=found.outcome, **facts)
            case _ if order.recalled_at is not None:
                self._recalled(found)
            case OrderState.ARMED:
                self._armed(found)
            case _ if order.state is OrderState.ARMED and self.reading.disconnected and not self._may_run:
                text = "the contactor was ready for reconnection, and somebody has disconnected it since"
                self.changes.park(order, self.item, text)
            case OrderState.CANNOT if order.state is not OrderState.ARMED:
                event = self.finding.event
                self._failed(found.text, for_good=event is not None and event.permanent)
            case _ if order.refused is not None:
                self._refused(order.refused)
            case _ if self.finding.late and self._dropped:
                self._give_up("too near the deadline, and its command was cancelled", for_good=False)
            case _:
                self._wait_or_repeat(found)

    @property
    def _may_run(self) -> bool:
        """Whether the head-end system may still run the command: nothing was heard of its end, and that has not come.

        As long as it may, the order stays open, and so nobody else gets a command to the meter.
        """
        ended = self._dropped or self._not_waiting or self.finding.event is not None
        return not (ended or self._past_end)

    @property
    def _past_end(self) -> bool:
        """Whether the reading was asked for after the command's end: an earlier one may have missed what it did."""
        asked_at = self.found.asked_at
        return asked_at > _end(self.order, self.limits, asked_at)

    @property
    def _not_waiting(self) -> bool:
        """Whether the head-end system does not hold the command, nor will get it from a worker that hangs."""
        order = self.order
        arrived = order.state is OrderState.SUBMITTED or order.refused is not None
        late = order.submitted_at is None or self.found.asked_at >= order.submitted_at + self.limits.response
        return self.found.waiting is Waiting.NOT and (arrived or late)

    def _recalled(self, found: Conclusion) -> None:
        """The order ends once its command can't move anything any more; no new one is ever given."""
        order, changes = self.order, self.changes
        armed = found.state is OrderState.ARMED and not self._may_run
        ended = armed or self._past_end or found.state is OrderState.CANNOT
        if not self._dropped and not ended:
            self._look_again(found)
        elif order.superseded_by is not None:
            text = "a newer request to connect goes first; the command did not switch anything"
            changes.supersede(order, self.item, text)
        else:
            text = "the order was taken back; the command did not switch anything"
            changes.withdraw(order, self.item, text)

    def _armed(self, found: Conclusion) -> None:
        if self.order.state is not OrderState.ARMED:
            self.changes.move(self.order, OrderState.ARMED, found.text, outcome=found.outcome)
        self.changes.postpone(self.item, self.changes.now + self.limits.response)

    def _refused(self, text: str) -> None:
        """Only a second look, after a while, shows that a refused command was not carried out all the same."""
        asked_at, poll = self.found.asked_at, self.limits.poll
        due = (self.order.submitted_at or asked_at) + poll
        if asked_at < due:
            self.changes.postpone(self.item, due)
        elif self._may_run:
            self.changes.postpone(self.item, self.changes.now + poll)
        else:
            self._give_up(text, for_good=True)

    def _failed(self, text: str, *, for_good: bool) -> None:
        order, changes = self.order, self.changes
        late = self.finding.late or self.limits.too_near(order, self.limits.next_attempt(order.attempts, changes.now))
        if for_good or late or order.attempts >= self.limits.attempts:
            self._give_up(text, for_good=for_good)
        else:
            changes.move(order, OrderState.REGISTERED, f"{text}; it is tried again")
            changes.postpone(self.item, self.limits.next_attempt(order.attempts, changes.now))

    def _wait_or_repeat(self, found: Conclusion) -> None:
        """Not switched: while the command may still run, wait; once it has expired, it is safe to give a new one."""
        if self.order.state is OrderState.ARMED or not self._past_end:
            self._look_again(found)
        else:
            self._failed(f"the command has expired without effect; {found.text}", for_good=False)

    def _look_again(self, found: Conclusion) -> None:
        if self.order.state is OrderState.SUBMITTED and self.finding.event is None:
            self.changes.move(self.order, OrderState.UNKNOWN, f"no event in time; {found.text}")
        self.changes.postpone(self.item, self.changes.now + self.limits.poll)

    def _give_up(self, text: str, *, for_good: bool) -> None:
        order = self.order
        tries = text if for_good else f"{order.attempts} command{'s' * (order.attempts > 1)} had no effect; {text}"
        unmoved = self.reading.connected if order.kind is OrderKind.DISCONNECT else self.reading.disconnected
        self.changes.give_up(order, self.item, tries, self.limits.field_work, for_good=for_good, unmoved=unmoved)
        _log.error("order %s is given up: %s", order.key, tries)
