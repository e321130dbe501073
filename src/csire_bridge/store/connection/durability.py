"""Checks that a database keeps what it commits, by asking the database itself, not its settings file."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from csire_bridge.store.tables import metadata

__all__ = ["durability_problems"]

_FULL = 2  # SQLite's synchronous: 0 off, 1 normal, 2 full, 3 extra
_KEEPING = {  # PostgreSQL's setting, its good values, and what a bad one costs
    "fsync": ({"on"}, "a power cut can lose or break everything"),
    "full_page_writes": ({"on"}, "a power cut can leave pages that are half old, half new"),
    "synchronous_commit": ({"on", "remote_apply"}, "a crash loses what was just committed"),
}
_NOT_KEPT = text(
    "SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relpersistence <> 'p' "
    "AND c.relname = ANY(:names) AND pg_table_is_visible(c.oid) ORDER BY c.relname"
)


def durability_problems(connection: Connection) -> list[str]:
    """The reasons why a committed transaction might be lost, each with its remedy."""
    if connection.dialect.name == "postgresql":
        return list(_of_postgresql(connection))
    return list(_of_sqlite(connection))


def _of_sqlite(connection: Connection) -> Iterator[str]:
    mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    if mode != "wal":
        yield (
            f"the SQLite database works in the mode {mode!r}, not with a write-ahead log: its file system does not "
            "have what that needs -> put the database on a disk of this machine, not on a network drive"
        )
    level = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    if level < _FULL:
        yield f"the SQLite database does not wait for the disk (synchronous {level}) -> report it: the bridge sets this"


def _of_postgresql(connection: Connection) -> Iterator[str]:
    for name, (good, harm) in _KEEPING.items():
        value = connection.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar_one()
        if value not in good:
            yield (
                f"PostgreSQL runs with {name} = {value}: {harm} "
                f"-> set {name} = on in postgresql.conf and reload the server"
            )
    unlogged = connection.execute(_NOT_KEPT, {"names": [*metadata.tables, "alembic_version"]}).scalars().all()
    if unlogged:
        yield (f"the tables {', '.join(unlogged)} are not logged: a crash empties them -> ALTER TABLE ... SET LOGGED")
    encoding = connection.execute(text("SELECT current_setting('server_encoding')")).scalar_one()
    if encoding != "UTF8":
        yield f"the database's encoding is {encoding} -> make it with ENCODING 'UTF8'"
