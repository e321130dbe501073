"""Retention of jobs of people: a job goes with its items, once it has ended long ago."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, delete, false, select

from csire_bridge.domain.jobs.job import OPEN_STATES
from csire_bridge.store.tables import job_items, jobs

__all__ = ["delete_jobs", "jobs_due", "rows_of_jobs"]

_OPEN = [state.value for state in OPEN_STATES]


def jobs_due(stay: timedelta | None, now: datetime) -> ColumnElement[bool]:
    """Jobs that ended longer than ``stay`` before ``now`` (UTC); none where they stay for ever."""
    if stay is None:
        return false()
    return and_(jobs.c.state.not_in(_OPEN), jobs.c.ended_at < now - stay)


def rows_of_jobs(connection: Connection, keys: Sequence[int]) -> list[tuple[int, Table, Row[Any]]]:
    """The rows of jobs, each with the key of its job."""
    asked = select(jobs).where(jobs.c.key.in_(keys)).order_by(jobs.c.key)
    items = select(job_items).where(job_items.c.job.in_(keys)).order_by(job_items.c.job, job_items.c.number)
    found: list[tuple[int, Table, Row[Any]]] = [(row.key, jobs, row) for row in connection.execute(asked)]
    return found + [(row.job, job_items, row) for row in connection.execute(items)]


def delete_jobs(connection: Connection, keys: Sequence[int]) -> None:
    """Delete them with their items."""
    connection.execute(delete(job_items).where(job_items.c.job.in_(keys)))
    connection.execute(delete(jobs).where(jobs.c.key.in_(keys)))
