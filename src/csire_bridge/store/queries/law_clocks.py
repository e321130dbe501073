"""Orders as the law's clocks need them; read one after the other, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from sqlalchemy import Connection, select

from csire_bridge.domain.calendar.polish_month import PolishMonth
from csire_bridge.domain.law.clock_counts import TimedOrder
from csire_bridge.store.sql.row_mapper import from_rows
from csire_bridge.store.tables import orders

__all__ = ["timed_orders"]

_COLUMNS = [orders.c[field.name] for field in fields(TimedOrder)]


def timed_orders(connection: Connection, month: PolishMonth | None = None) -> Iterator[TimedOrder]:
    """All orders, or those that were registered in ``month``."""
    query = select(*_COLUMNS)
    if month is not None:
        query = query.where(orders.c.registered_at >= month.begin, orders.c.registered_at < month.end)
    yield from from_rows(TimedOrder, connection.execution_options(yield_per=1000).execute(query))
