"""The contactor's part in an agreement: an order of its own, and what its end means for the step that it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from csire_bridge.domain.order_steps import OrderStep, StepState, goes_on_supplied
from csire_bridge.domain.orders import Order, OrderKind, OrderState, ReconnectionReason
from csire_bridge.pipeline.ports import Transaction

__all__ = ["child_of", "settled_by", "why_not"]

_ENDS = {
    OrderState.DONE: StepState.DONE,
    OrderState.SUPERSEDED: StepState.SKIPPED,
    OrderState.WITHDRAWN: StepState.SKIPPED,
    OrderState.CANNOT: StepState.FAILED,
}


def child_of(order: Order, kind: OrderKind, now: datetime) -> Order:
    """The movement of the contactor that ``order`` needs, as an order that nobody but us has asked for."""
    change = ReconnectionReason.CHANGE_OF_SUPPLIER_OR_USER if kind is OrderKind.RECONNECT else None
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
        reconnection_reason=change,
        supplier=order.supplier,
        description=order.description,
        parent=order.key,
    )


def settled_by(step: OrderStep, child: Order, now: datetime) -> OrderStep:
    """The step after ``child`` has ended."""
    text = child.detail or f"order {child.key}: {child.state}"
    return replace(step, state=_ENDS[child.state], ended_at=child.executed_at or now, text=text)


def why_not(tx: Transaction, order: Order, now: datetime) -> str | None:
    """Why the household of an agreement that ends must not be cut off; None when nothing is known against it."""
    point = tx.points.of([order.metering_point], now).get(order.metering_point)
    supplier = point.supplier if point else None
    return goes_on_supplied(order, tx.orders.agreements_at(order.metering_point), supplier)
