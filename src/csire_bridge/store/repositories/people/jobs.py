"""Jobs of people and their items, within one transaction.

Each change names the job as it was read, and raises StaleWrite if it is another by now: so nothing is settled twice,
whoever carries it out at the same moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, insert, select, update

from csire_bridge.domain.errors import StaleWrite
from csire_bridge.domain.jobs.job import OPEN_STATES, ItemState, Job, JobItem, JobState, Need
from csire_bridge.domain.jobs.kinds import JobDetails, JobKind
from csire_bridge.store.sql.execute_many import execute_many
from csire_bridge.store.sql.row_mapper import from_rows, to_row
from csire_bridge.store.tables import OPEN_JOBS, job_items, jobs

__all__ = ["JobBook", "job_of"]

_DETAILS = TypeAdapter(JobDetails)
_AT_ONCE = 1000
_ADD = insert(job_items)
_FORESEE = (
    update(job_items)
    .where(job_items.c.job == bindparam("b_job"), job_items.c.number == bindparam("b_number"))
    .values(would=bindparam("would"), foreseen=bindparam("foreseen"))
)


def job_of(row: Row[Any]) -> Job:
    """The job of a row."""
    told = dict(row._mapping)
    told |= {"kind": JobKind(told["kind"]), "state": JobState(told["state"])}
    told |= {
        "details": _DETAILS.validate_json(told["details"]),
        "needs": Need(told["needs"]) if told["needs"] else None,
    }
    return Job(**told)


def _row_of(job: Job) -> dict[str, object]:
    return {**to_row(job, "key", "details"), "details": _DETAILS.dump_json(job.details, exclude_defaults=True).decode()}


class JobBook:
    """Jobs within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, job: Job, items: Sequence[JobItem]) -> int:
        """Write a new job (its ``key`` is ignored) with its items; return its key."""
        key = int(self._connection.execute(insert(jobs).values(_row_of(job)).returning(jobs.c.key)).scalar_one())
        rows = [{"job": key, **to_row(item)} for item in items]
        for start in range(0, len(rows), _AT_ONCE):
            execute_many(self._connection, _ADD, rows[start : start + _AT_ONCE])
        return key

    def get(self, key: int) -> Job | None:
        """The job of that key."""
        row = self._connection.execute(select(jobs).where(jobs.c.key == key)).one_or_none()
        return job_of(row) if row else None

    def locked(self, key: int) -> Job | None:
        """The same; nobody else changes it until this transaction ends."""
        row = self._connection.execute(select(jobs).where(jobs.c.key == key).with_for_update()).one_or_none()
        return job_of(row) if row else None

    def items(self, key: int, after: int, limit: int) -> list[JobItem]:
        """Up to ``limit`` items behind the number ``after``."""
        there = (job_items.c.job == key, job_items.c.number > after)
        query = select(job_items).where(*there).order_by(job_items.c.number).limit(limit)
        return list(from_rows(JobItem, self._connection.execute(query)))

    def all_items(self, key: int) -> Iterator[JobItem]:
        """Every item in its order, read in pieces."""
        after = 0
        while found := self.items(key, after, _AT_ONCE):
            yield from found
            after = found[-1].number

    def change(self, before: Job, after: Job) -> None:
        """Write what a person decided, or how it ended; raises StaleWrite."""
        self._write(before, _row_of(after))

    def foresee(self, job: Job, items: Sequence[JobItem]) -> Job:
        """Write the preview of the next ``items``; return the job as it is then. Raises StaleWrite."""
        would = sum(item.would is True for item in items)
        after = replace(job, would_do=job.would_do + would, would_skip=job.would_skip + len(items) - would)
        if after.foreseen == after.count:
            after = replace(after, state=JobState.READY)
        self._write(job, {"would_do": after.would_do, "would_skip": after.would_skip, "state": after.state.value})
        told = [{"b_number": one.number, "would": one.would, "foreseen": one.foreseen} for one in items]
        execute_many(self._connection, _FORESEE, [{"b_job": job.key, **one} for one in told])
        return after

    def settle(self, job: Job, item: JobItem) -> Job:
        """Write the outcome of the next item; return the job as it is then. Raises StaleWrite."""
        if item.state is ItemState.PENDING or item.number != job.settled + 1:
            raise StaleWrite(f"item {item.number} of job {job.key} is not the next one")
        name = item.state.value
        after = replace(job, **{name: getattr(job, name) + 1})
        self._write(job, {name: getattr(after, name)})
        mine = (job_items.c.job == job.key, job_items.c.number == item.number)
        values = {"state": name, "text": item.text, "ended_at": item.ended_at}
        pending = update(job_items).where(*mine, job_items.c.state == ItemState.PENDING.value)
        if not self._connection.execute(pending.values(values)).rowcount:
            raise StaleWrite(f"item {item.number} of job {job.key} was settled before")
        return after

    def _write(self, before: Job, values: dict[str, object]) -> None:
        j = jobs.c
        same = [j.key == before.key, j.state == before.state.value, j.would_do == before.would_do]
        same += [j.would_skip == before.would_skip, j.done == before.done]
        same += [j.skipped == before.skipped, j.failed == before.failed, j.needs.is_not_distinct_from(before.needs)]
        if not self._connection.execute(update(jobs).where(*same).values(values)).rowcount:
            raise StaleWrite(f"job {before.key} changed meanwhile")

    def due(self) -> list[int]:
        """The keys of the jobs whose items are to be looked at or done, the oldest first."""
        states = [JobState.PLANNING.value, JobState.RUNNING.value]
        query = select(jobs.c.key).where(OPEN_JOBS, jobs.c.state.in_(states)).order_by(jobs.c.key)
        return list(self._connection.execute(query).scalars())

    def lapsing(self, now: datetime) -> list[Job]:
        """The jobs with which nobody went on in time."""
        states = [state.value for state in OPEN_STATES if state is not JobState.RUNNING]
        query = select(jobs).where(OPEN_JOBS, jobs.c.state.in_(states), jobs.c.ends_at <= now).order_by(jobs.c.key)
        return [job_of(row) for row in self._connection.execute(query)]

    def in_state(self, state: JobState, limit: int) -> list[Job]:
        """Up to ``limit`` open jobs in a state, the oldest first."""
        query = select(jobs).where(OPEN_JOBS, jobs.c.state == state.value).order_by(jobs.c.key).limit(limit)
        return [job_of(row) for row in self._connection.execute(query)]
