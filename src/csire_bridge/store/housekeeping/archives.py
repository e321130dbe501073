"""Which archives retention has written, within one transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from csire_bridge.domain.operations.retention import Archive, Kept
from csire_bridge.store.sql.row_mapper import from_row
from csire_bridge.store.tables import archives

__all__ = ["Archives"]

_COLUMNS = [c for c in archives.c if c.name in Archive.__dataclass_fields__]


class Archives:
    """Archives within one transaction. At most one is unfinished."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def unfinished(self) -> Archive | None:
        """The archive whose content was not all deleted yet."""
        row = self._connection.execute(select(*_COLUMNS).where(archives.c.ended_at.is_(None))).first()
        return None if row is None else _archive(row)

    def begin(self, kind: Kept, now: datetime) -> Archive:
        """Reserve a name for an archive; after a crash while writing, the next run continues with it."""
        values = {"name": f"retention-{now:%Y%m%dT%H%M%S%fZ}-{kind}.zip", "kind": kind.value, "begun_at": now}
        statement = insert(archives).values(values).returning(*_COLUMNS)
        return _archive(self._connection.execute(statement).one())

    def written(self, archive: Archive, sha256: str, count: int) -> None:
        """The file is complete and on the disk; from now on its content may be deleted."""
        self._change(archive, sha256=sha256, count=count)

    def end(self, archive: Archive, now: datetime) -> None:
        """Note that everything in the archive was deleted from the database, or has to stay."""
        self._change(archive, ended_at=now)

    def _change(self, archive: Archive, **values: object) -> None:
        self._connection.execute(update(archives).where(archives.c.key == archive.key).values(values))


def _archive(row: Row[tuple[object, ...]]) -> Archive:
    return from_row(Archive, row)
