"""The registry of metering points within one transaction."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, insert, or_, select, update

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.meter.installations import Installation
from csire_bridge.domain.metering_point.facts import (
    MeteringPoint,
    PointRecord,
    Since,
    Source,
    Telling,
    after,
    as_update,
)
from csire_bridge.store.repositories.points.installations import Installations
from csire_bridge.store.sql.array_parameter import any_of
from csire_bridge.store.sql.execute_many import execute_many
from csire_bridge.store.sql.row_mapper import from_row, from_rows, to_row
from csire_bridge.store.tables import metering_point_updates, metering_points

__all__ = ["PointRegistry"]

_P = metering_points.c
_FACTS = [c for c in _P if c.name not in ("since", "connected_effective", "connected_heard", "protection_asked_at")]
_OF = select(*_FACTS).where(any_of(_P.code, "codes"))
_RECORDS = select(metering_points).where(any_of(_P.code, "codes"))
_LATER = or_(
    _P.connected_effective.is_(None),
    _P.connected_effective < bindparam("effective", type_=_P.connected_effective.type),
    and_(
        _P.connected_effective == bindparam("effective", type_=_P.connected_effective.type),
        _P.connected_heard <= bindparam("heard", type_=_P.connected_heard.type),
    ),
)
_SWITCHED = (
    update(metering_points)
    .where(_P.code == bindparam("b_code"), _LATER)
    .values(
        connected=bindparam("connected"),
        connected_effective=bindparam("effective", type_=_P.connected_effective.type),
        connected_heard=bindparam("heard", type_=_P.connected_heard.type),
        updated_at=bindparam("heard", type_=_P.connected_heard.type),
    )
)
_LOCK = _RECORDS.order_by(_P.code).with_for_update()
_HOLD = _LOCK.with_only_columns(_P.code)
_ADD = insert(metering_points)
_CHANGE = update(metering_points).where(_P.code == bindparam("b_code"))
_TELL = insert(metering_point_updates)
_DUE = (
    select(metering_point_updates)
    .where(
        any_of(metering_point_updates.c.metering_point, "codes"),
        metering_point_updates.c.applied_at.is_(None),
        metering_point_updates.c.effective_date <= bindparam("today"),
    )
    .order_by(metering_point_updates.c.key)
)
_APPLIED = (
    update(metering_point_updates)
    .where(metering_point_updates.c.key == bindparam("b_key"))
    .values(applied_at=bindparam("applied_at"))
)


_ASKED = (
    update(metering_points)
    .where(_P.code == bindparam("b_code"))
    .values(protection_asked_at=bindparam("at", type_=_P.protection_asked_at.type))
)
_ASKED_SINCE = select(_P.code).where(
    any_of(_P.code, "codes"), _P.protection_asked_at >= bindparam("since", type_=_P.protection_asked_at.type)
)
_HISTORY = (
    select(metering_point_updates)
    .where(metering_point_updates.c.metering_point == bindparam("code"))
    .order_by(metering_point_updates.c.key)
)
_WITH_METERS = select(metering_points.c.meter, metering_points.c.code).where(any_of(metering_points.c.meter, "meters"))
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
        self._installations = Installations(connection)

    def get(self, code: MeteringPointCode) -> MeteringPoint | None:
        """What is known of a metering point, or None; statements that come into force later are not applied."""
        return self._known([code]).get(code)

    def of(self, codes: Sequence[MeteringPointCode], now: datetime) -> dict[MeteringPointCode, MeteringPoint]:
        """The facts of metering points at ``now`` (UTC), by code; statements that have come into force are applied
        first."""
        if not codes:
            return {}
        self._apply_due(codes, now)
        return self._known(codes)

    def record(self, code: MeteringPointCode) -> PointRecord | None:
        """What is known of a point, with since when each fact holds."""
        row = self._connection.execute(_RECORDS, {"codes": [str(code)]}).first()
        return _record(row) if row else None

    def record_notice(self, update: RegistryUpdate, now: datetime, heard: datetime | None = None) -> None:
        """Record what a message says about a point; it holds from the start of its effective date (Polish time).

        ``heard`` (UTC) is when the message came in; None: at ``now``.
        """
        self.record_notices([update], now, Source.MESSAGE, heard=heard)

    def record_notices(
        self,
        updates: Sequence[RegistryUpdate],
        now: datetime,
        source: Source,
        told_by: str | None = None,
        why: str | None = None,
        heard: datetime | None = None,
    ) -> None:
        """Record statements about points; ``told_by`` is the person who makes them, ``why`` their reason.

        Each fact counts only if there is none with a newer date, or with the same date and received later.
        """
        if updates:
            said = {"told_at": heard or now, "source": source.value, "told_by": told_by, "why": why}
            execute_many(self._connection, _TELL, [{**to_row(update), **said} for update in updates])
            self._apply_due([update.metering_point for update in updates], now)

    def learn(self, told: MeteringPoint, now: datetime) -> MeteringPoint:
        """Store a looked-up point; return what is known of it now.

        It holds from its ``updated_at``, which is limited to ``now`` (UTC), when we received it.
        """
        effective = Since.seen(told.updated_at, now).effective
        self.record_notices([as_update(told, effective)], now, Source.SID)
        return self._known([told.code])[told.code]

    def note_protection_asked(self, codes: Sequence[MeteringPointCode], at: datetime) -> None:
        """Record that SID was asked at ``at`` (UTC) whether the households at these points are protected."""
        execute_many(self._connection, _ASKED, [{"b_code": str(code), "at": at} for code in codes])

    def protection_asked_since(self, codes: Sequence[MeteringPointCode], since: datetime) -> frozenset[str]:
        """Those of ``codes`` for which SID was asked at ``since`` (UTC) or later."""
        found = self._connection.execute(_ASKED_SINCE, {"codes": [str(code) for code in codes], "since": since})
        return frozenset(found.scalars())

    def history(self, code: MeteringPointCode) -> list[Telling]:
        """All statements about a point, the oldest first."""
        return [_telling(row) for row in self._connection.execute(_HISTORY, {"code": str(code)})]

    def with_meters(self, meters: Sequence[MeterNumber]) -> dict[MeterNumber, MeteringPointCode]:
        """The point at which each of these meters is known to be."""
        rows = self._connection.execute(_WITH_METERS, {"meters": [str(meter) for meter in meters]})
        return {MeterNumber(row.meter): MeteringPointCode(row.code) for row in rows}

    def points_of_meters(self, meters: Sequence[MeterNumber]) -> dict[MeterNumber, list[MeteringPointCode]]:
        """All points at which each of these meters is known to be; more than one is an error of somebody's list."""
        found: dict[MeterNumber, list[MeteringPointCode]] = defaultdict(list)
        for row in self._connection.execute(_WITH_METERS, {"meters": [str(meter) for meter in meters]}):
            found[MeterNumber(row.meter)].append(MeteringPointCode(row.code))
        return found

    def installations(self, codes: Sequence[MeteringPointCode], now: datetime) -> list[Installation]:
        """All installations, at ``now`` (UTC), of all meters that are or were at one of these points."""
        if not codes:
            return []
        today = now.astimezone(WARSAW).date()
        known, pending = self._installations.around(codes, today)
        others = {MeteringPointCode(code) for code in pending} | {i.metering_point for i in known}
        others -= set(codes)
        if others and self._apply_due(sorted(others), now):
            known, _ = self._installations.around(codes, today)
        return known

    def spelled(self, meters: Sequence[MeterNumber]) -> dict[MeterNumber, MeterNumber]:
        """Those of ``meters``, as others spell them, that are at a point, with how we write them."""
        return self._installations.as_known(meters) if meters else {}

    def confirm_meter(self, code: MeteringPointCode, meter: MeterNumber, at: datetime) -> None:
        """Record that a person confirmed at ``at`` (UTC) that the meter is at the point."""
        self._installations.confirm(code, meter, at)

    def not_told_since(self, moment: datetime, limit: int) -> list[tuple[MeteringPointCode, datetime]]:
        """Points without any news since ``moment`` (UTC), oldest first, each with the time of its last news."""
        rows = self._connection.execute(_NOT_TOLD_SINCE, {"moment": moment, "limit": limit})
        return [(MeteringPointCode(row.code), row.told_at) for row in rows]

    def lock(self, codes: Sequence[MeteringPointCode]) -> None:
        """Lock the rows of these points until this transaction ends; unknown points are not locked.

        In SQLite nobody else writes until then anyway.
        """
        if codes and self._connection.dialect.name != "sqlite":
            self._connection.execute(_HOLD, {"codes": [str(code) for code in codes]}).all()

    def _apply_due(self, codes: Sequence[MeteringPointCode], now: datetime) -> bool:
        """Apply statements that have come into force; return whether there were any.

        A concurrent transaction that does so for the same point waits, or gets StaleWrite.
        """
        if not self._due(codes, now):
            return False
        known = self._held(codes)
        due = self._due(codes, now)  # again: somebody else may have applied them before we held the points
        records = dict(known)
        for row in due:
            telling = _telling(row)
            code = telling.update.metering_point
            records[code] = after(records.get(code), telling, now)
        self._write(known, [record for code, record in records.items() if record is not known.get(code)], now)
        execute_many(self._connection, _APPLIED, [{"b_key": row.key, "applied_at": now} for row in due])
        return True

    def _write(
        self, known: dict[MeteringPointCode, PointRecord], records: Sequence[PointRecord], now: datetime
    ) -> None:
        moves = []
        for record in records:
            code, before = record.point.code, known.get(record.point.code)
            if before is None:
                self._connection.execute(_ADD, _row_of(record))
            else:
                self._connection.execute(_CHANGE, {**_row_of(record), "b_code": str(code)})
            moves.append((code, before.point.meter if before else None, record.point.meter))
        self._installations.moved(moves, now)

    def _due(self, codes: Sequence[MeteringPointCode], now: datetime) -> Sequence[Row[Any]]:
        today = now.astimezone(WARSAW).date()
        return self._connection.execute(_DUE, {"codes": [str(code) for code in codes], "today": today}).all()

    def _known(self, codes: Sequence[MeteringPointCode]) -> dict[MeteringPointCode, MeteringPoint]:
        found = self._connection.execute(_OF, {"codes": [str(code) for code in codes]})
        return {point.code: point for point in from_rows(MeteringPoint, found)}

    def _held(self, codes: Sequence[MeteringPointCode]) -> dict[MeteringPointCode, PointRecord]:
        records = map(_record, self._connection.execute(_LOCK, {"codes": [str(code) for code in codes]}))
        return {record.point.code: record for record in records}

    def switched_all(self, found: Sequence[tuple[MeteringPointCode, bool, datetime]], heard: datetime) -> None:
        """Record (point, supply is on, moment in UTC) for points that were read; we received it at ``heard`` (UTC).

        A fact with a newer date, or with the same date and received later, stays.
        """
        rows = []
        for code, on, at in found:
            since = Since.seen(at, heard)
            rows.append({"b_code": str(code), "connected": on, "effective": since.effective, "heard": since.heard})
        execute_many(self._connection, _SWITCHED, rows)

    def put(self, point: MeteringPoint) -> None:
        """Overwrite a point as of its ``updated_at``, whatever was known before; for test set-ups only."""
        self._write(self._held([point.code]), [PointRecord.seen(point)], point.updated_at)


def _telling(row: Row[Any]) -> Telling:
    update = from_row(RegistryUpdate, row)
    return Telling(Source(row.source), row.told_at, row.applied_at, row.told_by, update, row.why)


def _record(row: Row[Any]) -> PointRecord:
    since = {
        name: Since(date.fromisoformat(on), datetime.fromisoformat(at))
        for name, (on, at) in json.loads(row.since).items()
    }
    if row.connected_effective is not None:
        since["connected"] = Since(row.connected_effective, row.connected_heard)
    return PointRecord(from_row(MeteringPoint, row), since)


def _row_of(record: PointRecord) -> dict[str, object]:
    since = dict(record.since)
    connected = since.pop("connected", None)
    return {
        **to_row(record.point),
        "since": json.dumps({name: (s.effective.isoformat(), s.heard.isoformat()) for name, s in since.items()}),
        "connected_effective": connected.effective if connected else None,
        "connected_heard": connected.heard if connected else None,
    }
