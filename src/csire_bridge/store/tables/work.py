"""Due work, named leases, and scheduled jobs."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = ["OFTEN_FAILED", "archived_orders", "archives", "clocks", "leases", "ticks", "work"]

# One row is one piece of due work. The lease and its expiry stand in the row itself, so a crash frees it in time.
work = Table(
    "work",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("step", String(16), nullable=False),
    Column("subject", KEY, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("leased_by", String(64)),
    Column("leased_until", Moment),
    Column("attempts", Integer, nullable=False),
    Column("parked", Boolean, nullable=False),
    Column("last_error", Text),
    Column("lapses", Integer, nullable=False, server_default="0"),
    UniqueConstraint("step", "subject"),
)
Index(
    "ix_work_next",
    work.c.step,
    work.c.priority,
    work.c.due_at,
    work.c.key,
    sqlite_where=text("parked IS 0"),
    postgresql_where=text("parked IS false"),
)
_PARKED = work.c.parked.is_(True)
Index("ix_work_parked", work.c.step, work.c.due_at, sqlite_where=_PARKED, postgresql_where=_PARKED)
OFTEN_FAILED = work.c.attempts >= literal_column("5")
Index(
    "ix_work_often_failed",
    work.c.parked,
    work.c.step,
    work.c.subject,
    sqlite_where=OFTEN_FAILED,
    postgresql_where=OFTEN_FAILED,
)

# What only one process may do at a time, such as emptying the hub's queue.
leases = Table(
    "leases",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("until", Moment, nullable=False),
    Column("term", Integer, nullable=False, server_default="0"),
)

# When the ticker last did what must not be missed, and since when it knows of it.
ticks = Table(
    "ticks",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("since", Moment, nullable=False),
    Column("done_at", Moment),
)

# By which time each process of the service goes, and since when that is not the time it should go by.
clocks = Table(
    "clocks",
    metadata,
    Column("process", String(64), primary_key=True),
    Column("machine", String(64), nullable=False),
    Column("ticks", Double, nullable=False),
    Column("at", Moment, nullable=False),
    Column("differs_since", Moment),
    Column("ahead", Double),
)

# Archives of what retention takes away. The name is taken before the file is written, the digest stands here before
# anything is deleted, and ``ended_at`` when everything in the archive was.
archives = Table(
    "archives",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("name", String(80), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("sha256", String(64)),
    Column("count", Integer),
    Column("ended_at", Moment),
    UniqueConstraint("name"),
)

# Where an order is that retention has taken out.
archived_orders = Table(
    "archived_orders",
    metadata,
    Column("order", KEY, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("process_instance", String(36), index=True),
    Column("archive", String(80), nullable=False),
)
