"""Last known states of contactors, unexplained movements, and wrong clocks of the head-end system."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text, UniqueConstraint

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = ["OPEN_MOVEMENTS", "contactors", "foreign_times", "movements"]

# The contactor of each meter as it was last seen, and as the last order that was done has left it.
contactors = Table(
    "contactors",
    metadata,
    Column("meter", String(20), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("other_seen_at", Moment),
    Column("left", String(8)),
    Column("left_by", KEY),
)

# States of contactors that no order explains; open while ``settled_at`` is empty.
movements = Table(
    "movements",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("meter", String(20), nullable=False),
    Column("metering_point", String(18)),
    Column("state", String(8), nullable=False),
    Column("source", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Column("noticed_at", Moment, nullable=False),
    Column("told", Text, nullable=False),
    Column("settled_at", Moment),
    Column("settled_by", String(100)),
    Column("why", Text),
)
OPEN_MOVEMENTS = movements.c.settled_at.is_(None)
Index(
    "uq_movements_open",
    movements.c.meter,
    movements.c.state,
    unique=True,
    sqlite_where=OPEN_MOVEMENTS,
    postgresql_where=OPEN_MOVEMENTS,
)

# Times told by the head-end system that lie too far from ours: in general (no meter), or old readings of one meter.
foreign_times = Table(
    "foreign_times",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("source", String(16), nullable=False),
    Column("meter", String(20), nullable=False),
    Column("offset_seconds", Integer, nullable=False),
    Column("since", Moment, nullable=False),
    Column("measured_at", Moment, nullable=False),
    Column("fits_since", Moment),
    UniqueConstraint("source", "meter"),
)
