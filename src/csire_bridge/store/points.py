"""The registry of metering points within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.registry import MeteringPoint
from csire_bridge.store.rows import from_row, to_row
from csire_bridge.store.tables import metering_points

__all__ = ["PointRegistry"]

_OF = select(metering_points).where(metering_points.c.code.in_(bindparam("codes", expanding=True)))
_SWITCHED = (
    update(metering_points)
    .where(metering_points.c.code == bindparam("b_code"))
    .values(connected=bindparam("connected"), updated_at=bindparam("updated_at"))
)
_REMOVE = delete(metering_points).where(metering_points.c.code == bindparam("b_code"))
_ADD = insert(metering_points)


class PointRegistry:
    """Metering points within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, code: MeteringPointCode) -> MeteringPoint | None:
        """What is known of a metering point, or None."""
        return self.of([code]).get(code)

    def of(self, codes: Sequence[MeteringPointCode]) -> dict[MeteringPointCode, MeteringPoint]:
        """What is known of metering points, by their codes."""
        if not codes:
            return {}
        rows = self._connection.execute(_OF, {"codes": [str(code) for code in codes]})
        return {MeteringPointCode(row.code): from_row(MeteringPoint, row._mapping) for row in rows}  # type: ignore[arg-type]

    def switched(self, code: MeteringPointCode, connected: bool, at: datetime) -> None:
        """Note that the supply was found on or off at ``at`` (UTC)."""
        self.switched_all([(code, connected, at)])

    def switched_all(self, found: Sequence[tuple[MeteringPointCode, bool, datetime]]) -> None:
        """Note (point, supply is on, moment in UTC) of each that was looked at."""
        if found:
            rows = [{"b_code": str(code), "connected": on, "updated_at": at} for code, on, at in found]
            self._connection.execute(_SWITCHED, rows)

    def put(self, point: MeteringPoint) -> None:
        """Write what is now known of a metering point."""
        self._connection.execute(_REMOVE, {"b_code": str(point.code)})
        self._connection.execute(_ADD, to_row(point))
