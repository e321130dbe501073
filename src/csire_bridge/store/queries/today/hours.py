"""Orders that came in and that were carried out, by the hour; each count by a range of an index. Read only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Column, CompoundSelect, Connection, Select, bindparam, func, literal_column, select, union_all

from csire_bridge.store.queries.lists.counted import MOST_COUNTED, Counted
from csire_bridge.store.tables import orders

__all__ = ["HOUR", "HourOfOrders", "last_hours"]

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class HourOfOrders:
    """How many orders were registered, and how many carried out, in the hour from ``begin`` (UTC)."""

    begin: datetime
    came: Counted
    done: Counted


def last_hours(connection: Connection, now: datetime, count: int = 24) -> list[HourOfOrders]:
    """The hour of ``now`` (UTC), and those before it; the oldest first."""
    this = now.replace(minute=0, second=0, microsecond=0)
    begins = [this - HOUR * back for back in reversed(range(count))]
    moments = {_begin_of(place): begin for place, begin in enumerate([*begins, this + HOUR])}
    found = {(place, came): number for place, came, number in connection.execute(_by_the_hour(count), moments)}
    return [
        HourOfOrders(begin, Counted.up_to(found[place, 1]), Counted.up_to(found[place, 0]))
        for place, begin in enumerate(begins)
    ]


@cache
def _by_the_hour(count: int) -> CompoundSelect[int, int, int]:
    """Built once for each number of hours: its parts take longer to build than to run."""
    columns = ((1, orders.c.registered_at), (0, orders.c.executed_at))
    return union_all(*(_within(place, came, column) for place in range(count) for came, column in columns))


def _within(place: int, came: int, column: Column[datetime]) -> Select[int, int, int]:
    begin, end = (bindparam(_begin_of(at), type_=column.type) for at in (place, place + 1))
    rows = select(column).where(column >= begin, column < end).limit(MOST_COUNTED + 1).subquery()
    number = select(func.count()).select_from(rows).scalar_subquery()
    return select(literal_column(f"{place}"), literal_column(f"{came}"), number)


def _begin_of(place: int) -> str:
    return f"begin_{place}"
