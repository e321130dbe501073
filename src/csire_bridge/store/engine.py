"""Opens the database: SQLite with everything that makes a commit durable, or PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, IntegrityError

from csire_bridge.domain.errors import ConfigurationError, StaleWrite, StoreFailure

__all__ = ["open_engine", "store_errors", "write_transaction"]

_BUSY_SECONDS = 30


def open_engine(url: str) -> Engine:
    """Return an engine for ``url``; raise ConfigurationError when it names no database that we know."""
    try:
        if make_url(url).get_backend_name() != "sqlite":
            return create_engine(url, pool_pre_ping=True)
        engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})
    except (ArgumentError, ImportError) as error:
        raise ConfigurationError(f"the database address is not understood: {error}", "sqlite:///FILE") from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions are opened by _begin, not by the driver
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later is refused at once under load: take the write lock first.
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


@contextmanager
def write_transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction: committed at the end, rolled back by any exception."""
    with store_errors(), engine.begin() as connection:
        yield connection


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn a database's exceptions into ours, with a sentence."""
    try:
        yield
    except IntegrityError as error:
        if "unique" not in str(error.orig).lower():
            raise StoreFailure(f"the database refuses a row: {error.orig}", "report it: the bridge is wrong") from error
        raise StaleWrite(f"a row was written by somebody else first: {error.orig}") from error
    except (DBAPIError, DatabaseError) as error:
        raise StoreFailure(
            f"the database can't be used: {error.orig}",
            "look at free space, permissions and the database's address, then start again",
        ) from error
