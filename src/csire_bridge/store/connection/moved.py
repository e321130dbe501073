"""The mark of a database whose contents were moved to another one: nobody works on it any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select

__all__ = ["mark_moved", "moved_to"]

_MARK = Table("moved", MetaData(), Column("target", String(500)), Column("at", String(40)))


def mark_moved(connection: Connection, target: str, now: datetime) -> None:
    """Mark the database as moved to the database ``target`` at ``now`` (UTC); its other tables stay as they are."""
    _MARK.create(connection)
    connection.execute(_MARK.insert().values(target=target, at=now.isoformat(" ", "seconds")))


def moved_to(connection: Connection) -> tuple[str, str] | None:
    """What the database is told to be moved to, and the remedy; None if it was not moved."""
    if not inspect(connection).has_table(_MARK.name):
        return None
    row = connection.execute(select(_MARK)).first()
    target, at = (row.target, row.at) if row else ("another database", "an unknown moment")
    return (
        f"the database was moved to {target} at {at}, and must not be used any more",
        "name that one (setting database); only if nothing was done there, drop the table moved to go back",
    )
