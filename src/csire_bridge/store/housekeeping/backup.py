"""Backups of an SQLite database: taken while the service writes; restored completely or not at all."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from csire_bridge.domain.errors import ConfigurationError, StoreFailure

__all__ = ["Backup", "back_up", "look_at", "restore"]

_BUSY_SECONDS = 5.0
_COMPANIONS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was found whole. ``revision`` is the version of its tables, ``orders`` how many it has."""

    file: Path
    revision: str
    bytes: int
    orders: int


def back_up(source: Path, target: Path) -> Backup:
    """Copy the database ``source`` as it is at this moment into the new file ``target``; writers go on meanwhile.

    Everything that was committed before is in it. Raises ConfigurationError when ``source`` is no database of ours or
    ``target`` is there already, StoreFailure when the copy can't be written or is not whole.
    """
    if not source.is_file():
        raise ConfigurationError(f"there is no database {source}", "name one with --database sqlite:///FILE")
    if target.exists():
        raise ConfigurationError(f"{target} is there already", "name a new file: a backup never replaces another")
    with _beside(target) as copy:
        _copy(source, copy, "rw")
        found = look_at(copy)
        _put(copy, target)
    return Backup(target, found.revision, found.bytes, found.orders)


def look_at(file: Path) -> Backup:
    """Inspect a backup; raises ConfigurationError if it is not of this program, StoreFailure if it is damaged."""
    if not file.is_file():
        raise ConfigurationError(f"there is no file {file}", "name a file that `csire-bridge db backup` has made")
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            problems = [str(row[0]) for row in database.execute("PRAGMA integrity_check(5)")]
            if problems != ["ok"]:
                raise StoreFailure(f"{file} is damaged: {'; '.join(problems)}", "take an older backup")
            (revision,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
            (orders,) = database.execute("SELECT count(*) FROM orders").fetchone()
    except (sqlite3.OperationalError, TypeError) as error:
        raise ConfigurationError(f"{file} is no database of the bridge: {error}", "name a backup") from error
    except sqlite3.DatabaseError as error:
        raise StoreFailure(f"{file} is damaged: {error}", "take an older backup") from error
    return Backup(file, str(revision), file.stat().st_size, int(orders))


def restore(backup: Path, target: Path, at: datetime, *, force: bool = False) -> Path | None:
    """Replace ``target`` by ``backup``; return where the previous database is kept now, if there was one.

    A crash at any point leaves the old or the new database, whole. A database in use is never replaced, one
    with content only with ``force``. Raises ConfigurationError or StoreFailure.
    """
    look_at(backup)
    with _beside(target) as copy:
        _copy(backup, copy, "ro")
        look_at(copy)
        if not target.exists():
            _put(copy, target)
            return None
        with _nobody_uses(target) as tables:
            if tables and not force:
                raise ConfigurationError(
                    f"{target} is a database with content", "add --force to replace it; it is kept beside"
                )
            kept = target.with_name(f"{target.name}.replaced-{at:%Y%m%dT%H%M%S%fZ}")
            os.link(target, kept)
            _put(copy, target)
    return kept


@contextmanager
def _nobody_uses(file: Path) -> Iterator[int]:
    """Lock ``file`` exclusively, with its log written back; yields its number of tables. Raises ConfigurationError."""
    with closing(sqlite3.connect(file, timeout=_BUSY_SECONDS, isolation_level=None)) as database:
        try:
            # To leave the write-ahead log behind, SQLite must be alone with the file: even an idle service shows.
            database.execute("PRAGMA journal_mode=DELETE")
            database.execute("BEGIN EXCLUSIVE")
            (tables,) = database.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").fetchone()
        except sqlite3.OperationalError as error:
            raise ConfigurationError(
                f"the database {file} is in use ({error})", "stop every process of the bridge first"
            ) from error
        except sqlite3.DatabaseError:
            tables = 1  # no database that can be read; content all the same
        yield int(tables)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A name for an unfinished file in the folder of ``target``; whatever is left of it at the end is removed."""
    unfinished = target.with_name(f".{target.name}.unfinished-{os.getpid()}")
    try:
        with suppress(FileNotFoundError):
            unfinished.unlink()
        unfinished.touch(mode=0o600)
        yield unfinished
    except sqlite3.Error as error:
        raise StoreFailure(f"{target} can't be written: {error}", "look at free space and permissions") from error
    finally:
        for name in ("", *_COMPANIONS):
            Path(f"{unfinished}{name}").unlink(missing_ok=True)


def _copy(source: Path, target: Path, mode: str) -> None:
    """One consistent view of ``source``, in one file without a log beside it."""
    reading = sqlite3.connect(f"{source.absolute().as_uri()}?mode={mode}", uri=True, timeout=_BUSY_SECONDS)
    with closing(reading), closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode=DELETE")


def _put(file: Path, target: Path) -> None:
    """Give a finished file its final name, synced to the disk."""
    with file.open("rb+") as written:
        os.fsync(written.fileno())
    file.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
