"""One job: the preview row by row, the decisions of both persons, the progress, and what became of each item."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Response

from csire_bridge.console.http.acts import carry_out
from csire_bridge.console.http.answers import page, redirect
from csire_bridge.console.http.refusals import Missing
from csire_bridge.console.http.visit import Visit, acting, visiting
from csire_bridge.console.lists.fields import After, Key
from csire_bridge.domain.errors import StaleWrite
from csire_bridge.domain.jobs.job import OPEN_STATES, ItemState, Job, JobState
from csire_bridge.domain.jobs.kinds import ABOUT
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import PERMISSION_OF, Act
from csire_bridge.domain.people.roles import Permission, roles_with
from csire_bridge.domain.people.second_person import same_person
from csire_bridge.pipeline.jobs import decisions
from csire_bridge.pipeline.jobs.carry_out import JobRunner
from csire_bridge.pipeline.jobs.hands import HANDS
from csire_bridge.store.queries.search.job_list import find_items
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["job_pages"]

job_pages = APIRouter()
_Reading = Annotated[Visit, Depends(visiting(Permission.READ))]
_Sending = Annotated[Visit, Depends(acting(Permission.READ))]
_Count = Annotated[int, Form(ge=0, le=10**9)]
_Why = Annotated[str, Form(max_length=500)]
_ROWS = 50


class Shown(StrEnum):
    """Which items are shown."""

    ALL = "all"
    WOULD = "would"
    WOULD_NOT = "would-not"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    PENDING = "pending"


_FILTERS: dict[Shown, dict[str, Any]] = {
    Shown.ALL: {},
    Shown.WOULD: {"would": True},
    Shown.WOULD_NOT: {"would": False},
    Shown.DONE: {"state": ItemState.DONE},
    Shown.SKIPPED: {"state": ItemState.SKIPPED},
    Shown.FAILED: {"state": ItemState.FAILED},
    Shown.PENDING: {"state": ItemState.PENDING},
}


@job_pages.get("/jobs/{key}")
def show(visit: _Reading, key: Key, items: Shown = Shown.ALL, after: After = None) -> Response:
    """Everything about it."""
    with visit.api.database.read_transaction() as tx:
        job = tx.jobs.get(key)
        if job is None:
            raise Missing(f"job {key}")
        rows = find_items(tx.connection, key, _ROWS + 1, after=after or 0, **_FILTERS[items])
        starts = job.state in (JobState.PLANNING, JobState.READY)
        need = decisions.needs_of(tx, job, visit.actor, visit.api.jobs.rules) if starts else None
    facts = {
        "job": job,
        "rows": rows[:_ROWS],
        "older": f"/jobs/{key}?items={items}&after={rows[_ROWS - 1].number}" if len(rows) > _ROWS else None,
        "newest": f"/jobs/{key}?items={items}" if after else None,
        "shown": items,
        "tabs": _tabs(job),
        "need": need,
        "about": ABOUT[job.kind].subject.value,
        "details": None,
        **_who(visit, job),
    }
    return page(visit, "jobs/job.html", facts, reads=(Act.ORDER_READ, f"job {key}, items"))


def _tabs(job: Job) -> list[tuple[Shown, int]]:
    """The choices of items that there are, with how many each has."""
    before = [(Shown.WOULD, job.would_do), (Shown.WOULD_NOT, job.would_skip)]
    after = [(Shown.DONE, job.done), (Shown.SKIPPED, job.skipped), (Shown.FAILED, job.failed)]
    found = [*after, (Shown.PENDING, job.left)] if job.started_at else before
    return [(Shown.ALL, job.count), *((one, count) for one, count in found if count)]


def _who(visit: Visit, job: Job) -> dict[str, Any]:
    """Who may do what with the job, as far as the page offers it."""
    act = ABOUT[job.kind].act
    permission = PERMISSION_OF[act]
    first = any(same_person(name, visit.actor.name) for name in (job.asked_by, job.does) if name)
    own = same_person(job.asked_by, visit.actor.name)
    return {
        "is_open": job.state in OPEN_STATES,
        "own": own,
        "may_start": own and job.state is JobState.READY and job.would_do > 0,
        "may_decide": job.state is JobState.WAITING and not first and visit.may(act),
        "may_cancel": job.state in OPEN_STATES and (own or visit.may(act)),
        "roles": roles_with(permission) if permission else [],
    }


@job_pages.post("/jobs/{key}/start")
def start(visit: _Sending, key: Key, count: _Count, why: _Why = "") -> Response:
    """Start it; the first items are done at once, unless meters have to be read."""
    job = carry_out(visit, why, lambda tx, act: decisions.start(tx, key, count, act))
    return _begun(visit, job)


@job_pages.post("/jobs/{key}/approve")
def approve(visit: _Sending, key: Key, count: _Count, why: _Why) -> Response:
    """Approve what another person has asked for."""
    return _begun(visit, carry_out(visit, why, lambda tx, act: decisions.approve(tx, key, count, act)))


@job_pages.post("/jobs/{key}/decline")
def decline(visit: _Sending, key: Key, why: _Why) -> Response:
    """Decline it."""
    return _decided(visit, key, why, lambda tx, act: decisions.decline(tx, key, act))


@job_pages.post("/jobs/{key}/cancel")
def cancel(visit: _Sending, key: Key, why: _Why = "") -> Response:
    """Cancel it."""
    return _decided(visit, key, why, lambda tx, act: decisions.cancel(tx, key, act))


def _decided(visit: Visit, key: int, why: str, work: Callable[[UnitOfWork, OperatorAction], Job]) -> Response:
    carry_out(visit, why, work)
    return redirect(visit, f"/jobs/{key}")


def _begun(visit: Visit, job: Job) -> Response:
    if job.state is JobState.RUNNING and not HANDS[job.kind].reads_meter:
        with suppress(StaleWrite):  # the worker was first
            JobRunner(visit.api.database, visit.api.jobs).step(job.key)
        visit.api.wake()
    return redirect(visit, f"/jobs/{job.key}")
