"""How large the database is."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

__all__ = ["database_bytes"]


def database_bytes(connection: Connection) -> dict[str, int]:
    """The size in ``bytes``; of SQLite also ``wal_bytes``, the size of its write-ahead log."""
    if connection.dialect.name == "postgresql":
        size = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
        return {"bytes": int(size)}
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    each = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    name = connection.engine.url.database
    log = Path(f"{name}-wal")
    return {"bytes": int(pages) * int(each), "wal_bytes": log.stat().st_size if log.exists() else 0}
