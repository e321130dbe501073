"""The clocks of one order, and the clocks of all orders by month; times for people are Polish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from csire_bridge.cli.shared.console import duration
from csire_bridge.cli.shared.moments import local
from csire_bridge.cli.shared.table import Column
from csire_bridge.domain.law.clock_counts import ClockCount

__all__ = ["CLOCK_COLUMNS", "clock_lines", "count_json"]


def clock_lines(clocks: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The clocks of an order, for people."""
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
