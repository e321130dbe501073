"""Opens the database, SQLite or PostgreSQL, so that commits are durable and every wait has a time limit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from csire_bridge.domain.errors import BridgeError, ConfigurationError, OurFault, StaleWrite, StoreFailure

__all__ = [
    "LONGEST_WAIT_SECONDS",
    "migration_transaction",
    "open_engine",
    "shrink",
    "store_errors",
    "write_transaction",
]

LONGEST_WAIT_SECONDS = 30
"""The longest wait for any lock."""

_INCREMENTAL = 2
_PAGES_AT_ONCE = 1000  # a few milliseconds, in which nobody else writes
_FORMS = "sqlite:///FILE or postgresql://USER@HOST/NAME"
# Who holds locks and says nothing (a hung process) loses them before those who wait give up.
_SESSION = {
    "timezone": "UTC",
    "lock_timeout": f"{LONGEST_WAIT_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{LONGEST_WAIT_SECONDS - 10}s",
    "statement_timeout": f"{LONGEST_WAIT_SECONDS * 10}s",
}
_PREPARE = "SELECT " + ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SESSION.items())
_DURABLE = (  # stronger settings of the server stay
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')"
)
# A peer that vanished without a word is noticed within half a minute.
_LIBPQ = {
    "application_name": "csire-bridge",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def open_engine(url: str) -> Engine:
    """Return an engine for ``url``; raise ConfigurationError when it names no database that we know."""
    try:
        address = _address(make_url(url))
        if address.get_backend_name() == "postgresql":
            return _postgresql(address)
        given = {"timeout": LONGEST_WAIT_SECONDS, "check_same_thread": False}
        # Who writes next gets the connection of who wrote last: any other would first have to forget its cached pages.
        engine = create_engine(
            address, connect_args=given, poolclass=QueuePool, pool_use_lifo=True, hide_parameters=True
        )
    except (ArgumentError, ImportError) as error:
        raise ConfigurationError(f"the database address is not understood: {error}", f"give {_FORMS}") from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def _address(url: URL) -> URL:
    """The address with the one driver that we use for each kind of database."""
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("postgresql+psycopg", "sqlite", "sqlite+pysqlite"):
        raise ArgumentError(f"{url.drivername!r} is no kind of database that the bridge knows")
    return url


def _postgresql(address: URL) -> Engine:
    given = {name: value for name, value in _LIBPQ.items() if name not in address.query}
    engine = create_engine(
        address,
        connect_args=given,
        pool_pre_ping=True,
        pool_timeout=LONGEST_WAIT_SECONDS,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection: Any, _record: object) -> None:
    connection.autocommit = True
    connection.execute(_PREPARE)
    connection.execute(_DURABLE)
    connection.autocommit = False


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions are opened by _begin, not by the driver
    if connection.execute("PRAGMA page_count").fetchone()[0] == 0:  # it counts for a new file only
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={LONGEST_WAIT_SECONDS * 1000}")


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


def shrink(engine: Engine) -> bool:
    """Return some free pages of an SQLite file to the file system; return whether there may be more."""
    with engine.connect() as connection:
        driver = cast(sqlite3.Connection, connection.connection.driver_connection)
        if driver.execute("PRAGMA auto_vacuum").fetchone()[0] != _INCREMENTAL:
            return False
        before = _free_pages(driver)
        driver.execute(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})").fetchall()
        return 0 < _free_pages(driver) < before


def _free_pages(driver: sqlite3.Connection) -> int:
    return int(driver.execute("PRAGMA freelist_count").fetchone()[0])


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn the database driver's exceptions into StoreFailure, with a sentence for people."""
    try:
        yield
    except (DBAPIError, DatabaseError) as error:
        raise _ours(error) from error
    except PoolTimeout as error:
        raise StoreFailure(
            "all connections to the database are in use", "run fewer threads in one process, or look for what hangs"
        ) from error


_UNIQUE = frozenset({"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})
_TRY_AGAIN = frozenset({"40001", "40P01"})  # serialization failure, deadlock
_WAITED = frozenset({"55P03", "57014", "25P03"})  # lock, statement and idle time-outs


def _ours(error: DBAPIError) -> BridgeError:
    code = str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None) or "")
    if code in _UNIQUE:
        return StaleWrite(f"a row was written by somebody else first: {error.orig}")
    if code in _TRY_AGAIN:
        return StaleWrite(f"two transactions blocked each other: {error.orig}")
    if code in _WAITED:
        return StoreFailure(
            f"the database did not answer in time: {error.orig}",
            "look for a hung process, a forgotten transaction or a slow disk; the work is tried again",
        )
    if code.startswith(("22", "23", "SQLITE_CONSTRAINT")):  # this row only: the next one may be fine
        return OurFault(f"the database refuses a row: {error.orig}", "report it: the bridge is wrong")
    return StoreFailure(
        f"the database can't be used: {error.orig}",
        "look at free space, permissions and the database's address, then start again",
    )
