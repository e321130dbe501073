"""Where meters are and were installed, within one transaction. The registry of points writes it for every source."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, String, and_, bindparam, false, func, insert, null, select, true, union_all, update

from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.meter.installations import Installation
from csire_bridge.store.sql.array_parameter import any_of
from csire_bridge.store.sql.execute_many import execute_many
from csire_bridge.store.sql.row_mapper import from_row
from csire_bridge.store.tables import meter_installations, metering_point_updates
from csire_bridge.telemetry.logs import logger

__all__ = ["Installations", "Move"]

_log = logger(__name__)
Move = tuple[MeteringPointCode, MeterNumber | None, MeterNumber | None]
"""A point, the meter that was known there, and the one that is known there now."""

_I, _U = meter_installations, metering_point_updates
_MOMENT = _I.c.known_since.type
_ASCII = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_HERE = _I.c.known_until.is_(None)
_VALUE = func.lower(_I.c.meter, type_=String())
_END = (
    update(_I)
    .where(_I.c.metering_point == bindparam("b_point"), _HERE)
    .values(known_until=bindparam("known_until", type_=_MOMENT), shared_since=None)
)
_HOLDERS = select(_I.c.meter, _I.c.metering_point).where(any_of(_VALUE, "meters"), _HERE)
_SHARE = (
    update(_I)
    .where(func.lower(bindparam("b_meter", type_=String())) == _VALUE, _HERE, _I.c.shared_since.is_(None))
    .values(shared_since=bindparam("shared_since", type_=_MOMENT))
)
_SHARE_NO_MORE = (
    update(_I)
    .where(func.lower(bindparam("b_meter", type_=String())) == _VALUE, _HERE, _I.c.shared_since.is_not(None))
    .values(shared_since=None)
)
_ADD = insert(_I)
_CONFIRM = (
    update(_I)
    .where(_I.c.metering_point == bindparam("b_point"), _I.c.meter == bindparam("b_meter"), _HERE)
    .values(confirmed_at=bindparam("confirmed_at", type_=_MOMENT))
)
_METERS_AT = select(_VALUE).where(any_of(_I.c.metering_point, "codes")).scalar_subquery()
_COLUMNS = (_I.c.meter, _I.c.metering_point, _I.c.known_since, _I.c.known_until, _I.c.confirmed_at)
_AROUND = union_all(
    select(*_COLUMNS, false().label("pending")).where(_VALUE.in_(_METERS_AT)),
    select(_U.c.meter_number, _U.c.metering_point, _U.c.told_at, null(), null(), true()).where(
        and_(
            _U.c.applied_at.is_(None),
            _U.c.effective_date <= bindparam("today", type_=_U.c.effective_date.type),
            func.lower(_U.c.meter_number).in_(_METERS_AT),
        )
    ),
)


class Installations:
    """Meters at metering points within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def around(self, codes: Sequence[MeteringPointCode], today: date) -> tuple[list[Installation], set[str]]:
        """All installations of all meters that are or were at one of ``codes``, and the points with a pending change.

        A change is pending if a statement that names one of these meters is in force by ``today`` (Polish date) and was
        not applied yet.
        """
        rows = self._connection.execute(_AROUND, {"codes": [str(code) for code in codes], "today": today}).all()
        known = [from_row(Installation, row) for row in rows if not row.pending]
        return known, {row.metering_point for row in rows if row.pending}

    def moved(self, moves: Sequence[Move], now: datetime) -> None:
        """Write the new places of meters; a meter at two points is marked at both."""
        moves = [move for move in moves if move[1] != move[2]]
        if not moves:
            return
        ended = [{"b_point": str(code), "known_until": now} for code, before, _ in moves if before is not None]
        execute_many(self._connection, _END, ended)
        new = [(code, meter) for code, _, meter in moves if meter is not None]
        at = self._holders({meter for _, *both in moves for meter in both if meter is not None})
        count = Counter(meter.value for meter in at) + Counter(meter.value for _, meter in new)
        shared = [{"b_meter": str(meter), "shared_since": now} for meter in set(at) if count[meter.value] > 1]
        execute_many(self._connection, _SHARE, shared)
        alone = [{"b_meter": str(meter)} for meter in set(at) if count[meter.value] == 1]
        execute_many(self._connection, _SHARE_NO_MORE, alone)
        rows = [
            {
                "meter": str(meter),
                "metering_point": str(code),
                "known_since": now,
                "shared_since": now if count[meter.value] > 1 else None,
            }
            for code, meter in new
        ]
        execute_many(self._connection, _ADD, rows)
        for code, meter in new:
            if count[meter.value] > 1:
                _log.error("meter.told_elsewhere", meter=meter, point=code)

    def _holders(self, meters: set[MeterNumber]) -> list[MeterNumber]:
        """The points at which each of ``meters`` is known to be, one row for each, with the spelling used there."""
        rows = self._connection.execute(_HOLDERS, {"meters": _values(meters)})
        return [MeterNumber(row.meter) for row in rows]

    def as_known(self, meters: Iterable[MeterNumber]) -> dict[MeterNumber, MeterNumber]:
        """Those of ``meters`` that are at a point, with how they are spelled there."""
        known = {meter.value: meter for meter in self._holders(set(meters))}
        return {meter: known[meter.value] for meter in meters if meter.value in known}

    def confirm(self, code: MeteringPointCode, meter: MeterNumber, at: datetime) -> None:
        """Record that a person confirmed at ``at`` (UTC) that the meter is at the point."""
        given = {"b_point": str(code), "b_meter": str(meter), "confirmed_at": at}
        self._connection.execute(_CONFIRM, given)


def _values(meters: Iterable[MeterNumber]) -> list[str]:
    """As SQL's ``lower`` writes them: SQLite's knows the letters of ASCII only, PostgreSQL's those of its locale."""
    return sorted({form for meter in meters for form in (meter.lower(), meter.translate(_ASCII))})
