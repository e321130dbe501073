"""What the law says about the date that an order asks for is told when it is registered, not only when it falls due.

The gate just before the command decides again, by what is known then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from csire_bridge.domain.law.judge import Forbidden, WaitForLaw, judge
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.metering_point.interlocks import At, protection
from csire_bridge.domain.order.order import OrderState, RejectionReason
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["apply_law_to_dated"]


def apply_law_to_dated(tx: Transaction, keys: Sequence[int], now: datetime, law: LawPolicy) -> None:
    """Tell what the law says about orders among ``keys`` that are wanted later; those due now go to the gate at once.

    An order ends as "cannot" where the household is known to be protected on that date, and the ban outlasts the days
    that the order may wait. Everything else is a line in its history.
    """
    dated = [o for o in tx.orders.get_many(keys).values() if o.state is OrderState.REGISTERED and o.not_before > now]
    codes = [order.metering_point for order in dated]
    points, holds = tx.points.of(codes, now), tx.guards.holds_of(codes, now)
    for order in dated:
        point = points.get(order.metering_point)
        today = protection(order, point, holds.get(order.metering_point, ()), At(now, law)) if point else None
        if today is not None:
            tx.orders.note(order.key, order.state, now, f"as things stand today it is not carried out: {today.text}")
        known = point.protection if point else None
        verdict = judge(order, known, law, order.not_before, order.not_before)
        if isinstance(verdict, Forbidden) and known is not None:
            facts = {"cannot_reason": RejectionReason.OTHER, "detail": verdict.text}
            tx.orders.move(order, OrderState.REJECTED, now, verdict.text, **facts)
            tx.work.wake(WorkStep.EXECUTE, [order.key], now)
            tx.work.add(WorkStep.ACKNOWLEDGE, [order.key], now, priority=[order.priority])
        elif isinstance(verdict, WaitForLaw | Forbidden):
            tx.orders.note(order.key, order.state, now, f"on the date that it asks for: {verdict.text}")
