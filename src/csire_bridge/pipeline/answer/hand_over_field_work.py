"""Orders that need people on site are handed over to SID, which manages the field crews; whoever asked for them."""

from __future__ import annotations

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.pipeline.execute.gates.field_work_gate import against_field_work, days_to_mind
from csire_bridge.pipeline.ports.store import Store

__all__ = ["hand_over_field_work"]


def hand_over_field_work(store: Store, clock: Clock, law: LawPolicy) -> int:
    """Write reports of field work that SID does not have yet; return for how many orders. Raises StaleWrite: try again.

    The order stays as it is: how the work on site ended is for a person to say, or for the contactor. What must not be
    carried out now (the law, protection, hold, registered danger, an uncertain meter, the stop switch) is handed over
    once that is over, with the days that the law forbids.
    """
    with store.read_transaction() as tx:
        if not tx.sid.not_handed_over():
            return 0
    with store.transaction() as tx:
        now = clock()
        orders = [order for order in tx.sid.not_handed_over() if against_field_work(tx, order, now, law) is None]
        behind = tx.sid.behind([order.key for order in orders])
        for order in orders:
            sources = behind.get(order.key)
            mind = days_to_mind(tx, order, now, law)
            text = f"{order.detail or ''} MIND THE LAW: {mind}" if mind else order.detail
            tx.sid.hand_over(order, sources[0].number if sources else None, now, text)
            tx.orders.note(order.key, order.state, now, "handed over to SID as field work")
        return len(orders)
