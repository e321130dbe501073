"""The clocks of one order, and the clocks of all orders by month; times for people are Polish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from csire_bridge.cli.shared.console import duration
from csire_bridge.cli.shared.moments import local
from csire_bridge.cli.shared.table import Column
from csire_bridge.domain.law.clock_counts import ClockCount, ClockFate, fate_of
from csire_bridge.domain.law.clocks import Deadlines, clocks_of
from csire_bridge.domain.law.model import LawClock
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.order.deadlines import class_of
from csire_bridge.domain.order.order import Order

__all__ = ["CLOCK_COLUMNS", "clock_facts", "clock_lines", "count_json"]


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


def clock_lines(clocks: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The same for people."""
    for clock in clocks:
        if clock["loosened"]:
            yield f"clock {clock['rule']}: {clock['loosened']}"
            continue
        left = f", {duration(clock['seconds_left'])} left" if clock["seconds_left"] is not None else ""
        times = f"from {local(clock['since'])} until {local(clock['until'])}"
        yield f"clock {clock['rule']}: {times}, {clock['fate']}{left}"
        yield f"  {clock['words']}"


def count_json(count: ClockCount) -> dict[str, Any]:
    """For programs."""
    return {
        "month": count.month,
        "rule": count.rule,
        "kept": count.kept,
        "missed": count.missed,
        "running": count.running,
        "dropped": count.dropped,
    }


CLOCK_COLUMNS: Sequence[Column[ClockCount]] = (
    Column("month", lambda count: count.month),
    Column("clock", lambda count: count.rule),
    Column("kept", lambda count: count.kept, right=True),
    Column("missed", lambda count: count.missed, right=True),
    Column("running", lambda count: count.running, right=True),
    Column("dropped", lambda count: count.dropped, right=True),
)
