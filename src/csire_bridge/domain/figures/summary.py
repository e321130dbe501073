"""Counts as people read them: the five buckets, percentiles, shares, clocks, hours, reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from csire_bridge.domain.figures.durations import percentile_of
from csire_bridge.domain.figures.tally import Cell, Counts, Name, parts_of
from csire_bridge.domain.law.clock_counts import ClockCount, ClockFate
from csire_bridge.domain.law.figures import Part
from csire_bridge.domain.operations.statistics import Bucket, Statistics
from csire_bridge.domain.order.order import NotDelivered, OrderKind, RejectionReason

__all__ = ["CellCounts", "Summary", "clock_counts", "grouped", "statistics", "summarised"]

CellCounts = tuple[Cell, Mapping[str, int]]
_K = TypeVar("_K")


@dataclass(frozen=True, slots=True)
class Summary:
    """Orders of a period: how many were registered, how they ended, and how long it took.

    ``buckets`` are executed orders by their execution time; percentiles are seconds, at most 5 % above the true ones,
    None where none was executed. ``in_time``: of those with a deadline, executed by then. ``first``: of those that
    ended after a command, done by the first one. ``hours`` has how many were registered by weekday (Monday is 0) and
    hour of the Polish clock, ``executed`` how many were executed by hour. ``refused`` are the reasons of "cannot",
    ``undelivered`` why a command could not be delivered, whatever became of its order.
    """

    orders: int
    open: int
    done: int
    cannot: int
    withdrawn: int
    superseded: int
    buckets: Mapping[Bucket, int]
    p50: float | None
    p90: float | None
    p99: float | None
    in_time: Part
    first: Part
    hours: Mapping[tuple[int, int], int]
    executed: Mapping[int, int]
    refused: Mapping[RejectionReason, int]
    undelivered: Mapping[NotDelivered, int]
    clocks: Mapping[str, Mapping[ClockFate, int]]

    @property
    def timed(self) -> int:
        """How many orders are in the buckets."""
        return sum(self.buckets.values())

    def share(self, bucket: Bucket) -> float | None:
        """The share of a bucket, from 0 to 1; None where nothing was executed."""
        return self.buckets[bucket] / self.timed if self.timed else None


def summarised(counts: Mapping[str, int]) -> Summary:
    """The summary of counts."""
    buckets, times = parts_of(counts, Name.BUCKET), _numbers(counts, Name.TIME)
    p50, p90, p99 = (percentile_of(times, share) for share in (50, 90, 99))
    return Summary(
        orders=counts.get(Name.ORDERS, 0),
        open=counts.get(Name.OPEN, 0),
        done=counts.get(Name.DONE, 0),
        cannot=counts.get(Name.CANNOT, 0),
        withdrawn=counts.get(Name.WITHDRAWN, 0),
        superseded=counts.get(Name.SUPERSEDED, 0),
        buckets={bucket: buckets.get(bucket.name, 0) for bucket in Bucket},
        p50=p50,
        p90=p90,
        p99=p99,
        in_time=Part(counts.get(Name.IN_TIME, 0), counts.get(Name.LIMITED, 0)),
        first=Part(counts.get(Name.FIRST, 0), counts.get(Name.TRIED, 0)),
        hours={divmod(hour, 24): count for hour, count in _numbers(counts, Name.HOUR).items()},
        executed=_numbers(counts, Name.EXECUTED),
        refused={RejectionReason(why): count for why, count in parts_of(counts, Name.REASON).items()},
        undelivered={NotDelivered(why): count for why, count in parts_of(counts, Name.UNDELIVERED).items()},
        clocks=_clocks(counts),
    )


def grouped(cells: Iterable[CellCounts], by: Callable[[Cell], _K]) -> dict[_K, Counts]:
    """The counts of ``cells`` added up by what ``by`` says of each cell."""
    found: dict[_K, Counts] = {}
    for cell, counts in cells:
        total = found.setdefault(by(cell), Counter())
        for name, count in counts.items():
            total[name] += count
    return found


def statistics(cells: Iterable[CellCounts]) -> list[Statistics]:
    """Execution times per kind and month, in order of month and kind; nothing where nothing was executed."""
    found = grouped(cells, lambda cell: (cell.day.replace(day=1), cell.kind))
    lines = (_line(month, kind, summarised(counts)) for (month, kind), counts in sorted(found.items()))
    return [line for line in lines if line.count]


def _line(month: date, kind: OrderKind, of: Summary) -> Statistics:
    p50, p90, p99 = of.p50 or 0.0, of.p90 or 0.0, of.p99 or 0.0
    counted = of.timed, dict(of.buckets)
    return Statistics(kind, f"{month:%Y-%m}", *counted, p50, p90, p99, of.in_time.of, of.in_time.count)


def clock_counts(cells: Iterable[CellCounts]) -> list[ClockCount]:
    """The clocks by the month in which they began, and by rule, in order."""
    by_month = sorted(grouped(cells, lambda cell: cell.day.replace(day=1)).items())
    return [
        ClockCount(f"{month:%Y-%m}", rule, *(fates[fate] for fate in ClockFate))
        for month, counts in by_month
        for rule, fates in _clocks(counts).items()
    ]


def _numbers(counts: Mapping[str, int], name: Name) -> dict[int, int]:
    return {int(part): count for part, count in sorted(parts_of(counts, name).items(), key=lambda one: int(one[0]))}


def _clocks(counts: Mapping[str, int]) -> dict[str, dict[ClockFate, int]]:
    found: dict[str, dict[ClockFate, int]] = {}
    for part, count in sorted(parts_of(counts, Name.CLOCK).items()):
        rule, _, fate = part.rpartition(":")
        found.setdefault(rule, dict.fromkeys(ClockFate, 0))[ClockFate(fate)] += count
    return found
