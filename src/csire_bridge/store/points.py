"""The registry of metering points within one transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.registry import MeteringPoint
from csire_bridge.store.rows import from_row, to_row
from csire_bridge.store.tables import metering_points

__all__ = ["PointRegistry"]


class PointRegistry:
    """Metering points within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, code: MeteringPointCode) -> MeteringPoint | None:
        """What is known of a metering point, or None."""
        query = select(metering_points).where(metering_points.c.code == str(code))
        row = self._connection.execute(query).one_or_none()
        return None if row is None else from_row(MeteringPoint, row._mapping)  # type: ignore[arg-type]

    def switched(self, code: MeteringPointCode, connected: bool, at: datetime) -> None:
        """Note that the supply was found on or off at ``at`` (UTC)."""
        statement = update(metering_points).where(metering_points.c.code == str(code))
        self._connection.execute(statement.values(connected=connected, updated_at=at))

    def put(self, point: MeteringPoint) -> None:
        """Write what is now known of a metering point."""
        self._connection.execute(delete(metering_points).where(metering_points.c.code == str(point.code)))
        self._connection.execute(insert(metering_points).values(to_row(point)))
