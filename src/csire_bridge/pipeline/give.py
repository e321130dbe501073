"""The first half of step 5: interlocks, and the command to the head-end system."""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.contactor import HeadEndEvent
from csire_bridge.domain.errors import HeadEndRefused, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.interlocks import interlock
from csire_bridge.domain.orders import CannotReason, Order, OrderState
from csire_bridge.domain.registry import MeteringPoint
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.changes import Changes
from csire_bridge.pipeline.commands import command_of
from csire_bridge.pipeline.limits import ExecutionLimits
from csire_bridge.pipeline.ports import HeadEnd
from csire_bridge.pipeline.steps import Done, Task

__all__ = ["Given", "Giving", "NotGiven", "give", "prepare", "settle_given"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Giving:
    """An order whose command is to be given before ``until`` (UTC), while nobody else may work on it."""

    order: Order
    until: datetime


class NotGiven:
    """There was no time left to give the command."""


Given = HeadEndUnreachable | OutcomeUnknown | HeadEndRefused | NotGiven | None
"""What became of a command; None when the head-end system accepted it."""


def prepare(
    orders: Sequence[tuple[WorkItem, Order]],
    points: Mapping[MeteringPointCode, MeteringPoint],
    limits: ExecutionLimits,
    changes: Changes,
    until: datetime,
) -> list[Task[Giving]]:
    """Hold each registered order against its interlocks; those that may run are marked before they are given."""
    tasks = []
    for item, order in orders:
        prepared = _prepared(item, order, points.get(order.metering_point), limits, changes)
        if prepared is not None:
            tasks.append(Task(item, Giving(prepared, until)))
    return tasks


def _prepared(
    item: WorkItem, order: Order, point: MeteringPoint | None, limits: ExecutionLimits, changes: Changes
) -> Order | None:
    if order.kind.contactor_action is None:
        why = f"orders of the kind {order.kind} are carried out by a person until their steps are set up"
        changes.park(order, item, why)
        return None
    against = interlock(order, point)
    if against is not None or point is None or point.meter is None:
        reason, text = (against.reason, against.text) if against else (CannotReason.OTHER, "no meter is known")
        changes.cannot(order, item, reason, text)
        return None
    return changes.move(
        order,
        OrderState.SUBMITTING,
        f"command {order.attempts + 1} to the meter is being given",
        meter=point.meter,
        correlation_id=str(uuid.uuid4()),
        attempts=order.attempts + 1,
        submitted_at=changes.now,
        expires_at=changes.now + limits.lifetime,
    )


def give(head_end: HeadEnd, giving: Giving, now: datetime) -> Given:
    """Give the command; what the head-end system made of it."""
    if now > giving.until:
        return NotGiven()
    try:
        head_end.submit(command_of(giving.order))
    except (HeadEndUnreachable, OutcomeUnknown, HeadEndRefused) as error:
        return error
    return None


def settle_given(
    done: Sequence[Done[Giving, Given]],
    early: Mapping[int, HeadEndEvent],
    limits: ExecutionLimits,
    changes: Changes,
    jitter: random.Random,
) -> list[WorkItem]:
    """Write down what became of commands; return the work of orders whose event was faster than the reply."""
    goes_on = []
    for piece in done:
        order, item = piece.about.order, piece.item
        match piece.result:
            case None:
                changes.move(order, OrderState.SUBMITTED, "the head-end system accepted the command")
                if order.key in early:
                    goes_on.append(item)
                else:
                    changes.postpone(item, changes.now + limits.response)
            case NotGiven():
                text = "there was no time to give the command"
                changes.move(order, OrderState.REGISTERED, text, attempts=order.attempts - 1, correlation_id=None)
                changes.postpone(item, changes.now)
            case HeadEndUnreachable() as error:
                _not_given(order, item, f"the head-end system can't be reached: {error.text}", limits, changes, jitter)
            case OutcomeUnknown() as error:
                changes.move(order, OrderState.UNKNOWN, f"outcome unknown: {error.text}")
                changes.postpone(item, changes.now + limits.poll)
            case HeadEndRefused() as error:
                text = f"the head-end system refused the command: {error.text}"
                changes.cannot(order, item, CannotReason.NOT_POSSIBLE, text)
    return goes_on


def _not_given(
    order: Order, item: WorkItem, text: str, limits: ExecutionLimits, changes: Changes, jitter: random.Random
) -> None:
    """It is certain that nothing arrived: the same order is tried again, its attempt not counted."""
    again = limits.retry.next_try(item.attempts + 1, changes.now, jitter)
    state = OrderState.REGISTERED if again else OrderState.PARKED
    changes.move(order, state, text, attempts=order.attempts - 1, correlation_id=None)
    if again:
        changes.postpone(item, again, text)
    else:
        changes.parked.append((item, text))
        _log.error("order %s is parked: %s", order.key, text)
