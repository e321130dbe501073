"""How a list comes to its rows, and its pages.

An index finds the rows of some filters in the order of the list; the other filters are looked up row by row. So that
no page reads a whole table for filters that few rows meet together, it looks through at most ``LOOK`` rows, and says
how far it has come; the next page goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, func, literal, select, tuple_

from csire_bridge.store.sql.array_parameter import not_indexed

__all__ = ["LOOK", "Place", "Rows", "Way", "between", "end_of_look", "moment_at", "pages_until", "rows_of"]

LOOK = 10_000
_T = TypeVar("_T")
_Conditions = tuple[ColumnElement[bool], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list: beside the row of this key; ``at`` (UTC) is its moment where the list goes by moments."""

    key: int
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a list comes to its rows.

    ``whole`` are the conditions that an index serves; ``branches`` are its parts that each stand in the list's order in
    the index (none: the whole does). ``by_row`` is looked up at each row. ``moment``: the list goes by it and then by
    key, else by key. ``few``: the index finds so few rows that all of them may be read.
    """

    table: Table
    whole: _Conditions = ()
    branches: tuple[_Conditions, ...] = ()
    by_row: _Conditions = ()
    moment: Column[datetime] | None = None
    few: bool = False

    @property
    def order(self) -> tuple[ColumnElement[Any], ...]:
        """The columns by which the list goes."""
        key = self.table.c.key
        return (key,) if self.moment is None else (self.moment, key)

    @property
    def by_moment(self) -> bool:
        """Whether the list goes by a moment."""
        return self.moment is not None

    def place(self, row: Any) -> Place:
        """Where a row stands in the list."""
        return Place(row.key, None if self.moment is None else getattr(row, self.moment.key))


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one page. ``next``: where the next one begins, None at the end of the list.

    ``looked_to``: how far was looked where that ended the page; None: it is full, or the list has ended.
    """

    rows: Sequence[Any]
    next: Place | None
    looked_to: Place | None


def rows_of(
    connection: Connection, query: Select[Any], way: Way, limit: int, after: Place | None, *, oldest_first: bool = False
) -> Rows:
    """Up to ``limit`` rows of ``query`` behind the place ``after``, the newest first unless asked otherwise."""
    end = end_of_look(connection, way, after, limit + 1, oldest_first=oldest_first)
    there = between(way, after, end, oldest_first=oldest_first)
    wanted = [*way.whole, *way.by_row, *there]
    if way.few and not way.by_row:  # their keys are sorted by the index alone, before any whole row is read
        keys = select(way.table.c.key).where(*wanted).order_by(*_sorted(way, oldest_first)).limit(limit + 1).subquery()
        wanted = [way.table.c.key.in_(select(keys.c.key))]
    whole = query.where(*wanted).order_by(*_sorted(way, oldest_first)).limit(limit + 1)
    found = connection.execute(whole).all()
    if len(found) > limit:
        return Rows(found[:limit], way.place(found[limit - 1]), None)
    return Rows(found, end, end)


def pages_until(limit: int, page_of: Callable[[int, Place | None], tuple[Sequence[_T], Place | None]]) -> list[_T]:
    """Up to ``limit`` things, however far it has to look for them.

    ``page_of`` gives up to so many behind a place, and where the next page begins.
    """
    found: list[_T] = []
    after: Place | None = None
    while len(found) < limit:
        page, after = page_of(limit - len(found), after)
        found += page
        if after is None:
            break
    return found


def moment_at(
    connection: Connection, moment: Column[datetime], place: Place | None, *, oldest_first: bool = False
) -> datetime | None:
    """The moment (UTC) of the row at a place, or of the nearest that was looked at."""
    if place is None:
        return None
    if place.at is not None:
        return place.at
    key = moment.table.c.key
    near = key <= place.key if oldest_first else key >= place.key
    query = select(moment).where(near).order_by(key.desc() if oldest_first else key).limit(1)
    return connection.execute(query).scalar()


def end_of_look(
    connection: Connection, way: Way, after: Place | None, wanted: int, *, oldest_first: bool = False
) -> Place | None:
    """The last place that is looked at for ``wanted`` rows behind ``after``; None: all that are left may be read."""
    if way.few or not (way.by_row or way.branches):
        return None
    size = max(LOOK, wanted) if way.by_row else wanted
    if not way.whole:
        return _by_keys(connection, way, after, size, oldest_first)
    parts = way.branches or (way.whole,)
    ends = [end for part in parts if (end := _last_of(connection, way, part, after, size, oldest_first))]
    return (min if oldest_first else max)(ends, key=lambda end: (end.at, end.key) if end.at else end.key, default=None)


def between(
    way: Way, after: Place | None, end: Place | None, *, oldest_first: bool = False
) -> list[ColumnElement[bool]]:
    """The conditions that a row stands behind ``after``, and not behind ``end``."""
    found: list[ColumnElement[bool]] = []
    if after is not None:
        own, other = _compared(way, after)
        found.append(own > other if oldest_first else own < other)
    if end is not None:
        own, other = _compared(way, end)
        found.append(own <= other if oldest_first else own >= other)
    return found


def _last_of(
    connection: Connection, way: Way, part: _Conditions, after: Place | None, size: int, oldest_first: bool
) -> Place | None:
    """The place of the row with that number behind ``after``; None: there are not so many."""
    there = between(way, after, None, oldest_first=oldest_first)
    query = select(*way.order).where(*part, *there).order_by(*_sorted(way, oldest_first)).offset(size - 1).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else way.place(row)


def _by_keys(connection: Connection, way: Way, after: Place | None, size: int, oldest_first: bool) -> Place | None:
    """The same for all rows of the table: keys are numbers without great gaps."""
    key, last = way.table.c.key, func.min if oldest_first else func.max
    begin = after.key if after else connection.execute(select(last(key))).scalar()
    stop = connection.execute(select((func.max if oldest_first else func.min)(key))).scalar()
    if begin is None or stop is None:
        return None
    end = begin + size if oldest_first else begin - size
    return None if (end >= stop if oldest_first else end <= stop) else Place(end)


def _compared(way: Way, place: Place) -> tuple[ColumnElement[Any], Any]:
    if way.moment is None:
        return way.table.c.key, place.key
    return tuple_(*way.order), tuple_(_typed(way.moment, place.at), place.key)


def _typed(column: Column[datetime], value: object) -> ColumnElement[Any]:
    return literal(value, column.type)


def _sorted(way: Way, oldest_first: bool) -> list[ColumnElement[Any]]:
    columns = [not_indexed(column) for column in way.order] if way.few else way.order  # few are sorted, not walked to
    return [column.asc() if oldest_first else column.desc() for column in columns]
