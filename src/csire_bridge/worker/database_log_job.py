"""Keeps SQLite's write-ahead log small, and notices where it can't be cut because somebody reads for very long."""

from __future__ import annotations

from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.store.database import Database

__all__ = ["TOO_LONG", "keep_log_small", "log_alerts"]

TOO_LONG = 10
"""A log that is so many times as long as it may stay is an alert: it can't be cut, or nobody cuts it."""


def keep_log_small(database: Database) -> None:
    """Write the log's pages into the database file, and cut the log if it is too long. Waits for nobody.

    While somebody reads, the log keeps what was written since; so a reader of hours lets it grow. Raises StoreFailure.
    """
    database.checkpoint()


def log_alerts(database: Database) -> list[Alert]:
    """An alert if the log is far too long, else none."""
    size = database.log_size
    if size <= TOO_LONG * database.options.log_bytes:
        return []
    return [Alert(AlertKind.DATABASE_LOG_LONG, 1, detail=f"{size // 1_000_000} MB beside {database.file}")]
