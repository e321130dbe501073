"""The registry of metering points within one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.messages import RegistryUpdate
from csire_bridge.domain.registry import MeteringPoint, merge
from csire_bridge.store.rows import from_row, to_row
from csire_bridge.store.tables import metering_point_updates, metering_points

__all__ = ["PointRegistry"]

_OF = select(metering_points).where(metering_points.c.code.in_(bindparam("codes", expanding=True)))
_SWITCHED = (
    update(metering_points)
    .where(metering_points.c.code == bindparam("b_code"))
    .values(connected=bindparam("connected"), updated_at=bindparam("updated_at"))
)
_LOCK = _OF.order_by(metering_points.c.code).with_for_update()
_ADD = insert(metering_points)
_CHANGE = update(metering_points).where(metering_points.c.code == bindparam("b_code"))
_TELL = insert(metering_point_updates)
_DUE = (
    select(metering_point_updates)
    .where(
        metering_point_updates.c.metering_point.in_(bindparam("codes", expanding=True)),
        metering_point_updates.c.applied_at.is_(None),
        metering_point_updates.c.effective_date <= bindparam("today"),
    )
    .order_by(metering_point_updates.c.effective_date, metering_point_updates.c.key)
)
_APPLIED = (
    update(metering_point_updates)
    .where(metering_point_updates.c.key == bindparam("b_key"))
    .values(applied_at=bindparam("applied_at"))
)


class PointRegistry:
    """Metering points within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, code: MeteringPointCode) -> MeteringPoint | None:
        """What is known of a metering point, or None; what comes into force later is not looked at."""
        return self._known([code]).get(code)

    def of(self, codes: Sequence[MeteringPointCode], now: datetime) -> dict[MeteringPointCode, MeteringPoint]:
        """What holds for metering points at ``now`` (UTC), by code; what has come into force is applied first."""
        if not codes:
            return {}
        self._apply_due(codes, now)
        return self._known(codes)

    def tell(self, update: RegistryUpdate, now: datetime) -> None:
        """Note what a message says of a point; it holds from the start of its effective date (Polish time) on."""
        self._connection.execute(_TELL, {**to_row(update), "told_at": now})
        self._apply_due([update.metering_point], now)

    def hold(self, codes: Sequence[MeteringPointCode]) -> None:
        """Keep others from deciding about these points until this transaction ends; points not known are not held."""
        self._held(codes)

    def _apply_due(self, codes: Sequence[MeteringPointCode], now: datetime) -> None:
        """Apply what has come into force; whoever does so for the same point at once waits, or gets StaleWrite."""
        if not self._due(codes, now):
            return
        known = self._held(codes)
        due = self._due(codes, now)  # again: somebody else may have applied them before we held the points
        points = dict(known)
        for row in due:
            told = from_row(RegistryUpdate, row._mapping)  # type: ignore[arg-type]
            points[told.metering_point] = merge(points.get(told.metering_point), told, now)
        for code, point in points.items():
            if code not in known:
                self._connection.execute(_ADD, to_row(point))
            elif point != known[code]:
                self._change(point)
        if due:
            self._connection.execute(_APPLIED, [{"b_key": row.key, "applied_at": now} for row in due])

    def _due(self, codes: Sequence[MeteringPointCode], now: datetime) -> Sequence[Row[Any]]:
        today = now.astimezone(WARSAW).date()
        return self._connection.execute(_DUE, {"codes": [str(code) for code in codes], "today": today}).all()

    def _known(self, codes: Sequence[MeteringPointCode]) -> dict[MeteringPointCode, MeteringPoint]:
        return _points(self._connection.execute(_OF, {"codes": [str(code) for code in codes]}))

    def _held(self, codes: Sequence[MeteringPointCode]) -> dict[MeteringPointCode, MeteringPoint]:
        return _points(self._connection.execute(_LOCK, {"codes": [str(code) for code in codes]})) if codes else {}

    def switched(self, code: MeteringPointCode, connected: bool, at: datetime) -> None:
        """Note that the supply was found on or off at ``at`` (UTC)."""
        self.switched_all([(code, connected, at)])

    def switched_all(self, found: Sequence[tuple[MeteringPointCode, bool, datetime]]) -> None:
        """Note (point, supply is on, moment in UTC) of each that was looked at."""
        if found:
            rows = [{"b_code": str(code), "connected": on, "updated_at": at} for code, on, at in found]
            self._connection.execute(_SWITCHED, rows)

    def put(self, point: MeteringPoint) -> None:
        """Write what is now known of a metering point, whatever was known before."""
        if not self._change(point):
            self._connection.execute(_ADD, to_row(point))

    def _change(self, point: MeteringPoint) -> bool:
        """Whether there was such a point."""
        values = {"b_code": str(point.code), **to_row(point, "code")}
        return self._connection.execute(_CHANGE, values).rowcount == 1


def _points(rows: Iterable[Row[Any]]) -> dict[MeteringPointCode, MeteringPoint]:
    return {MeteringPointCode(row.code): from_row(MeteringPoint, row._mapping) for row in rows}  # type: ignore[arg-type]
