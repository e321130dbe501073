"""Opens the database, SQLite or PostgreSQL, and its transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from csire_bridge.domain.errors import ConfigurationError, StoreFailure
from csire_bridge.store.connection.failures import store_errors
from csire_bridge.store.connection.options import DatabaseOptions
from csire_bridge.store.connection.postgresql import open_postgresql, postgresql_address
from csire_bridge.store.connection.sqlite import open_sqlite

__all__ = ["migration_transaction", "open_engine", "write_transaction"]

_FORMS = "sqlite:///FILE or postgresql://USER@HOST/NAME"
_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def open_engine(url: str, options: DatabaseOptions | None = None) -> Engine:
    """Return an engine for ``url``; raise ConfigurationError when it names no database that we know."""
    try:
        address = _address(url)
        opening = open_sqlite if address.drivername == "sqlite" else open_postgresql
        return opening(address, options or DatabaseOptions())
    except (ArgumentError, ImportError) as error:
        raise ConfigurationError(f"the database address is not understood: {error}", f"give {_FORMS}") from error


def _address(url: str) -> URL:
    """The address with the one driver that we use for each kind of database."""
    address = postgresql_address(url)
    if address.drivername not in _DRIVERS:
        raise ArgumentError(f"{address.drivername!r} is no kind of database that the bridge knows")
    return address.set(drivername=_DRIVERS[address.drivername])


@contextmanager
def write_transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction: committed at the end, rolled back by any exception."""
    with store_errors(), engine.begin() as connection:
        yield connection


@contextmanager
def migration_transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction in which tables may be rebuilt: SQLite would count a dropped table as its rows' deletion.

    Raises StoreFailure when rows are left that refer to nothing; then nothing is changed.
    """
    if engine.dialect.name != "sqlite":
        with write_transaction(engine) as connection:
            yield connection
        return
    with store_errors(), engine.connect() as connection:
        driver = cast(sqlite3.Connection, connection.connection.driver_connection)
        driver.execute("PRAGMA foreign_keys=OFF")  # counts only outside of a transaction
        try:
            with connection.begin():
                yield connection
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise StoreFailure("the upgrade would lose rows", "report it: the migration is wrong")
        finally:
            driver.execute("PRAGMA foreign_keys=ON")
