"""Inserts rows and returns their new keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Select, Table, func, insert, select

from csire_bridge.store.sql.execute_many import execute_many

__all__ = ["add_rows"]


def add_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> list[int]:
    """Insert ``rows``, which leave the column ``key`` out; return their keys in the same order.

    SQLite can't return the keys of many rows from one statement. But there is only one writer until the transaction
    ends, so the keys are assigned here, in the same way as SQLite would.
    """
    if not rows:
        return []
    if connection.dialect.name != "sqlite" or len(rows) == 1:
        return list(connection.execute(_telling(table), rows).scalars())
    first = int(connection.execute(_next(table)).scalar_one())
    keys = list(range(first, first + len(rows)))
    execute_many(connection, _plain(table), [{"key": key, **row} for key, row in zip(keys, rows, strict=True)])
    return keys


@cache
def _telling(table: Table) -> Insert:
    return insert(table).returning(table.c.key, sort_by_parameter_order=True)


@cache
def _next(table: Table) -> Select[Any]:
    return select(func.coalesce(func.max(table.c.key), 0) + 1)


@cache
def _plain(table: Table) -> Insert:
    return insert(table)
