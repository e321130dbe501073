"""Builds the command to the head-end system from an order."""

from __future__ import annotations

from csire_bridge.domain.meter.contactor import ContactorCommand
from csire_bridge.domain.order.order import Order

__all__ = ["command_of"]


def command_of(order: Order, text: str | None = None) -> ContactorCommand:
    """The latest command of a prepared order, sent with ``text``. Raises ValueError for an order not prepared yet."""
    action = order.kind.contactor_action
    if not (action and order.meter and order.correlation_id and order.submitted_at and order.expires_at):
        raise ValueError(f"order {order.key} was not prepared for the head-end system")
    return ContactorCommand(
        correlation_id=order.correlation_id,
        meter=order.meter,
        action=action,
        issued_at=order.submitted_at,
        not_after=order.expires_at,
        tracking_id=f"{order.generation}-{order.key}" if order.generation else str(order.key),
        reason=text or str(order.disconnection_kind or order.reconnection_reason or order.kind),
    )
