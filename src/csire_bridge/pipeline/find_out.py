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
from csire_bridge.domain.orders import CannotReason, Order, OrderState
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.changes import Changes
from csire_bridge.pipeline.commands import command_of
from csire_bridge.pipeline.limits import ExecutionLimits
from csire_bridge.pipeline.ports import HeadEnd
from csire_bridge.pipeline.steps import Done

__all__ = ["Finding", "Found", "find_out", "settle_found"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """An order whose command was given, and the last event that answers it."""

    order: Order
    event: HeadEndEvent | None


@dataclass(frozen=True, slots=True)
class Found:
    """What the contactor said, or why it could not be asked; and whether a recalled command was really dropped."""

    result: ContactorReading | HeadEndUnreachable | OutcomeUnknown | HeadEndRefused
    cancelled: bool = False


def find_out(head_end: HeadEnd, finding: Finding) -> Found:
    """Have the contactor read; a recalled command is cancelled first, and only then looked at."""
    order = finding.order
    if order.meter is None:
        raise ValueError(f"order {order.key} is {order.state}, but was never given to a meter")
    cancelled = order.recalled_at is not None and _cancelled(head_end, order)
    try:
        return Found(head_end.read_contactor(order.meter), cancelled)
    except (HeadEndUnreachable, OutcomeUnknown, HeadEndRefused) as error:
        return Found(error, cancelled)


def _cancelled(head_end: HeadEnd, order: Order) -> bool:
    """Whether the head-end system dropped the command; too late, or not known, is no."""
    try:
        head_end.cancel(command_of(order))
    except (HeadEndUnreachable, OutcomeUnknown, HeadEndRefused) as error:
        _log.warning("the recalled command of order %s was not cancelled: %s", order.key, error.text)
        return False
    return True


def settle_found(
    done: Sequence[Done[Finding, Found]], limits: ExecutionLimits, changes: Changes, jitter: random.Random
) -> None:
    """Write down what was found out."""
    for piece in done:
        found = piece.result
        if not isinstance(found.result, ContactorReading):
            _unread(piece.about.order, piece.item, found.result.text, limits, changes, jitter)
        else:
            _apply(piece.about, piece.item, found.result, found.cancelled, limits, changes)


def _unread(
    order: Order, item: WorkItem, why: str, limits: ExecutionLimits, changes: Changes, jitter: random.Random
) -> None:
    text = f"the contactor's state can't be read: {why}"
    again = limits.retry.next_try(item.attempts + 1, changes.now, jitter)
    if again is None:
        changes.park(order, item, text)
        return
    if order.state is OrderState.SUBMITTED:
        changes.move(order, OrderState.UNKNOWN, text)
    changes.postpone(item, again, text)


def _apply(
    finding: Finding,
    item: WorkItem,
    reading: ContactorReading,
    cancelled: bool,
    limits: ExecutionLimits,
    changes: Changes,
) -> None:
    order, event = finding.order, finding.event
    if order.submitted_at is None:
        raise ValueError(f"order {order.key} is {order.state}, but was never given to a meter")
    found = conclude(order.kind, event, reading, order.submitted_at)
    match found.state:
        case OrderState.DONE:
            changes.done(order, item, found.text, reading, outcome=found.outcome, executed_at=found.executed_at)
        case _ if cancelled:
            changes.withdraw(order, item, "the hub ended the process by force; the command was cancelled in time")
        case OrderState.ARMED:
            if order.state is not OrderState.ARMED:
                changes.move(order, OrderState.ARMED, found.text, outcome=found.outcome)
            changes.postpone(item, changes.now + limits.response)
        case OrderState.CANNOT if order.state is not OrderState.ARMED:
            changes.cannot(order, item, CannotReason.NOT_POSSIBLE, found.text)
        case _:
            _wait_or_repeat(finding, item, found, limits, changes)


def _wait_or_repeat(
    finding: Finding, item: WorkItem, found: Conclusion, limits: ExecutionLimits, changes: Changes
) -> None:
    """Not switched: while the command may still run, wait; once it has expired, it is safe to give a new one."""
    order, now = finding.order, changes.now
    expires_at: datetime = order.expires_at or now
    if order.state is OrderState.ARMED or now <= expires_at:
        if order.state is OrderState.SUBMITTED and finding.event is None:
            changes.move(order, OrderState.UNKNOWN, f"no event in time; {found.text}")
        changes.postpone(item, now + limits.poll)
    elif order.attempts < limits.attempts:
        changes.move(order, OrderState.REGISTERED, f"the command has expired without effect; {found.text}")
        changes.postpone(item, now)
    else:
        why = f"{order.attempts} commands had no effect; {found.text}"
        changes.park(order, item, why, outcome=found.outcome)
        _log.error("order %s is parked: %s", order.key, why)
