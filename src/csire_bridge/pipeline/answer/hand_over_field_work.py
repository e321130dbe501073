"""Orders that need people on site are handed over to SID, which manages the field crews; whoever asked for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.metering_point.interlocks import danger, holding_back
from csire_bridge.domain.order.order import Order
from csire_bridge.pipeline.ports.store import Store, Transaction

__all__ = ["hand_over_field_work"]


def hand_over_field_work(store: Store, clock: Clock) -> int:
    """Write reports of field work that SID does not have yet; return for how many orders. Raises StaleWrite: try again.

    The order stays as it is: how the work on site ended is for a person to say, or for the contactor. A connection at a
    point with registered danger, or with a hold, is handed over once a person has lifted it.
    """
    with store.read_transaction() as tx:
        if not tx.sid.not_handed_over():
            return 0
    with store.transaction() as tx:
        now = clock()
        orders = _not_held_back(tx, tx.sid.not_handed_over(), now)
        behind = tx.sid.behind([order.key for order in orders])
        for order in orders:
            sources = behind.get(order.key)
            tx.sid.hand_over(order, sources[0].number if sources else None, now)
            tx.orders.note(order.key, order.state, now, "handed over to SID as field work")
        return len(orders)


def _not_held_back(tx: Transaction, orders: Sequence[Order], now: datetime) -> list[Order]:
    codes = [order.metering_point for order in orders]
    points, holds = tx.points.of(codes, now), tx.guards.holds_of(codes, now)
    return [
        order
        for order in orders
        if holding_back(order, holds.get(order.metering_point, ())) is None
        and not ((point := points.get(order.metering_point)) and danger(order, point))
    ]
