"""Notes on orders, within one transaction. They are added and read, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from csire_bridge.domain.order.notes import Note
from csire_bridge.store.sql.row_mapper import from_rows
from csire_bridge.store.tables import order_notes

__all__ = ["Notes"]

_COLUMNS = [c for c in order_notes.c if c.name in Note.__dataclass_fields__]


class Notes:
    """Notes by order."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, order: int, at: datetime, by: str, text: str) -> Note:
        """Write a note; return it with its key."""
        values = {"order": order, "at": at, "by": by, "text": text}
        new = insert(order_notes).values(values).returning(order_notes.c.key)
        return Note(int(self._connection.execute(new).scalar_one()), order, at, by, text)

    def of(self, order: int) -> Sequence[Note]:
        """Every note on an order, the oldest first."""
        query = select(*_COLUMNS).where(order_notes.c.order == order).order_by(order_notes.c.key)
        return list(from_rows(Note, self._connection.execute(query)))

    def count(self, order: int) -> int:
        """How many notes an order has."""
        query = select(func.count()).where(order_notes.c.order == order)
        return self._connection.execute(query).scalar_one()

    def written_between(self, since: datetime, until: datetime, limit: int) -> Sequence[Note]:
        """Notes on any order of a time (UTC), from ``since`` and before ``until``; the newest ``limit``, newest first.

        For the shift book.
        """
        n = order_notes.c
        query = select(*_COLUMNS).where(n.at >= since, n.at < until).order_by(n.at.desc(), n.key.desc()).limit(limit)
        return list(from_rows(Note, self._connection.execute(query)))
