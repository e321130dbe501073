"""The registry of metering points, all statements about them, and where meters are and were installed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Index,
    Numeric,
    String,
    Table,
    Text,
    func,
    text,
)

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = [
    "IN_DANGER",
    "SHARED_METER",
    "meter_installations",
    "metering_point_updates",
    "metering_points",
    "protection_readings",
]


def _characteristics() -> list[Column[Any]]:
    return [
        Column("meter_kind", String(10)),
        Column("has_contactor", Boolean),
        Column("supplier", String(16)),
        Column("tariff_group", String(10)),
        Column("contracted_power", Numeric(11, 4, asdecimal=True)),
        Column("prepaid", Boolean),
        Column("can_be_suspended", Boolean),
        Column("danger_registered", Boolean),
        Column("connected", Boolean),
        Column("protection", String(40)),
        Column("station", String(40)),
        Column("station_group", String(40)),
    ]


metering_points = Table(
    "metering_points",
    metadata,
    Column("code", String(18), primary_key=True),
    Column("updated_at", Moment, nullable=False),
    Column("meter", String(20), index=True),
    *_characteristics(),
    # Since when each fact holds and when it was heard, as JSON; in columns for what each execution finds out.
    Column("since", Text, nullable=False, server_default="{}"),
    Column("connected_effective", Date),
    Column("connected_heard", Moment),
    # When SID was last asked whether the household is protected.
    Column("protection_asked_at", Moment),
)

_AT_A_STATION = text("station IS NOT NULL")
Index(
    "ix_metering_points_station",
    metering_points.c.station,
    metering_points.c.code,
    sqlite_where=_AT_A_STATION,
    postgresql_where=_AT_A_STATION,
)

# The few points of registered danger, however many points there are.
IN_DANGER = metering_points.c.danger_registered.is_(True)
Index("ix_metering_points_in_danger", metering_points.c.code, sqlite_where=IN_DANGER, postgresql_where=IN_DANGER)

# Everything that was told about a point, also what holds only from a later date on.
metering_point_updates = Table(
    "metering_point_updates",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("metering_point", String(18), nullable=False),
    Column("process_instance", String(36)),
    Column("effective_date", Date, nullable=False),
    Column("told_at", Moment, nullable=False),
    Column("applied_at", Moment),
    Column("source", String(16), nullable=False, server_default="message"),
    Column("told_by", String(100)),
    Column("why", String(1000)),
    Column("meter_number", String(20)),
    Column("no_meter", Boolean),
    *_characteristics(),
)
Index("ix_metering_point_updates_due", metering_point_updates.c.metering_point, metering_point_updates.c.applied_at)
_PENDING = text("applied_at IS NULL")
Index(
    "ix_metering_point_updates_meter",
    func.lower(metering_point_updates.c.meter_number),
    sqlite_where=_PENDING,
    postgresql_where=_PENDING,
)

# Who had read why a household is protected, up to version 0.4; since then it stands in the audit.
protection_readings = Table(
    "protection_readings",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("metering_point", String(18), nullable=False, index=True),
    Column("read_at", Moment, nullable=False),
    Column("by", String(100), nullable=False),
    Column("why", Text, nullable=False),
)

# Which meter was known to be at which point, from when until when. Those that share a meter with another point say
# since when they do; the unique index keeps two nodes from writing one each without seeing the other's.
meter_installations = Table(
    "meter_installations",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("meter", String(20), nullable=False),
    Column("metering_point", String(18), nullable=False, index=True),
    Column("known_since", Moment, nullable=False),
    Column("known_until", Moment),
    Column("confirmed_at", Moment),
    Column("shared_since", Moment),
)
Index("ix_meter_installations_meter", func.lower(meter_installations.c.meter))  # one meter, however it is spelled
_ALONE = text("known_until IS NULL AND shared_since IS NULL")
Index(
    "uq_meter_installations_alone",
    func.lower(meter_installations.c.meter),
    unique=True,
    sqlite_where=_ALONE,
    postgresql_where=_ALONE,
)
SHARED_METER = text("known_until IS NULL AND shared_since IS NOT NULL")
"""Installations whose meter is known at another point, too; as their index has it."""
Index(
    "ix_meter_installations_shared",
    meter_installations.c.shared_since,
    sqlite_where=SHARED_METER,
    postgresql_where=SHARED_METER,
)
