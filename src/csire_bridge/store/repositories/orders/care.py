"""Who takes care of orders, within one transaction. What has ended is kept, and found no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from csire_bridge.domain.order.care import Care
from csire_bridge.store.sql.array_parameter import any_of
from csire_bridge.store.sql.row_mapper import from_rows, to_row
from csire_bridge.store.tables import STANDING_CARE, order_care

__all__ = ["CareBook"]

_STANDING = select(*(c for c in order_care.c if c.name != "key")).where(STANDING_CARE)
_OF_ORDERS = _STANDING.where(any_of(order_care.c.order, "keys"))


class CareBook:
    """At most one person for each order; the database itself refuses a second one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, orders: Sequence[int]) -> Mapping[int, Care]:
        """Who takes care of these orders; those of which nobody does are left out."""
        if not orders:
            return {}
        found = from_rows(Care, self._connection.execute(_OF_ORDERS, {"keys": list(orders)}))
        return {one.order: one for one in found}

    def newest(self, limit: int) -> Sequence[Care]:
        """The newest ``limit`` that stand, the newest first."""
        query = _STANDING.order_by(order_care.c.since.desc(), order_care.c.order.desc()).limit(limit)
        return list(from_rows(Care, self._connection.execute(query)))

    def begin(self, care: Care) -> None:
        """Write it down; whoever had the order before has been ended."""
        self._connection.execute(insert(order_care).values(to_row(care)))

    def end(self, order: int, at: datetime, by: str) -> None:
        """End the one that stands, if there is one."""
        there = update(order_care).where(STANDING_CARE, order_care.c.order == order)
        self._connection.execute(there.values(ended_at=at, ended_by=by))
