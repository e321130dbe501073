"""The registry of metering points within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Result, Row, bindparam, func, insert, select, update

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.messages import RegistryUpdate
from csire_bridge.domain.registry import MeteringPoint, Source, Telling, as_update, learn, merge
from csire_bridge.store.among import among
from csire_bridge.store.bulk import execute_many
from csire_bridge.store.rows import from_row, from_rows, to_row
from csire_bridge.store.tables import metering_point_updates, metering_points

__all__ = ["PointRegistry"]

_OF = select(metering_points).where(among(metering_points.c.code, "codes"))
_SWITCHED = (
    update(metering_points)
    .where(metering_points.c.code == bindparam("b_code"))
    .values(connected=bindparam("connected"), updated_at=bindparam("updated_at"))
)
_LOCK = _OF.order_by(metering_points.c.code).with_for_update()
_HOLD = _LOCK.with_only_columns(metering_points.c.code)
_ADD = insert(metering_points)
_CHANGE = update(metering_points).where(metering_points.c.code == bindparam("b_code"))
_TELL = insert(metering_point_updates)
_DUE = (
    select(metering_point_updates)
    .where(
        among(metering_point_updates.c.metering_point, "codes"),
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


_HISTORY = (
    select(metering_point_updates)
    .where(metering_point_updates.c.metering_point == bindparam("code"))
    .order_by(metering_point_updates.c.key)
)
_WITH_METERS = select(metering_points.c.meter, metering_points.c.code).where(among(metering_points.c.meter, "meters"))
_LAST_TOLD = (
    select(metering_point_updates.c.metering_point, func.max(metering_point_updates.c.told_at).label("told_at"))
    .group_by(metering_point_updates.c.metering_point)
    .subquery()
)
_SINCE = func.coalesce(_LAST_TOLD.c.told_at, metering_points.c.updated_at, type_=metering_points.c.updated_at.type)
_NOT_TOLD_SINCE = (
    select(metering_points.c.code, _SINCE.label("told_at"))
    .join(_LAST_TOLD, _LAST_TOLD.c.metering_point == metering_points.c.code, isouter=True)
    .where(_SINCE < bindparam("moment", type_=metering_points.c.updated_at.type))  # noqa: SIM300 - it is none
    .order_by(_SINCE, metering_points.c.code)
    .limit(bindparam("limit"))
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
        self.tell_all([update], now, Source.MESSAGE)

    def tell_all(
        self, updates: Sequence[RegistryUpdate], now: datetime, source: Source, told_by: str | None = None
    ) -> None:
        """Note what is told of points, a point once at most; ``told_by`` is the person who does so."""
        if updates:
            said = {"told_at": now, "source": source.value, "told_by": told_by}
            execute_many(self._connection, _TELL, [{**to_row(update), **said} for update in updates])
            self._apply_due([update.metering_point for update in updates], now)

    def learn(self, told: MeteringPoint) -> MeteringPoint:
        """Keep what somebody who was asked has told of a point, with its history; return what is known now."""
        point = learn(self.get(told.code), told)
        update = as_update(told, told.updated_at.astimezone(WARSAW).date())
        said = {"told_at": told.updated_at, "applied_at": told.updated_at, "source": Source.SID.value, "told_by": None}
        self._connection.execute(_TELL, {**to_row(update), **said})
        self.put(point)
        return point

    def history(self, code: MeteringPointCode) -> list[Telling]:
        """Everything that was told of a point, the oldest first."""
        return [_telling(row) for row in self._connection.execute(_HISTORY, {"code": str(code)})]

    def with_meters(self, meters: Sequence[MeterNumber]) -> dict[MeterNumber, MeteringPointCode]:
        """At which point each of these meters is known to be."""
        rows = self._connection.execute(_WITH_METERS, {"meters": [str(meter) for meter in meters]})
        return {MeterNumber(row.meter): MeteringPointCode(row.code) for row in rows}

    def not_told_since(self, moment: datetime, limit: int) -> list[tuple[MeteringPointCode, datetime]]:
        """Points of which nobody has told anything since ``moment`` (UTC), longest first, with when that was."""
        rows = self._connection.execute(_NOT_TOLD_SINCE, {"moment": moment, "limit": limit})
        return [(MeteringPointCode(row.code), row.told_at) for row in rows]

    def hold(self, codes: Sequence[MeteringPointCode]) -> None:
        """Keep others from deciding about these points until this transaction ends; points not known are not held.

        In SQLite nobody else writes until then anyway.
        """
        if codes and self._connection.dialect.name != "sqlite":
            self._connection.execute(_HOLD, {"codes": [str(code) for code in codes]}).all()

    def _apply_due(self, codes: Sequence[MeteringPointCode], now: datetime) -> None:
        """Apply what has come into force; whoever does so for the same point at once waits, or gets StaleWrite."""
        if not self._due(codes, now):
            return
        known = self._held(codes)
        due = self._due(codes, now)  # again: somebody else may have applied them before we held the points
        points = dict(known)
        for row in due:
            told = from_row(RegistryUpdate, row)
            points[told.metering_point] = merge(points.get(told.metering_point), told, now)
        for code, point in points.items():
            if code not in known:
                self._connection.execute(_ADD, to_row(point))
            elif point != known[code]:
                self._change(point)
        execute_many(self._connection, _APPLIED, [{"b_key": row.key, "applied_at": now} for row in due])

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
        rows = [{"b_code": str(code), "connected": on, "updated_at": at} for code, on, at in found]
        execute_many(self._connection, _SWITCHED, rows)

    def put(self, point: MeteringPoint) -> None:
        """Write what is now known of a metering point, whatever was known before."""
        if not self._change(point):
            self._connection.execute(_ADD, to_row(point))

    def _change(self, point: MeteringPoint) -> bool:
        """Whether there was such a point."""
        values = {"b_code": str(point.code), **to_row(point, "code")}
        return self._connection.execute(_CHANGE, values).rowcount == 1


def _telling(row: Row[Any]) -> Telling:
    update = from_row(RegistryUpdate, row)
    return Telling(Source(row.source), row.told_at, row.applied_at, row.told_by, update)


def _points(found: Result[Any]) -> dict[MeteringPointCode, MeteringPoint]:
    return {point.code: point for point in from_rows(MeteringPoint, found)}
