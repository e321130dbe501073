"""Compensation: when an order of several steps is cancelled, what was begun is recalled, restored or undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from csire_bridge.domain.order.order import FINAL_STATES, Order, OrderKind
from csire_bridge.domain.order.steps import OrderStep, StepKind, StepState, may_wait_in_meter
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.agreement.actions import StepTask
from csire_bridge.pipeline.batch_step import Task
from csire_bridge.pipeline.execute.gates.meter_gate import doubts_of
from csire_bridge.pipeline.execution_policy import ExecutionPolicy
from csire_bridge.pipeline.orders.cancel import cancel_or_recall
from csire_bridge.pipeline.orders.child_orders import spawn_child, step_after_child
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["compensate", "summary"]

_TAKEN_BACK = "the order that it is a step of was taken back"


def compensate(
    tx: Transaction,
    item: WorkItem,
    order: Order,
    steps: Sequence[OrderStep],
    changes: OrderChanges,
    policy: ExecutionPolicy,
) -> list[Task[StepTask]]:
    """Undo the steps of ``order`` one by one; return the call to the meter that this needs, if any.

    A disconnection under way is recalled, unless somebody else asked for it too; a connection is left to finish. A
    household that was cut off is connected again. A tariff that waits in the meter is kept from taking effect. Then
    the order ends.
    """
    for step in steps:
        if step.child is not None and not _is_settled(tx, item, order, step, changes, policy):
            return []
    waiting = may_wait_in_meter(steps)
    if waiting is not None:
        point = tx.points.of([order.metering_point], changes.now).get(order.metering_point)
        doubt = doubts_of(tx, order, changes.now)
        if doubt is not None:
            changes.park(order, item, f"taken back, but {doubt}")
            return []
        return [StepTask.task(item, order, waiting, point, undo=True)]
    now_done = tx.steps.of([order.key]).get(order.key, [])
    if any(step.kind is StepKind.ACTIVATE and step.state is StepState.DONE for step in now_done):
        changes.park(
            order, item, f"taken back, but its tariff counts already: a person must decide; {summary(now_done)}"
        )
    else:
        changes.withdraw(order, item, f"taken back by whoever asked for it; {summary(now_done)}")
    return []


def _is_settled(
    tx: Transaction, item: WorkItem, order: Order, step: OrderStep, changes: OrderChanges, policy: ExecutionPolicy
) -> bool:
    """Whether the step's child order has ended and nothing is left to do about it; recalls or undoes it if needed."""
    child = tx.orders.get(step.child or 0)
    if child.state not in FINAL_STATES:
        others = child.source_message is not None or tx.sid.behind([child.key]).get(child.key)
        if child.recalled_at is None and not others and child.kind is not OrderKind.RECONNECT:
            cancel_or_recall(tx, child, _TAKEN_BACK, changes.now)
        changes.reschedule(item, changes.now + policy.recheck_interval)
        return False
    after = step_after_child(step, child, changes.now, recalled=True)
    if isinstance(after, OrderKind):
        spawn_child(tx, item, order, step, after, changes, policy)
        return False
    if after.state is StepState.WAITING:
        after = replace(after, state=StepState.SKIPPED, child=step.child, ended_at=changes.now)
    tx.steps.put([after])
    if after.state is StepState.FAILED and step.kind is StepKind.DISCONNECT and child.kind is OrderKind.RECONNECT:
        changes.park(order, item, f"taken back, but {after.text}")
        return False
    return True


def summary(steps: Sequence[OrderStep]) -> str:
    """How far the steps have come, with what was read."""
    return "; ".join(f"{step.kind}: {step.state}{_told(step)}" for step in steps)


def _told(step: OrderStep) -> str:
    return f" ({step.text})" if step.text and step.state is not StepState.WAITING else ""
