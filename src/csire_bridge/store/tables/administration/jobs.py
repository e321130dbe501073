"""Jobs of people, and their items. The set of a job is frozen: of its items only the preview and the outcome change."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, text

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = ["OPEN_JOBS", "job_items", "jobs"]

jobs = Table(
    "jobs",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("kind", String(24), nullable=False),
    Column("details", Text, nullable=False),
    Column("chosen", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("asked_by", String(100), nullable=False),
    Column("asked_kind", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("address", String(100)),
    Column("host", String(200)),
    Column("request_id", String(100)),
    Column("does", String(100)),
    Column("does_kind", String(16)),
    Column("needs", String(16)),
    Column("needs_why", Text),
    Column("ends_at", Moment),
    Column("started_at", Moment),
    Column("approved_by", String(100)),
    Column("approved_at", Moment),
    Column("approved_why", Text),
    Column("ended_at", Moment),
    Column("ended_by", String(100)),
    Column("ended_why", Text),
    Column("would_do", Integer, nullable=False),
    Column("would_skip", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
)
OPEN_JOBS = text("state IN ('planning', 'ready', 'waiting', 'running')")
Index("ix_jobs_open", jobs.c.state, jobs.c.key, sqlite_where=OPEN_JOBS, postgresql_where=OPEN_JOBS)

job_items = Table(
    "job_items",
    metadata,
    Column("job", KEY, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("item", String(64), nullable=False),
    Column("as_it_was", String(64), nullable=False),
    Column("would", Boolean),
    Column("foreseen", Text),
    Column("state", String(16), nullable=False),
    Column("text", Text),
    Column("ended_at", Moment),
)
Index("ix_job_items_state", job_items.c.job, job_items.c.state, job_items.c.number)
