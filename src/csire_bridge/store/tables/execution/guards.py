"""The guards: holds, the stop switch, allowances, and the circuit breakers."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    false,
    text,
)

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = [
    "STANDING_CUTS",
    "UNDECIDED",
    "allowances",
    "circuits",
    "complaints",
    "danger_cuts",
    "holds",
    "restores",
    "stops",
]

holds = Table(
    "holds",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("metering_point", String(18), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
    Column("by", String(100), nullable=False),
    Column("why", Text, nullable=False),
    Column("released_at", Moment),
    Column("released_by", String(100)),
    Column("released_why", Text),
)

# Cuts of the supply because of danger; each stands until a person lifts it.
danger_cuts = Table(
    "danger_cuts",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("metering_point", String(18), nullable=False),
    Column("order", KEY, nullable=False, unique=True),
    Column("since", Moment, nullable=False),
    Column("by", String(100), nullable=False),
    Column("why", Text, nullable=False),
    Column("despite_stop", Boolean, nullable=False, server_default=false()),
    Column("was_off", Boolean, nullable=False, server_default=false()),
    Column("lifted_at", Moment),
    Column("lifted_by", String(100)),
    Column("lifted_why", Text),
    Column("connection", KEY, index=True),
)
STANDING_CUTS = text("lifted_at IS NULL")
Index(
    "ix_danger_cuts_standing",
    danger_cuts.c.metering_point,
    sqlite_where=STANDING_CUTS,
    postgresql_where=STANDING_CUTS,
)

# What a hold of the kind "complaint" is about; its key is that of the hold.
complaints = Table(
    "complaints",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=False),
    Column("lodged", Moment, nullable=False),
    Column("after_cut", Boolean, nullable=False),
    Column("decide_by", Moment),
    Column("decision", String(16)),
    Column("decided_at", Moment),
    Column("decided_by", String(100)),
    Column("decided_why", Text),
    Column("disputed_at", Moment),
    Column("disputed_by", String(100)),
    Column("disputed_why", Text),
)
UNDECIDED = and_(
    complaints.c.decide_by.is_not(None), complaints.c.decision.is_(None), complaints.c.disputed_at.is_(None)
)
Index("ix_complaints_undecided", complaints.c.decide_by, sqlite_where=UNDECIDED, postgresql_where=UNDECIDED)

# The stop switch: thrown as long as one row is not lifted.
stops = Table(
    "stops",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("scope", String(16), nullable=False),
    Column("since", Moment, nullable=False),
    Column("by", String(100), nullable=False),
    Column("why", Text, nullable=False),
    Column("lifted_at", Moment),
    Column("lifted_by", String(100)),
    Column("lifted_why", Text),
)

# Disconnections above the hourly cap: one person asks, another one approves.
allowances = Table(
    "allowances",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("count", Integer, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("asked_by", String(100), nullable=False),
    Column("why", Text, nullable=False),
    Column("approved_at", Moment),
    Column("approved_by", String(100)),
    Column("approved_why", Text),
    Column("until", Moment),
)

# A partner that failed several times in a row is left alone for a while, by all nodes.
circuits = Table(
    "circuits",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("opened_at", Moment),
    Column("retry_at", Moment),
    Column("why", Text),
)

# Restores from a backup: what happened up to ``lost_until`` may have been lost.
restores = Table(
    "restores",
    metadata,
    Column("generation", KEY, primary_key=True, autoincrement=False),
    Column("restored_at", Moment, nullable=False),
    Column("lost_until", Moment, nullable=False),
)
