"""The internal time of each process of the service, within one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, or_, select, update

from csire_bridge.store.connection.dialects import insert_new
from csire_bridge.store.sql.row_mapper import from_row, from_rows, to_row
from csire_bridge.store.tables import clocks

__all__ = ["Clocks", "ProcessClock"]

_FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ProcessClock:
    """The time of a process: ``at`` (UTC) when its machine had run for ``ticks`` seconds.

    ``machine`` identifies one boot of a machine. ``differs_since`` (UTC): since when the process does not follow the
    clock that it should. ``ahead``: by how many seconds that clock is ahead of the process.
    """

    process: str
    machine: str
    ticks: float
    at: datetime
    differs_since: datetime | None = None
    ahead: float | None = None


class Clocks:
    """A row for each running process; the row of a process that died becomes old and is removed later."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, here: ProcessClock) -> None:
        """Write the internal time of a process."""
        values = to_row(here)
        change = update(clocks).where(clocks.c.process == here.process).values(values)
        if not self._connection.execute(change).rowcount:
            insert_new(self._connection, clocks, values)

    def all(self) -> list[ProcessClock]:
        """The row of every process, the one that wrote last first."""
        return list(from_rows(ProcessClock, self._connection.execute(select(clocks).order_by(clocks.c.at.desc()))))

    def newest_on(self, machine: str) -> ProcessClock | None:
        """The newest row of a machine in its present boot."""
        query = select(clocks).where(clocks.c.machine == machine).order_by(clocks.c.ticks.desc()).limit(1)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else from_row(ProcessClock, row)

    def forget(self, process: str, now: datetime) -> None:
        """Delete the row of a process that ends, and those of processes that died long ago."""
        old = or_(clocks.c.at < now - _FORGOTTEN_AFTER, clocks.c.at > now + _FORGOTTEN_AFTER)
        self._connection.execute(delete(clocks).where(or_(clocks.c.process == process, old)))

    def of_the_server(self) -> datetime | None:
        """The database server's own time (UTC); None for SQLite, which has none."""
        if self._connection.dialect.name != "postgresql":
            return None
        found: datetime = self._connection.execute(select(func.clock_timestamp())).scalar_one()
        return found
