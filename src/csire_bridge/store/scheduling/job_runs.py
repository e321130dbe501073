"""When scheduled jobs last ran, within one transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from csire_bridge.domain.errors import OurFault
from csire_bridge.domain.operations.schedule import KnownTick
from csire_bridge.store.connection.dialects import insert_new
from csire_bridge.store.sql.row_mapper import from_row, from_rows
from csire_bridge.store.tables import ticks

__all__ = ["Ticks"]


class Ticks:
    """When scheduled jobs last ran."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> KnownTick | None:
        """What is known of a job."""
        row = self._connection.execute(select(ticks).where(ticks.c.name == name)).one_or_none()
        return None if row is None else from_row(KnownTick, row)

    def all(self) -> list[KnownTick]:
        """What is known of every job, by name."""
        return list(from_rows(KnownTick, self._connection.execute(select(ticks).order_by(ticks.c.name))))

    def meet(self, name: str, now: datetime) -> KnownTick:
        """What is known of a job; an unknown one is recorded as known from ``now``."""
        insert_new(self._connection, ticks, {"name": name, "since": now, "done_at": None})
        known = self.get(name)
        if known is None:
            raise OurFault(f"the row of the job {name} was removed while it was written", "report it")
        return known

    def done(self, name: str, at: datetime) -> None:
        """Record that the job ran."""
        self._connection.execute(update(ticks).where(ticks.c.name == name).values(done_at=at))
