"""The clocks of one order as values for programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from csire_bridge.domain.law.clock_counts import ClockFate, fate_of
from csire_bridge.domain.law.clocks import Deadlines, clocks_of
from csire_bridge.domain.law.model import LawClock
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.order.deadlines import class_of
from csire_bridge.domain.order.order import Order

__all__ = ["clock_facts"]


def clock_facts(order: Order, deadlines: Deadlines, law: LawPolicy, now: datetime) -> list[dict[str, Any]]:
    """Every clock of an order for programs: rule, words, from and until when (UTC), what became of it, seconds left.

    A clock of the law that the operator does not apply is there too, with who decided it.
    """
    running = clocks_of(order, deadlines, order.received_at, undelivered=order.undelivered_at is not None)
    found: list[dict[str, Any]] = []
    for clock in running:
        fate = fate_of(clock, order.state, order.executed_at, now)
        left = (clock.until - now).total_seconds() if fate is ClockFate.RUNNING else None
        facts = {"rule": clock.rule, "words": clock.words, "since": clock.since, "until": clock.until}
        found.append({**facts, "fate": fate, "seconds_left": left, "loosened": None})
    return found + list(_loosened(order, law))


def _loosened(order: Order, law: LawPolicy) -> Iterator[dict[str, Any]]:
    own = class_of(order)
    for clock in law.book.of(LawClock):
        one = law.loosened.get(clock.name)
        if one is not None and own in clock.orders:
            decided = f"not applied, by decision of {one.by}: {one.why}"
            nothing = dict.fromkeys(("since", "until", "fate", "seconds_left"))
            yield {"rule": clock.name, "words": clock.words, **nothing, "loosened": decided}
