"""Records read-backs: each decision becomes a change of the order's state and of its work."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime

from csire_bridge.domain.meter.contactor import ContactorReading
from csire_bridge.domain.order.order import Order, OrderState
from csire_bridge.domain.order.outcome.conclusion import Conclusion
from csire_bridge.domain.order.outcome.next_step import NextStep
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.batch_step import Completed
from csire_bridge.pipeline.execute.deliveries import note_delivery
from csire_bridge.pipeline.execute.read_back import CommandQueueState, NotRead, ReadBack, ReadBackOutcome
from csire_bridge.pipeline.execute.read_back_decision import (
    ReadBackDecision,
    decide_after_failure,
    decide_after_reading,
)
from csire_bridge.pipeline.execution_policy import ExecutionPolicy
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from csire_bridge.telemetry.logs import logger

__all__ = ["record_read_back"]

_log = logger(__name__)


def record_read_back(
    done: Sequence[Completed[ReadBack, ReadBackOutcome]],
    policy: ExecutionPolicy,
    changes: OrderChanges,
    jitter: random.Random,
) -> None:
    """Add what follows from ``done`` to ``changes``, which are written in one transaction."""
    for piece in done:
        asked, item, outcome = piece.about, piece.item, piece.result
        result = outcome.result
        if outcome.queue is CommandQueueState.CANCELLED and asked.order.cancelled_at is None:
            changes.cancelled.append(asked.order.key)
        may_read = policy.retry.may_go_on(item.attempts + 1)
        if isinstance(result, NotRead):
            changes.reschedule(item, changes.now)
        elif isinstance(result, ContactorReading):
            decision, concluded = decide_after_reading(asked, outcome, result, policy, changes.now, may_read=may_read)
            note_delivery(asked, decision.step, result, concluded, policy, changes)
            _record_reading(asked.order, item, decision, concluded, result, policy, changes)
        else:
            decision = decide_after_failure(asked, outcome, result, policy, changes.now, may_read=may_read)
            note_delivery(asked, decision.step, result, None, policy, changes)
            end = changes.now + policy.left(asked.order, outcome.shown)
            due = policy.retry.next_try(item.attempts + 1, changes.now, jitter) or end + policy.read_back_interval
            soon = policy.soon(asked.order, due, changes.now)
            _record(asked.order, item, decision, policy, changes, look_again_at=soon)


def _record_reading(
    order: Order,
    item: WorkItem,
    decision: ReadBackDecision,
    concluded: Conclusion,
    reading: ContactorReading,
    policy: ExecutionPolicy,
    changes: OrderChanges,
) -> None:
    match decision.step:
        case NextStep.DONE | NextStep.DONE_AND_RESERVED as step:
            facts: dict[str, object] = {
                "outcome": concluded.outcome,
                "executed_at": concluded.executed_at,
                "executed_from": concluded.executed_from,
            }
            if step is NextStep.DONE_AND_RESERVED:
                facts["may_run_until"] = order.expires_at
            changes.done(order, item, decision.text, reading, **facts)
        case NextStep.ARMED:
            if order.state is not OrderState.ARMED:
                changes.move(order, OrderState.ARMED, decision.text, outcome=concluded.outcome)
            changes.reschedule(item, changes.now + policy.response)
        case _:
            _record(order, item, decision, policy, changes, look_again_at=changes.now + policy.read_back_interval)


def _record(
    order: Order,
    item: WorkItem,
    decision: ReadBackDecision,
    policy: ExecutionPolicy,
    changes: OrderChanges,
    look_again_at: datetime,
) -> None:
    match decision.step:
        case NextStep.LOOK_AGAIN:
            if order.state is OrderState.SUBMITTED:
                changes.move(order, OrderState.UNKNOWN, decision.text)
            changes.reschedule(item, look_again_at, decision.text if decision.uses_a_try else None)
        case NextStep.SUPERSEDE:
            changes.supersede(order, item, decision.text)
        case NextStep.WITHDRAW:
            changes.withdraw(order, item, decision.text)
        case NextStep.PARK:
            changes.park(order, item, decision.text)
        case NextStep.GIVE_AGAIN:
            changes.move(order, OrderState.REGISTERED, decision.text)
            due = policy.next_attempt(order.attempts, changes.now)
            changes.reschedule(item, policy.soon(order, due, changes.now))
        case NextStep.GIVE_UP:
            changes.give_up(
                order, item, decision.text, policy.field_work, for_good=decision.for_good, unmoved=decision.unmoved
            )
            _log.error("order.given_up", order=order.key, why=decision.text)
        case NextStep.DONE | NextStep.DONE_AND_RESERVED | NextStep.ARMED:
            raise ValueError(f"order {order.key} can't become {decision.step.value!r} without a reading")
