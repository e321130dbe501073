"""The registry of metering points, and everything that was told about them."""

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
)

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = ["metering_point_updates", "metering_points"]


def _characteristics() -> list[Column[Any]]:
    return [
        Column("meter_kind", String(10)),
        Column("has_contactor", Boolean),
        Column("supplier", String(16)),
        Column("tariff_group", String(10)),
        Column("contracted_power", Numeric(11, 4, asdecimal=True)),
        Column("prepaid", Boolean),
        Column("can_be_suspended", Boolean),
        Column("threat", Boolean),
        Column("connected", Boolean),
    ]


metering_points = Table(
    "metering_points",
    metadata,
    Column("code", String(18), primary_key=True),
    Column("updated_at", Moment, nullable=False),
    Column("meter", String(20), index=True),
    *_characteristics(),
)

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
    Column("meter_number", String(20)),
    *_characteristics(),
)
Index("ix_metering_point_updates_due", metering_point_updates.c.metering_point, metering_point_updates.c.applied_at)
