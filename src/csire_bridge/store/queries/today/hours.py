"""Orders that came in and that were carried out, by the hour; each count by a range of an index. Read only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, func, literal, select, union_all

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
    parts = [_within(at, begin, place) for place, begin in enumerate(begins) for at in (_CAME, _DONE)]
    found: dict[tuple[int, str], int] = {}
    for row in connection.execute(union_all(*parts)):
        found[row.place, row.name] = row.number
    return [HourOfOrders(begin, _told(found[at, "came"]), _told(found[at, "done"])) for at, begin in enumerate(begins)]


_CAME = ("came", orders.c.registered_at)
_DONE = ("done", orders.c.executed_at)


def _within(what: tuple[str, ColumnElement[datetime]], begin: datetime, place: int) -> Select[tuple[int, str, int]]:
    name, column = what
    rows = select(column).where(column >= begin, column < begin + HOUR).limit(MOST_COUNTED + 1).subquery()
    number = select(func.count()).select_from(rows).scalar_subquery()
    return select(literal(place).label("place"), literal(name).label("name"), number.label("number"))


def _told(number: int) -> Counted:
    return Counted(min(number, MOST_COUNTED), exact=number <= MOST_COUNTED)
