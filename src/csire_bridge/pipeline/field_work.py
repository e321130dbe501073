"""Orders that wait for people on site are handed over to SID, whose people they are; from whomever they came."""

from __future__ import annotations

from csire_bridge.domain.clock import Clock
from csire_bridge.pipeline.ports import Store

__all__ = ["hand_over_field_work"]


def hand_over_field_work(store: Store, clock: Clock) -> int:
    """Write what SID was not told yet; return how many orders were handed over. Raises StaleWrite: look again.

    The order stays as it is: how the work on site ended is for a person to say, or for the contactor.
    """
    with store.looking() as tx:
        if not tx.sid.not_handed_over():
            return 0
    with store.transaction() as tx:
        orders, now = tx.sid.not_handed_over(), clock()
        behind = tx.sid.behind([order.key for order in orders])
        for order in orders:
            sources = behind.get(order.key)
            tx.sid.hand_over(order, sources[0].number if sources else None, now)
            tx.orders.note(order.key, order.state, now, "handed over to SID as field work")
        return len(orders)
