"""The second half of step 5: what became of a command, from the contactor itself."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.contactor import ContactorReading, HeadEndEvent
from csire_bridge.domain.errors import HeadEndRefused, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.execution import Conclusion, conclude
from csire_bridge.domain.orders import Order, OrderKind, OrderState
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.changes import Changes
from csire_bridge.pipeline.commands import command_of
from csire_bridge.pipeline.limits import ExecutionLimits
from csire_bridge.pipeline.ports import HeadEnd
from csire_bridge.pipeline.steps import Done

__all__ = ["Finding", "Found", "NotAsked", "find_out", "settle_found"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """An order whose command was given, and the event that tells most about it; to be read before ``until`` (UTC).

    ``late``: too little time is left before the order's deadline to wait for the remote way.
    """

    order: Order
    event: HeadEndEvent | None
    until: datetime
    late: bool = False


class NotAsked:
    """There was no time left to read, or the head-end system was found to be down meanwhile."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the contactor said, or why it could not be asked; and whether the command was dropped just now."""

    result: ContactorReading | HeadEndUnreachable | OutcomeUnknown | HeadEndRefused | NotAsked
    cancelled: bool = False


def find_out(head_end: HeadEnd, finding: Finding) -> Found:
    """Have the contactor read; a command that is not wanted, or was refused, is cancelled first.

    A refused one too, because some head-end systems answer with an error and carry the command out all the same.
    """
    order = finding.order
    if order.meter is None:
        raise ValueError(f"order {order.key} is {order.state}, but was never given to a meter")
    unwanted = order.recalled_at is not None or order.refused is not None or finding.late
    cancelled = unwanted and order.cancelled_at is None and _cancelled(head_end, order)
    try:
        return Found(head_end.read_contactor(order.meter), cancelled)
    except (HeadEndUnreachable, OutcomeUnknown, HeadEndRefused) as error:
        return Found(error, cancelled)


def _cancelled(head_end: HeadEnd, order: Order) -> bool:
    """Whether the head-end system dropped the command; too late, or not known, is no."""
    if order.state is OrderState.ARMED:
        return False  # it has been carried out
    try:
        head_end.cancel(command_of(order))
    except (HeadEndUnreachable, OutcomeUnknown, HeadEndRefused) as error:
        _log.info("the command of order %s was not cancelled: %s", order.key, error.text)
        return False
    return True


def settle_found(
    done: Sequence[Done[Finding, Found]], limits: ExecutionLimits, changes: Changes, jitter: random.Random
) -> None:
    """Write down what was found out."""
    for piece in done:
        order, item, found = piece.about.order, piece.item, piece.result
        if found.cancelled:
            changes.cancelled.append(order.key)
        match found.result:
            case ContactorReading() as reading:
                _Reading(piece.about, item, reading, found.cancelled, limits, changes).settle()
            case HeadEndRefused() as error if order.refused is not None:
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
    cancelled: bool
    limits: ExecutionLimits
    changes: Changes

    @property
    def order(self) -> Order:
        return self.finding.order

    @property
    def _dropped(self) -> bool:
        """The head-end system has confirmed that the command will not be run any more."""
        return self.cancelled or self.order.cancelled_at is not None

    def settle(self) -> None:
        order = self.order
        if order.submitted_at is None:
            raise ValueError(f"order {order.key} is {order.state}, but was never given to a meter")
        found = conclude(
            order.kind,
            self.finding.event,
            self.reading,
            order.submitted_at,
            armed_counts=self.limits.armed_counts,
        )
        match found.state:
            case OrderState.DONE:
                self.changes.done(
                    order, self.item, found.text, self.reading, outcome=found.outcome, executed_at=found.executed_at
                )
            case _ if order.recalled_at is not None:
                self._recalled(found)
            case OrderState.ARMED:
                self._armed(found)
            case OrderState.CANNOT if order.state is not OrderState.ARMED:
                event = self.finding.event
                self._failed(found.text, for_good=event is not None and event.permanent)
            case _ if order.refused is not None:
                self._refused(order.refused)
            case _ if self.finding.late and self._dropped:
                self._give_up("too near the deadline, and its command was cancelled", for_good=False)
            case _:
                self._wait_or_repeat(found)

    def _recalled(self, found: Conclusion) -> None:
        """The order ends once its command can't move anything any more; no new one is ever given."""
        order, changes = self.order, self.changes
        ended = found.state in (OrderState.CANNOT, OrderState.ARMED) or changes.now > _end(
            order, self.limits, changes.now
        )
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
        order, now = self.order, self.changes.now
        due = (order.submitted_at or now) + self.limits.poll
        if now < due:
            self.changes.postpone(self.item, due)
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
        order, now = self.order, self.changes.now
        if order.state is OrderState.ARMED or now <= _end(order, self.limits, now):
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
