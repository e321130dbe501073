"""Complaints of complaint holds, within one transaction. Each is decided once and disputed once; nothing is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from csire_bridge.domain.errors import StaleWrite
from csire_bridge.domain.metering_point.complaints import Complaint, Decision
from csire_bridge.store.sql.array_parameter import any_of
from csire_bridge.store.sql.row_mapper import reader_of, to_row
from csire_bridge.store.tables import complaints

__all__ = ["Complaints"]

_OF = select(complaints).where(any_of(complaints.c.key, "keys"))


class Complaints:
    """Complaints by the key of their hold."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, hold: int, complaint: Complaint) -> None:
        """Write the complaint of a new hold."""
        self._connection.execute(insert(complaints).values({"key": hold, **to_row(complaint)}))

    def of(self, holds: Sequence[int]) -> dict[int, Complaint]:
        """The complaints of these holds; a hold of another kind has none."""
        if not holds:
            return {}
        result = self._connection.execute(_OF, {"keys": list(holds)})
        read = reader_of(Complaint, result)
        return {row.key: read(row) for row in result}

    def decide(self, hold: int, decision: Decision, by: str, at: datetime, why: str | None) -> None:
        """Record the decision; raise StaleWrite when there is one already."""
        values = {"decision": decision.value, "decided_at": at, "decided_by": by, "decided_why": why}
        free = update(complaints).where(complaints.c.key == hold, complaints.c.decision.is_(None))
        if not self._connection.execute(free.values(values)).rowcount:
            raise StaleWrite(f"the complaint of hold {hold} was decided before")

    def dispute(self, hold: int, by: str, at: datetime, why: str | None) -> None:
        """Record a dispute before the coordinator; raise StaleWrite when there is one already."""
        values = {"disputed_at": at, "disputed_by": by, "disputed_why": why}
        free = update(complaints).where(complaints.c.key == hold, complaints.c.disputed_at.is_(None))
        if not self._connection.execute(free.values(values)).rowcount:
            raise StaleWrite(f"the complaint of hold {hold} is disputed already")
