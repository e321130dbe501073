"""Counts with a limit: a list of a million rows is never counted to its end; read only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from csire_bridge.store.queries.lists.ways import LOOK, Place, Way, between, end_of_look

__all__ = ["MOST_COUNTED", "MOST_NEW", "Counted", "count_newer", "count_up_to"]

MOST_COUNTED = 10_000
MOST_NEW = 99


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are. Not ``exact``: at least so many, because nobody has counted on."""

    number: int
    exact: bool = True

    @classmethod
    def up_to(cls, number: int, most: int = MOST_COUNTED, *, whole: bool = True) -> Counted:
        """``number`` of rows that were counted up to one more than ``most``; not ``whole``: not all were looked at."""
        return cls(min(number, most), exact=whole and number <= most)

    def __str__(self) -> str:
        """The same in words."""
        if self.exact:
            return str(self.number)
        return f"more than {self.number}" if self.is_full else f"at least {self.number}"

    @property
    def is_full(self) -> bool:
        """Whether counting ended because there are more than that, not because only so many rows were looked at."""
        return not self.exact and self.number >= MOST_COUNTED


def count_up_to(connection: Connection, way: Way, most: int = MOST_COUNTED) -> Counted:
    """How many rows a list has: up to ``most``, or those among the first ``LOOK`` that are looked at."""
    end = end_of_look(connection, way, None, LOOK) if way.by_row else None
    number = _count(connection, way, None, end, most)
    return Counted.up_to(number, most, whole=end is None)


def count_newer(connection: Connection, way: Way, shown: Place | None) -> Counted:
    """How many rows have come before the first one that is shown, up to 99; None: the list was empty."""
    if shown is None:
        return count_up_to(connection, way, MOST_NEW)
    end = end_of_look(connection, way, shown, LOOK, oldest_first=True) if way.by_row else None
    number = _count(connection, way, shown, end, MOST_NEW)
    return Counted.up_to(number, MOST_NEW, whole=end is None)


def _count(connection: Connection, way: Way, after: Place | None, end: Place | None, most: int) -> int:
    newer = after is not None
    there = between(way, after, end, oldest_first=newer)
    rows = select(way.table.c.key).where(*way.whole, *way.by_row, *there).limit(most + 1).subquery()
    return connection.execute(select(func.count()).select_from(rows)).scalar_one()
