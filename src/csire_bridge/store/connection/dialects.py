"""The few statements that differ between SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Executable, Table, text
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["insert_new", "lift_limits", "take_turns", "upsert"]

_LIMITS = ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout")

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def take_turns(connection: Connection, name: str) -> None:
    """Lock a name until this transaction ends: wait for any other transaction that locked the same name.

    Does nothing in SQLite, which has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"name": name})


def insert_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless its key exists; return whether it was inserted. A second writer waits for the first
    commit."""
    if connection.dialect.name == "postgresql":
        change: Executable = postgresql.insert(table).values(values).on_conflict_do_nothing()
    else:
        change = sqlite.insert(table).values(values).on_conflict_do_nothing()
    # Of an INSERT the count is not kept by itself, and would be -1 with psycopg.
    return connection.execute(change, execution_options={"preserve_rowcount": True}).rowcount == 1


def upsert(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row, or write its other columns where its primary key exists."""
    kinds = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
    new: Any = kinds[connection.dialect.name](table).values(values)
    others = {name: new.excluded[name] for name in values if name not in table.primary_key.columns}
    connection.execute(new.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=others))


def lift_limits(connection: Connection) -> None:
    """Let the statements of this transaction, and the pauses between them, take as long as they need."""
    if connection.dialect.name == "postgresql":
        for name in _LIMITS:
            connection.execute(text(f"SET LOCAL {name} = 0"))
