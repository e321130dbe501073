"""Opens an SQLite file, so that commits are durable and every wait has a time limit; keeps its write-ahead log small.

A file that can't be written is opened for reading.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from csire_bridge.store.connection.options import LONGEST_WAIT_SECONDS, DatabaseOptions

__all__ = ["LogState", "checkpoint", "cut_log", "is_writable", "open_sqlite", "shrink", "sqlite_file"]

_INCREMENTAL = 2
_PAGES_AT_ONCE = 1000  # a few milliseconds, in which nobody else writes
_WAIT = LONGEST_WAIT_SECONDS * 1000


@dataclass(frozen=True, slots=True)
class LogState:
    """The write-ahead log after a checkpoint: its frames (pages), and how many of them are in the database file.

    They differ while a reader or a writer needs the others.
    """

    frames: int
    done: int


def open_sqlite(address: URL, options: DatabaseOptions) -> Engine:
    """An engine for a file."""
    given: dict[str, Any] = {"timeout": LONGEST_WAIT_SECONDS, "check_same_thread": False}
    file = sqlite_file(address)
    plain = file if file and not str(file).startswith("file:") else None
    creator = {"creator": partial(_connect, plain, given)} if plain else {}
    # Who writes next gets the connection of who wrote last: any other would first have to forget its cached pages.
    engine = create_engine(
        address, connect_args=given, poolclass=QueuePool, pool_use_lifo=True, hide_parameters=True, **creator
    )
    event.listen(engine, "connect", _preparing(options.log_bytes))
    event.listen(engine, "begin", _begin)
    return engine


def sqlite_file(address: URL) -> Path | None:
    """The file of an address; None for one in memory."""
    name = address.database
    return Path(name) if name and name != ":memory:" else None


def _connect(file: Path, given: dict[str, Any]) -> sqlite3.Connection:
    mode = "rwc" if is_writable(file) else "ro&immutable=1" if _nobody_writes(file) else "ro"
    address = f"file:{quote(str(file.absolute()))}?mode={mode}"
    connection: sqlite3.Connection = sqlite3.connect(address, uri=True, **given)
    return connection


def is_writable(file: Path) -> bool:
    """Whether this user may write the file, and its file system takes writes; one that is not there can be made."""
    return os.access(file, os.W_OK) if file.exists() else True


def _nobody_writes(file: Path) -> bool:
    """Whether the file is complete without a log and can't change: then SQLite needs no files of its own beside it.

    Only a read-only file system is proof enough: where just we may not write, the service may begin to at any moment.
    """
    return bool(os.statvfs(file).f_flag & os.ST_RDONLY) and not _log_of(file).exists()


def _log_of(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


def _preparing(log_bytes: int) -> Callable[[sqlite3.Connection, object], None]:
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions are opened by _begin, not by the driver
        connection.execute(f"PRAGMA busy_timeout={_WAIT}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA journal_size_limit={log_bytes}")
        if _takes_writes(connection):
            if connection.execute("PRAGMA page_count").fetchone()[0] == 0:  # it counts for a new file only
                connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("PRAGMA journal_mode=WAL")

    return prepare


def _takes_writes(connection: sqlite3.Connection) -> bool:
    file = connection.execute("PRAGMA database_list").fetchone()[2]
    return not file or is_writable(Path(file))


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later is refused at once under load: take the write lock first.
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def checkpoint(engine: Engine) -> LogState:
    """Bring the log's pages into the database file as far as nobody needs them; waits for nobody, and nobody for it."""
    with engine.connect() as connection:
        return _checkpoint(connection, "PASSIVE")


def cut_log(engine: Engine) -> LogState:
    """The same, and empty the log's file if every page of it is in the database; gives up at once if somebody uses it.

    Writers wait while the last pages are copied, so call ``checkpoint`` first.
    """
    with engine.connect() as connection:
        driver = _driver(connection)
        driver.execute("PRAGMA busy_timeout=0")
        try:
            return _checkpoint(connection, "TRUNCATE")
        finally:
            driver.execute(f"PRAGMA busy_timeout={_WAIT}")


def _checkpoint(connection: Connection, mode: str) -> LogState:
    _busy, frames, done = _driver(connection).execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    return LogState(frames, done)


def shrink(engine: Engine) -> bool:
    """Return some free pages of an SQLite file to the file system; return whether there may be more."""
    with engine.connect() as connection:
        driver = _driver(connection)
        if driver.execute("PRAGMA auto_vacuum").fetchone()[0] != _INCREMENTAL:
            return False
        before = _free_pages(driver)
        driver.execute(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})").fetchall()
        return 0 < _free_pages(driver) < before


def _free_pages(driver: sqlite3.Connection) -> int:
    return int(driver.execute("PRAGMA freelist_count").fetchone()[0])


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.driver_connection)
