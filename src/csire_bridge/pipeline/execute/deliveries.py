"""Notes on orders whether their commands came to the meter, which the law's clocks and figures ask for.

A command is delivered from the first sign that the meter had it: the meter's event of a movement or of a failure, or
its contactor found as wanted. That a head-end system accepted it is none.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from csire_bridge.domain.errors import HeadEndUnreachable
from csire_bridge.domain.law.clocks import nearer, with_deadline
from csire_bridge.domain.meter.contactor import ContactorReading, HeadEndEvent, HeadEndEventKind
from csire_bridge.domain.order.order import NotDelivered, Order, OrderState
from csire_bridge.domain.order.outcome.conclusion import Conclusion
from csire_bridge.domain.order.outcome.next_step import NextStep
from csire_bridge.pipeline.execute.read_back import NotRead, ReadBack, ReadFailure
from csire_bridge.pipeline.execution_policy import ExecutionPolicy
from csire_bridge.pipeline.orders.order_changes import OrderChanges

__all__ = ["note_delivery", "note_undelivered"]

_AT_THE_METER = frozenset(
    {
        HeadEndEventKind.DISCONNECTED,
        HeadEndEventKind.CONNECTED,
        HeadEndEventKind.ARMED,
        HeadEndEventKind.DISCONNECT_FAILED,
        HeadEndEventKind.CONNECT_FAILED,
    }
)
_ENDED = frozenset({NextStep.GIVE_AGAIN, NextStep.GIVE_UP, NextStep.PARK})


def note_delivery(
    asked: ReadBack,
    step: NextStep,
    result: ContactorReading | ReadFailure | NotRead,
    concluded: Conclusion | None,
    policy: ExecutionPolicy,
    changes: OrderChanges,
) -> None:
    """Note on a read-back's order that its command was delivered; or that it was not, where ``step`` is after it has
    ended."""
    order = asked.order
    sign = _sign(asked, result, concluded, changes.now)
    if sign is None:
        if step in _ENDED and order.state is not OrderState.ARMED:
            note_undelivered(order, _cause(asked, result), policy, changes)
    elif order.delivered_at is None:
        changes.learn(order, delivered_at=sign)


def note_undelivered(order: Order, why: NotDelivered, policy: ExecutionPolicy, changes: OrderChanges) -> Order:
    """Note that a command of ``order`` could not be delivered: more clocks of the law run, so it may be due earlier.

    Returns the order with its deadline. The first such finding stays.
    """
    if order.undelivered_at is not None:
        return order
    facts: dict[str, Any] = {"undelivered_at": changes.now, "undelivered_why": why}
    facts |= nearer(order, with_deadline(replace(order, **facts), policy.deadlines))
    changes.learn(order, **facts)
    return replace(order, **facts)


def _sign(
    asked: ReadBack,
    result: ContactorReading | ReadFailure | NotRead,
    concluded: Conclusion | None,
    now: datetime,
) -> datetime | None:
    """The first sign (UTC) that the meter had the command: never before the command, and never after ``now``."""
    signs = [asked.event.occurred_at] if asked.event is not None and _is_of_the_meter(asked.event) else []
    moved = concluded is not None and concluded.state in (OrderState.DONE, OrderState.ARMED)
    if concluded is not None and moved and isinstance(result, ContactorReading):
        signs.append(concluded.executed_at or result.read_at)
    begin = asked.order.submitted_at or now
    return min(max(begin, min(signs)), now) if signs else None


def _is_of_the_meter(event: HeadEndEvent) -> bool:
    return event.kind in _AT_THE_METER and not event.permanent


def _cause(asked: ReadBack, result: ContactorReading | ReadFailure | NotRead) -> NotDelivered:
    event = asked.event
    if asked.order.refused is not None or (event is not None and event.permanent):
        return NotDelivered.REFUSED
    failed = event is not None and event.kind is HeadEndEventKind.PROCESSING_FAILED
    if failed or isinstance(result, HeadEndUnreachable):
        return NotDelivered.UNREACHABLE
    return NotDelivered.TIMED_OUT
