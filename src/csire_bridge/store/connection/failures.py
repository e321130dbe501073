"""Turns what database drivers raise into our errors, and notices connections on which nothing can be written any more.

After a failover a connection may live on although its server takes no writes. It counts as dead, and so do all others
of its pool: the next transaction looks for the server that takes writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from csire_bridge.domain.errors import BridgeError, OurFault, StaleWrite, StoreFailure

__all__ = ["notice_lost_servers", "store_errors"]

_UNIQUE = frozenset({"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})
_TRY_AGAIN = frozenset({"40001", "40P01"})  # serialization failure, deadlock
_WAITED = frozenset({"55P03", "57014", "25P03"})  # lock, statement and idle time-outs
_LOST = frozenset({"25006", "57P01", "57P02", "57P03", "57P05"})  # takes no writes; shut down, crashed, starting; idle
_LOST_CLASS = "08"  # connection exceptions
_READ_ONLY = "SQLITE_READONLY"
_BROKEN = ("SQLITE_NOTADB", "SQLITE_CORRUPT")


def notice_lost_servers(engine: Engine) -> None:
    """Let a server that is gone, or takes no writes any more, count as a dead connection: its pool is emptied."""
    event.listen(engine, "handle_error", _count_as_dead)


def _count_as_dead(context: ExceptionContext) -> None:
    if _is_lost(str(getattr(context.original_exception, "sqlstate", None) or "")):
        context.is_disconnect = True


def _is_lost(code: str) -> bool:
    return code in _LOST or code.startswith(_LOST_CLASS)


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
    return _not_usable(error, code)


def _not_usable(error: DBAPIError, code: str) -> StoreFailure:
    words, remedy = f"the database can't be used: {error.orig}", "look at free space, permissions and its address"
    if code == "25006" or "session is read-only" in words:
        words = f"the database can't be used for writing, the server takes reads only: {error.orig}"
        remedy = "promote a standby, or end the server's read-only mode"
    elif "statement pooling mode" in words:
        remedy = "set pool_mode = transaction (or session) in PgBouncer: the bridge needs transactions"
    elif code.startswith(_READ_ONLY):
        words = f"the database can't be used for writing, its file or file system is read-only: {error.orig}"
        remedy = "let the user of the service write the file and its folder; look whether the disk failed"
    elif code == "SQLITE_NOTADB":
        words = f"the file is no SQLite database, or it is encrypted: {error.orig}"
        remedy = "name the right one (setting database, or --database), or restore a backup"
    elif code.startswith("SQLITE_CORRUPT"):
        words = f"the database is damaged: {error.orig}"
        remedy = "stop the service, keep the file, and restore a backup: docs/backups.md"
    elif error.connection_invalidated or _is_lost(code):
        words = f"the database can't be used, its server went away: {error.orig}"
        remedy = "look at the database server, if this goes on"
    again = "" if code.startswith(_BROKEN) else "; a running service tries again by itself"
    return StoreFailure(words, remedy + again)
