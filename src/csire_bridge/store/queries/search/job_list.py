"""Jobs of people and their items, for lists; and the sets that a search means. Read only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, TextClause, func, select

from csire_bridge.domain.jobs.job import OPEN_STATES, ItemState, Job, JobItem, JobState
from csire_bridge.domain.jobs.kinds import JobKind
from csire_bridge.store.queries.search.order_search import OrderSearch
from csire_bridge.store.repositories.people.jobs import job_of
from csire_bridge.store.sql.row_mapper import from_rows, to_row
from csire_bridge.store.tables import OPEN_JOBS, job_items, jobs, orders

__all__ = [
    "JobSearch",
    "count_waiting",
    "find_items",
    "find_jobs",
    "item_facts",
    "job_facts",
    "order_keys",
    "waiting_jobs",
]

_MASK = "(masked)"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSearch:
    """Search criteria; without any, all jobs. ``open``: only those that have not ended. ``asked_by`` is a name.

    ``after`` is the key of the job at which the page before ended.
    """

    states: tuple[JobState, ...] = ()
    open: bool = False
    kind: JobKind | None = None
    asked_by: str | None = None
    after: int | None = None


def find_jobs(connection: Connection, wanted: JobSearch, limit: int) -> list[Job]:
    """Up to ``limit`` jobs, the newest first."""
    query = select(jobs).order_by(jobs.c.key.desc()).limit(limit)
    if wanted.open or (wanted.states and OPEN_STATES.issuperset(wanted.states)):
        query = query.where(OPEN_JOBS)
    if wanted.states:
        query = query.where(jobs.c.state.in_([state.value for state in wanted.states]))
    if wanted.kind:
        query = query.where(jobs.c.kind == wanted.kind.value)
    if wanted.asked_by:
        query = query.where(func.lower(jobs.c.asked_by) == wanted.asked_by.lower())
    if wanted.after is not None:
        query = query.where(jobs.c.key < wanted.after)
    return [job_of(row) for row in connection.execute(query)]


def waiting_jobs(connection: Connection, now: datetime, limit: int) -> list[Job]:
    """Up to ``limit`` jobs that wait for another person and have not lapsed, the oldest first."""
    query = select(jobs).where(*_waits(now)).order_by(jobs.c.key).limit(limit)
    return [job_of(row) for row in connection.execute(query)]


def count_waiting(connection: Connection, now: datetime) -> int:
    """How many those are."""
    return connection.execute(select(func.count()).select_from(jobs).where(*_waits(now))).scalar_one()


def _waits(now: datetime) -> tuple[ColumnElement[bool] | TextClause, ...]:
    return OPEN_JOBS, jobs.c.state == JobState.WAITING.value, jobs.c.ends_at > now


def find_items(
    connection: Connection,
    job: int,
    limit: int,
    *,
    after: int = 0,
    state: ItemState | None = None,
    would: bool | None = None,
) -> list[JobItem]:
    """Up to ``limit`` items of a job behind the number ``after``; of one state, or foreseen as done or as skipped."""
    i = job_items.c
    query = select(job_items).where(i.job == job, i.number > after).order_by(i.number).limit(limit)
    if state is not None:
        query = query.where(i.state == state.value)
    if would is not None:
        query = query.where(i.would.is_(would))
    return list(from_rows(JobItem, connection.execute(query)))


def job_facts(job: Job) -> dict[str, Any]:
    """A job for programs; why a household is protected is told nowhere."""
    details: dict[str, Any] = {name: getattr(job.details, name) for name in sorted(job.details.given)}
    if "protected" in details:
        details["protected"] = _MASK
    return to_row(job, "details") | {"details": details, "left": job.left}


def item_facts(item: JobItem) -> dict[str, Any]:
    """An item for programs."""
    return to_row(item)


def order_keys(connection: Connection, wanted: OrderSearch, limit: int) -> list[int]:
    """The keys of up to ``limit`` orders that meet a search, the oldest first."""
    query = select(orders.c.key).where(*wanted.conditions()).order_by(orders.c.key).limit(limit)
    return list(connection.execute(query).scalars())
