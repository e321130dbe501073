"""What other rules would do: to the orders that wait, and what they would have done to those of the last months.

Both look at a bounded number of orders: at most ``MOST_WAITING`` that wait, and every n-th of the past.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from csire_bridge.domain.law.clocks import Deadlines
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.rules.decide import Rules
from csire_bridge.domain.rules.preview import Moved, PastResult, PlannedFate, compared, replay_past
from csire_bridge.domain.rules.timeline import Timeline
from csire_bridge.store.repositories.orders.rule_sets import (
    past_orders,
    protections_where_orders_wait,
    waiting_orders,
)
from csire_bridge.store.tables import orders

__all__ = ["MOST_PAST", "MOST_WAITING", "Preview", "Question", "preview"]

MOST_WAITING, MOST_PAST = 20_000, 10_000


@dataclass(frozen=True, slots=True)
class Question:
    """Rules that would hold from ``since`` (UTC) on, instead of those of ``timeline``; asked at ``now`` (UTC).

    ``days`` of executed orders are looked at, and at most ``listed`` orders that would move are told one by one.
    """

    rules: Rules
    since: datetime
    timeline: Timeline
    now: datetime
    deadlines: Deadlines
    law: LawPolicy
    days: int = 92
    listed: int = 100


@dataclass(slots=True)
class Preview:
    """``moved`` are the first of the ``changed`` orders; ``late`` of these would miss their deadline.

    ``all_waiting`` is false if more orders wait than were looked at. Of the past every ``past_step``-th was.
    """

    before: Counter[PlannedFate] = field(default_factory=Counter)
    after: Counter[PlannedFate] = field(default_factory=Counter)
    moved: list[Moved] = field(default_factory=list)
    changed: int = 0
    late: int = 0
    all_waiting: bool = True
    past: Sequence[PastResult] = ()
    past_step: int = 1

    @property
    def waiting(self) -> int:
        """How many waiting orders were looked at."""
        return self.before.total()


def preview(connection: Connection, asked: Question) -> Preview:
    """Answer the question; nothing is changed."""
    found = Preview()
    waiting = waiting_orders(connection, MOST_WAITING + 1)
    known = protections_where_orders_wait(connection)
    for one in compared(waiting, asked.timeline, asked.since, asked.rules, asked.now, law=asked.law, protections=known):
        if found.waiting == MOST_WAITING:
            found.all_waiting = False
            break
        before, after = one.fates
        found.before[before] += 1
        found.after[after] += 1
        moved = one.moved(asked.deadlines)
        if moved is not None:
            found.changed += 1
            found.late += moved.late
            if len(found.moved) < asked.listed:
                found.moved.append(moved)
    since = asked.now - timedelta(days=asked.days)
    found.past_step = max(1, -(-_executed(connection, since) // MOST_PAST))
    found.past = replay_past(past_orders(connection, since, found.past_step), asked.rules, asked.deadlines)
    return found


def _executed(connection: Connection, since: datetime) -> int:
    done = orders.c.state == OrderState.DONE.value
    query = select(func.count()).select_from(orders).where(done, orders.c.registered_at >= since)
    return connection.execute(query).scalar_one()
