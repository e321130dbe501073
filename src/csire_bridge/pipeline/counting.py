"""What is counted on the way of a message, for ``/metrics``; told after the commit, so that it has happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from csire_bridge.domain.errors import PartnerRefused
from csire_bridge.domain.message.message import SettledMessage
from csire_bridge.domain.order.order import FINAL_STATES, Order, OrderState
from csire_bridge.telemetry.metrics import count, observe

__all__ = ["count_delivery", "count_moves", "count_settled"]


def count_settled(channel: str, settled: SettledMessage) -> None:
    """A message that was judged. What a refused one says of itself is no label: anybody may write it."""
    number = settled.number or "none"
    count("csire_bridge_messages_received_total", channel=channel, number=number, result=settled.state)
    if settled.code:
        count("csire_bridge_messages_refused_total", code=settled.code)


def count_moves(moved: Sequence[Order], now: datetime) -> None:
    """Orders in their new states."""
    for order in moved:
        count("csire_bridge_orders_total", kind=order.kind, state=order.state)
        if order.state in FINAL_STATES:
            _count_end(order, now)


def _count_end(order: Order, now: datetime) -> None:
    done = order.state is OrderState.DONE
    if done:
        begun = order.received_at or order.registered_at
        observe("csire_bridge_order_seconds", (now - begun).total_seconds(), kind=order.kind)
    if order.deadline is not None:
        in_time = order.executed_at is not None and order.executed_at <= order.deadline
        fate = ("kept" if in_time else "missed") if done else "dropped"
        count("csire_bridge_order_terms_total", kind=order.kind, fate=fate)


def count_delivery(partner: str, number: str, result: object) -> None:
    """An attempt to hand something over: ``result`` is its answer, or the error that it ended with."""
    if isinstance(result, PartnerRefused):
        told = "refused"
    else:
        told = "failed" if isinstance(result, Exception) else "delivered"
    count("csire_bridge_deliveries_total", partner=partner, number=number, result=told)
