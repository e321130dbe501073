"""What has come to forbid a disconnection since its command was given: then the command is recalled.

The gates look just before a command. But a command may wait for hours on its way to a meter, and in that time a
complaint may come, a household may become protected, or its meter may be told to hang elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.law.judge import Forbidden, WaitForLaw, judge
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.metering_point.holds import Hold
from csire_bridge.domain.metering_point.interlocks import At, protection
from csire_bridge.domain.order.order import Order, OrderKind
from csire_bridge.domain.order.requests.operators_own import is_danger_cut
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.execute.gates.meter_gate import doubts
from csire_bridge.pipeline.execution_policy import ExecutionPolicy
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["forbidden_since", "recall_forbidden"]


def recall_forbidden(
    tx: Transaction,
    orders: Sequence[Order],
    policy: ExecutionPolicy,
    clock_shows: Callable[[datetime], datetime | None],
    now: datetime,
) -> dict[int, Order]:
    """Recall what must not be carried out any more of ``orders``, whose commands were given; return those, recalled.

    A household that must not be cut off counts, a ban of the law on the days on which the command may still act, and a
    meter that may be another household's. Their work is due at once.
    """
    recalled: dict[int, Order] = {}
    for key, why in forbidden_since(tx, orders, policy, clock_shows, now).items():
        order = next(one for one in orders if one.key == key)
        tx.orders.recall(key, now)
        tx.orders.note(key, order.state, now, f"recalled: {why}")
        recalled[key] = replace(order, recalled_at=now)
    tx.work.wake(WorkStep.EXECUTE, list(recalled), now)
    return recalled


def forbidden_since(
    tx: Transaction,
    orders: Sequence[Order],
    policy: ExecutionPolicy,
    clock_shows: Callable[[datetime], datetime | None],
    now: datetime,
) -> dict[int, str]:
    """For the disconnections among ``orders`` that must not be carried out any more, by their keys: why.

    Those whose command can't act any more are left out: if they are given again, the gates decide.
    """
    shown = policy.shown(now, clock_shows(now))
    cuts = [order for order in orders if order.kind is OrderKind.DISCONNECT and order.recalled_at is None]
    cuts = [order for order in cuts if not policy.is_over(order, shown)]
    if not cuts:
        return {}
    codes = sorted({order.metering_point for order in cuts})
    points, holds = tx.points.of(codes, now), tx.guards.holds_of(codes, now)
    found = {order.key: _protected(order, points, holds.get(order.metering_point, ()), policy, now) for order in cuts}
    certain = [order for order in cuts if not is_danger_cut(order)]
    return {key: why for key, why in found.items() if why is not None} | _elsewhere(tx, certain, points, now)


def _protected(
    order: Order,
    points: Mapping[MeteringPointCode, MeteringPoint],
    holds: Sequence[Hold],
    policy: ExecutionPolicy,
    now: datetime,
) -> str | None:
    point = points.get(order.metering_point)
    if point is None:
        return None
    against = protection(order, point, holds, At(now, policy.law))
    if against is not None:
        return against.text
    verdict = judge(order, point.protection, policy.law, now, order.expires_at or now, can_ask=True)
    return verdict.text if isinstance(verdict, WaitForLaw | Forbidden) else None


def _elsewhere(
    tx: Transaction, cuts: Sequence[Order], points: Mapping[MeteringPointCode, MeteringPoint], now: datetime
) -> dict[int, str]:
    """Those whose meter may hang at another household's point now, with the reason."""
    given = {
        o.metering_point: replace(points[o.metering_point], meter=o.meter) for o in cuts if o.metering_point in points
    }
    return doubts(tx, cuts, given, now)
