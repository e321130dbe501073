"""Child orders: a step of an agreement that moves the contactor is an order of its own; its end decides the step.

A household must not be cut off because an agreement ends while another one starts. That is asked before the
disconnection becomes an order, again at the gates just before its command, and whenever a new agreement is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.identifiers import MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.law.clocks import with_deadline
from csire_bridge.domain.order.order import Order, OrderKind, OrderState, ReconnectionReason
from csire_bridge.domain.order.steps import OrderStep, Start, StepKind, StepState, goes_on_supplied
from csire_bridge.domain.work import WorkItem, WorkStep
from csire_bridge.pipeline.execution_policy import ExecutionPolicy
from csire_bridge.pipeline.orders.cancel import cancel_or_recall
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from csire_bridge.pipeline.ports.store import Transaction

__all__ = [
    "cancel_contradicted_disconnections",
    "reason_to_stay_supplied",
    "restore_supply",
    "spawn_child",
    "step_after_child",
]

_ENDS = {
    OrderState.DONE: StepState.DONE,
    OrderState.SUPERSEDED: StepState.SKIPPED,
    OrderState.WITHDRAWN: StepState.SKIPPED,
    OrderState.REJECTED: StepState.FAILED,
}


def _child_of(order: Order, kind: OrderKind, now: datetime) -> Order:
    """The child order that moves the contactor for ``order``; neither the hub nor SID asked for it by itself."""
    change = ReconnectionReason.CHANGE_OF_SUPPLIER_OR_USER
    if order.kind is OrderKind.AGREEMENT_END:
        change = ReconnectionReason.WRONG_REQUEST
    return Order(
        key=0,
        kind=kind,
        state=OrderState.REGISTERED,
        metering_point=order.metering_point,
        process_instance=None,
        source_message=None,
        source_number=None,
        registered_at=now,
        not_before=now,
        version=1,
        reconnection_reason=change if kind is OrderKind.RECONNECT else None,
        supplier=order.supplier,
        description=order.description,
        parent=order.key,
    )


def spawn_child(
    tx: Transaction,
    item: WorkItem,
    order: Order,
    step: OrderStep,
    kind: OrderKind,
    changes: OrderChanges,
    policy: ExecutionPolicy,
) -> None:
    """Create the child order that moves the contactor; the parent waits for it. One transaction."""
    child = with_deadline(_child_of(order, kind, changes.now), policy.deadlines)
    (key,) = tx.orders.add([child], changes.now)
    tx.work.add(WorkStep.EXECUTE, [key], changes.now, priority=child.priority)
    tx.steps.put([replace(step, state=StepState.UNDER_WAY, child=key)])
    tx.orders.note(order.key, order.state, changes.now, f"step {step.kind}: order {key} ({kind})")
    changes.reschedule(item, changes.now + policy.recheck_interval)


def step_after_child(step: OrderStep, child: Order, now: datetime, *, recalled: bool = False) -> OrderStep | OrderKind:
    """The step after its ``child`` has ended; or the kind of a further child order that undoes what this one did.

    ``recalled``: the order was taken back. Then, and when the date was moved on meanwhile, the supply must be on.
    """
    if step.kind is not StepKind.DISCONNECT:
        return _ended(step, child, now)
    supply_wanted = recalled or step.not_before > now
    match child.kind, child.state:
        case OrderKind.DISCONNECT, OrderState.DONE if supply_wanted:
            return OrderKind.RECONNECT
        case OrderKind.DISCONNECT, _ if supply_wanted:
            return _reopened(step, child)  # nothing was switched
        case OrderKind.RECONNECT, OrderState.DONE:
            return _reopened(step, child)  # the supply is back
        case OrderKind.RECONNECT, _:
            return _supply_not_restored(step, child, now)
        case _:
            return _ended(step, child, now)


def _ended(step: OrderStep, child: Order, now: datetime) -> OrderStep:
    return replace(step, state=_ENDS[child.state], ended_at=child.executed_at or now, text=_text_of(child))


def _reopened(step: OrderStep, child: Order) -> OrderStep:
    return replace(step, state=StepState.WAITING, child=None, ended_at=None, text=_text_of(child))


def _supply_not_restored(step: OrderStep, child: Order, now: datetime) -> OrderStep:
    text = f"the supply could not be brought back: {_text_of(child)}"
    return replace(step, state=StepState.FAILED, text=text, ended_at=now)


def _text_of(child: Order) -> str:
    return child.detail or f"order {child.key}: {child.state}"


def reason_to_stay_supplied(tx: Transaction, order: Order, now: datetime) -> str | None:
    """Why the household must not be cut off although its agreement ends; None if nothing is known against it.

    The point's row is locked, so that no new agreement is registered before this transaction ends.
    """
    tx.points.lock([order.metering_point])
    point = tx.points.of([order.metering_point], now).get(order.metering_point)
    supplier = point.supplier if point else None
    starts = [_start(start) for start in tx.neighbours.starts_at(order.metering_point)]
    return goes_on_supplied(order, starts, supplier, now.astimezone(WARSAW).date())


def _start(order: Order) -> Start:
    day = order.effective_date or order.requested_date or order.registered_at.astimezone(WARSAW).date()
    return Start(day, order.supplier)


def cancel_contradicted_disconnections(tx: Transaction, asked: Sequence[Order], now: datetime) -> None:
    """Cancel end-of-agreement disconnections at points for which one of ``asked`` shows that supply continues."""
    points = sorted({order.metering_point for order in asked if _says_supplied(order)})
    tx.points.lock(points)
    for child, end in [pair for point in points for pair in _ends_at(tx, point)]:
        why = reason_to_stay_supplied(tx, end, now)
        if why is not None and child.recalled_at is None:
            cancel_or_recall(tx, child, why, now)
            tx.work.wake(end.work_step, [end.key], now)


def restore_supply(tx: Transaction, process: ProcessInstanceId, why: str, now: datetime) -> None:
    """Connect a household again that ``process`` disconnected, although its agreement does not end (yet)."""
    ends = [
        order
        for order in tx.neighbours.of_processes([process])[process]
        if (order.kind, order.state) == (OrderKind.AGREEMENT_END, OrderState.DONE)
    ]
    for end in ends:
        for step in tx.steps.of([end.key]).get(end.key, []):
            if step.kind is StepKind.DISCONNECT and step.state is StepState.DONE and step.child is not None:
                (key,) = tx.orders.add([child := _child_of(end, OrderKind.RECONNECT, now)], now)
                tx.work.add(WorkStep.EXECUTE, [key], now, priority=child.priority)
                text = f"{why}: order {key} brings the supply back"
                tx.steps.put([replace(step, state=StepState.SKIPPED, child=key, text=text, ended_at=now)])
                tx.orders.note(end.key, end.state, now, text)


def _says_supplied(order: Order) -> bool:
    change = order.reconnection_reason is ReconnectionReason.CHANGE_OF_SUPPLIER_OR_USER
    return order.kind is OrderKind.AGREEMENT_START or change


def _ends_at(tx: Transaction, point: MeteringPointCode) -> Iterator[tuple[Order, Order]]:
    children = tx.neighbours.ends_under_way(point)
    ends = tx.orders.get_many([child.parent for child in children if child.parent is not None])
    for child in children:
        if child.parent is not None:
            yield child, ends[child.parent]
