"""Rows as plain values, for display and for evidence."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Table, select

__all__ = ["Facts", "facts_of", "history_of", "rows_of"]

Facts = dict[str, Any]


def rows_of(connection: Connection, table: Table, condition: Any) -> list[Row[Any]]:
    """The rows of a table that meet a condition, in the order in which they were written."""
    return list(connection.execute(select(table).where(condition).order_by(table.c.key)))


def history_of(connection: Connection, table: Table, condition: Any) -> list[Facts]:
    """The same as plain values."""
    return [facts_of(row) for row in rows_of(connection, table, condition)]


def facts_of(row: Row[Any]) -> Facts:
    """The plain columns of a row; bytes are left out."""
    return {name: value for name, value in row._mapping.items() if not isinstance(value, bytes)}
