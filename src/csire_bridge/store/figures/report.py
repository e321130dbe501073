"""The figures of a period as a whole and in parts, beside another period; for pages, programs and the board."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import Connection

from csire_bridge.domain.figures.period import Period
from csire_bridge.domain.figures.summary import CellCounts, Summary, grouped, summarised
from csire_bridge.domain.figures.tally import Cell
from csire_bridge.domain.figures.wanted import FiguresWanted
from csire_bridge.domain.law.clocks import Deadlines
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.store.figures.counted import Rest, first_day, kept, rest, suppliers

__all__ = ["MOST_DAYS", "Report", "Side", "report"]

MOST_DAYS = 62
"""A period of up to so many days is shown by day, a longer one by month."""

_MOST_REST = 20_000
_K = TypeVar("_K", OrderKind, OrderSource, str, date)


@dataclass(frozen=True, slots=True)
class Side:
    """The figures of one period. ``series`` has each of its days, or months by their first day, that has any.

    The period that another one is compared with has no series.
    """

    period: Period
    total: Summary
    by_kind: Mapping[OrderKind, Summary]
    by_source: Mapping[OrderSource, Summary]
    by_supplier: Mapping[str, Summary]
    series: Mapping[date, Summary]

    @property
    def by_day(self) -> bool:
        """Whether ``series`` has days; else it has months."""
        return self.period.days <= MOST_DAYS


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of ``wanted`` as they stood ``at`` a moment (UTC), beside another period where one was asked for.

    ``suppliers`` are those that have ever asked, ``since`` is the first month of which there are figures. ``whole`` is
    false while many orders have ended that are not counted yet: the service counts them in the background.
    """

    wanted: FiguresWanted
    at: datetime
    now: Side
    beside: Side | None
    suppliers: Sequence[str]
    since: date | None
    whole: bool


def report(
    connection: Connection,
    deadlines: Deadlines,
    at: datetime,
    wanted: FiguresWanted,
    period: Period,
    beside: Period | None = None,
) -> Report:
    """The figures of ``wanted`` for ``period`` and for ``beside``, at ``at`` (UTC)."""
    left = rest(connection, deadlines, at, _MOST_REST)

    def side(of: Period, *, series: bool) -> Side:
        return _side(connection, left, replace(wanted, period=of), of, series=series)

    return Report(
        replace(wanted, period=period),
        at,
        side(period, series=True),
        side(beside, series=False) if beside else None,
        suppliers(connection, left),
        first_day(connection, left),
        left.whole,
    )


def _side(connection: Connection, left: Rest, wanted: FiguresWanted, period: Period, *, series: bool) -> Side:
    rest_of_it = [one for one in left.cells if wanted.takes(one[0])]
    cells = [*kept(connection, wanted), *rest_of_it]
    # Whose orders of which kind, whenever: few, so that adding them up in three ways costs little.
    few = list(grouped(cells, lambda cell: replace(cell, day=period.first)).items())
    return Side(
        period,
        summarised(grouped(few, lambda _: "").get("", {})),
        _by(few, lambda cell: cell.kind),
        _by(few, lambda cell: cell.source),
        _by(few, lambda cell: cell.supplier),
        _series(connection, wanted, period, cells, rest_of_it) if series else {},
    )


def _series(
    connection: Connection,
    wanted: FiguresWanted,
    period: Period,
    cells: Iterable[CellCounts],
    rest_of_it: Iterable[CellCounts],
) -> Mapping[date, Summary]:
    if period.days > MOST_DAYS:
        return _by(cells, lambda cell: cell.day.replace(day=1))
    return _by([*kept(connection, wanted, by_day=True), *rest_of_it], lambda cell: cell.day)


def _by(cells: Iterable[CellCounts], by: Callable[[Cell], _K]) -> dict[_K, Summary]:
    return {key: summarised(counts) for key, counts in sorted(grouped(cells, by).items())}
