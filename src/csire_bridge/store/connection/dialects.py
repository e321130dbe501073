"""What SQLite and PostgreSQL say in different words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Executable, Table, text
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["insert_new", "take_turns"]

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def take_turns(connection: Connection, name: str) -> None:
    """Wait until nobody else is in a transaction that said the same name, and keep others out until this one ends.

    SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"name": name})


def insert_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Write a row unless its key is taken already, and say which; who comes second waits for the first one's commit."""
    if connection.dialect.name == "postgresql":
        change: Executable = postgresql.insert(table).values(values).on_conflict_do_nothing()
    else:
        change = sqlite.insert(table).values(values).on_conflict_do_nothing()
    return connection.execute(change).rowcount == 1
