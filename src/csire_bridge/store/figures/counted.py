"""The figures of a period: those that are kept, by whole months where they can be, and the rest counted now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain, islice

from sqlalchemy import Connection, select

from csire_bridge.domain.figures.period import Period
from csire_bridge.domain.figures.summary import CellCounts
from csire_bridge.domain.figures.tally import Cell, CountedOrder, tally
from csire_bridge.domain.figures.wanted import EVERYTHING, FiguresWanted
from csire_bridge.domain.law.clocks import Deadlines
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.store.figures.rest import counted_to, ended_orders, open_orders
from csire_bridge.store.sql.row_mapper import from_rows
from csire_bridge.store.tables import figure_cells

__all__ = ["Found", "Rest", "figures", "first_day", "kept", "rest", "suppliers"]

_F = figure_cells.c
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rest:
    """What is not in the kept figures, by day. ``whole`` is false if there was too much of it to count it now."""

    cells: Sequence[CellCounts]
    whole: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Cells of days, and of months (by their first day) where whole months are wanted."""

    cells: Sequence[CellCounts]
    whole: bool


def figures(
    connection: Connection,
    deadlines: Deadlines,
    now: datetime,
    wanted: FiguresWanted = EVERYTHING,
    known: Rest | None = None,
) -> Found:
    """The figures of ``wanted`` at ``now`` (UTC). ``known`` is the rest where it was counted already."""
    left = known or rest(connection, deadlines, now)
    return Found([*kept(connection, wanted), *(one for one in left.cells if wanted.takes(one[0]))], left.whole)


def rest(connection: Connection, deadlines: Deadlines, now: datetime, most: int | None = None) -> Rest:
    """What is not in the kept figures at ``now`` (UTC); ``most`` orders of it."""
    one_more = None if most is None else most + 1
    stream = connection.execution_options(yield_per=1000)
    still_open = from_rows(CountedOrder, stream.execute(open_orders(one_more)))
    left = chain(still_open, ended_orders(connection, counted_to(connection), one_more))
    cells = list(tally(islice(left, most), deadlines, now).items())
    return Rest(cells, next(left, None) is None)


def kept(connection: Connection, wanted: FiguresWanted, *, by_day: bool = False) -> Iterator[CellCounts]:
    """The kept figures: by whole months where the period has some, unless ``by_day``."""
    for span, first, last in _ranges(wanted.period, by_day=by_day):
        query = select(_F.begin, _F.kind, _F.source, _F.supplier, _F.counts).where(_F.span == span)
        if first is not None:
            query = query.where(_F.begin.between(first, last))
        for column, value in ((_F.kind, wanted.kind), (_F.source, wanted.source), (_F.supplier, wanted.supplier)):
            if value is not None:
                query = query.where(column == str(value))
        for begin, kind, source, supplier, counts in connection.execute(query):
            yield Cell(begin, OrderKind(kind), OrderSource(source), supplier), json.loads(counts)


def _ranges(period: Period | None, *, by_day: bool) -> Iterator[tuple[str, date | None, date | None]]:
    """What is to be read: whole months, and the days before and after them."""
    if period is None:
        yield ("day" if by_day else "month"), None, None
        return
    months = [] if by_day else list(period.months())
    if not months:
        yield "day", period.first, period.last
        return
    yield "month", months[0], months[-1]
    after = (months[-1] + timedelta(days=31)).replace(day=1)
    if period.first < months[0]:
        yield "day", period.first, months[0] - _DAY
    if after <= period.last:
        yield "day", after, period.last


def suppliers(connection: Connection, left: Rest) -> list[str]:
    """The suppliers that have ever asked, in order."""
    known = connection.execute(select(_F.supplier).where(_F.span == "month").distinct()).scalars()
    return sorted({*known, *(cell.supplier for cell, _ in left.cells)} - {""})


def first_day(connection: Connection, left: Rest) -> date | None:
    """The first day of the first month of which there are figures; None where there are none."""
    known = connection.execute(select(_F.begin).where(_F.span == "month").order_by(_F.begin).limit(1)).scalar()
    return min([*([known] if known else []), *(cell.day for cell, _ in left.cells)], default=None)
