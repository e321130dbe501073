"""``/jobs``: acts on lists, selections and all that match; requests for a second person; what became of each item."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Response
from pydantic import Field

from csire_bridge.api.http.acts import Work, act
from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Call, Reading
from csire_bridge.api.http.fields import LARGEST_KEY, IdempotencyKey, Key, Short, Why
from csire_bridge.api.http.pages import After, Limit, Page, page, start_of
from csire_bridge.api.http.problems import missing
from csire_bridge.api.routes.jobs.new_job import JobForm, NewJob, chosen_set
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.jobs.job import ItemState, Job, JobState
from csire_bridge.domain.jobs.kinds import JobKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.pipeline.jobs import decisions
from csire_bridge.pipeline.jobs.plan import freeze, plan
from csire_bridge.store.queries.search.job_list import JobSearch, find_items, find_jobs, item_facts, job_facts
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["job_router", "plan_job"]

job_router = APIRouter(prefix="/jobs", tags=["jobs"])
_LOOK = "look its key up with GET /api/v1/jobs"


class Counted(Why):
    """``count`` is how many things will be done, as the preview said (`would_do`)."""

    count: Annotated[int, Field(ge=0, le=LARGEST_KEY)]


@job_router.get("", response_model=Page[Facts], summary="Jobs, the newest first")
def find(
    call: Reading,
    state: Annotated[list[JobState] | None, Query(max_length=10, description="May be given more than once.")] = None,
    unfinished: Annotated[bool, Query(alias="open", description="Only those that have not ended.")] = False,
    kind: Annotated[JobKind | None, Query()] = None,
    by: Annotated[Short | None, Query(description="Who has asked for it.")] = None,
    after: After = None,
    limit: Limit = 50,
) -> Response:
    """A page. `state=waiting` finds what another person must approve."""
    wanted = JobSearch(states=tuple(state or ()), open=unfinished, kind=kind, asked_by=by, after=start_of(after))
    with call.reading() as connection:
        found = find_jobs(connection, wanted, limit + 1)
    return answer(call, page(found, limit, lambda job: job.key, job_facts), (Act.ORDER_READ, "jobs"))


@job_router.post("", response_model=Facts, status_code=HTTPStatus.CREATED, summary="Plan an act on a set")
def plan_one(call: Reading, body: NewJob, idempotency: IdempotencyKey = None) -> Response:
    """The set is frozen, and each item looked at: what would be done, or why it is skipped. Nothing is done yet.

    Start it within the hour. `state` is `planning` as long as a large set is looked at.
    """
    return plan_job(call, body, idempotency)


@job_router.post(
    "/upload", response_model=Facts, status_code=HTTPStatus.CREATED, summary="The same with a list in a file"
)
def upload(call: Reading, body: Annotated[JobForm, Form()], idempotency: IdempotencyKey = None) -> Response:
    """A text or a CSV file with up to 1,000 keys: one a line, in the first column or the one named so."""
    return plan_job(call, body.as_new(), idempotency)


@job_router.get("/{key}", response_model=Facts, summary="A job, and how far it is")
def show(call: Reading, key: Key) -> Response:
    """Its sums add up: `done` + `skipped` + `failed` + `left` = `count`.

    `would_need` says of one that is not started what it would wait for if the caller started it.
    """
    with call.needs.database.read_transaction() as tx:
        job = _found(tx, key)
        starts = job.state in (JobState.PLANNING, JobState.READY)
        need = decisions.needs_of(tx, job, call.actor, call.needs.jobs.rules) if starts else None
    body = job_facts(job) | {"would_need": None if need is None else {"what": need[0], "because": need[1]}}
    return answer(call, body, (Act.ORDER_READ, f"job {key}"))


@job_router.get("/{key}/items", response_model=Page[Facts], summary="Its items: the preview, and what became of each")
def items(
    call: Reading,
    key: Key,
    state: Annotated[ItemState | None, Query()] = None,
    would: Annotated[bool | None, Query(description="Whether it is foreseen that it is done.")] = None,
    after: After = None,
    limit: Limit = 50,
) -> Response:
    """In the order of the set."""
    with call.needs.database.read_transaction() as tx:
        _found(tx, key)
        found = find_items(tx.connection, key, limit + 1, after=start_of(after) or 0, state=state, would=would)
    body = page(found, limit, lambda item: item.number, item_facts)
    return answer(call, body, (Act.ORDER_READ, f"job {key}, items"))


@job_router.post("/{key}/start", response_model=Facts, summary="Start a job that you have planned")
def start(call: Reading, key: Key, body: Counted, idempotency: IdempotencyKey = None) -> Response:
    """It runs in the background (`running`), or waits for somebody who may, or for a second person (`waiting`)."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> object:
        return job_facts(decisions.start(tx, key, body.count, doing))

    return act(call, Act.JOB_START, body, idempotency, lambda _: work)


@job_router.post("/{key}/approve", response_model=Facts, summary="Approve a job of another person")
def approve(call: Reading, key: Key, body: Counted, idempotency: IdempotencyKey = None) -> Response:
    """By an account, never a token, that has the permission and is not the one who asked."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> object:
        return job_facts(decisions.approve(tx, key, body.count, doing))

    return act(call, Act.JOB_APPROVE, body, idempotency, lambda _: work)


@job_router.post("/{key}/decline", response_model=Facts, summary="Decline a job of another person")
def decline(call: Reading, key: Key, body: Why, idempotency: IdempotencyKey = None) -> Response:
    """Nothing of it is done."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> object:
        return job_facts(decisions.decline(tx, key, doing))

    return act(call, Act.JOB_DECLINE, body, idempotency, lambda _: work)


@job_router.post("/{key}/cancel", response_model=Facts, summary="Cancel a job")
def cancel(call: Reading, key: Key, body: Why, idempotency: IdempotencyKey = None) -> Response:
    """What is done stays done; the rest is not begun (`left`)."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> object:
        return job_facts(decisions.cancel(tx, key, doing))

    return act(call, Act.JOB_CANCEL, body, idempotency, lambda _: work)


def plan_job(call: Call, new: NewJob, idempotency: str | None) -> Response:
    """Freeze the set of a new job, and answer with it."""

    def prepare(_: OperatorAction) -> Work:
        needs, details = call.needs, new.as_details()
        with needs.database.read_transaction() as tx:
            chosen = chosen_set(call, tx, new)
        seen = plan(needs.database, new.kind, details, chosen.items, needs.jobs, new.why)
        left_out: dict[str, Any] = {"unknown": chosen.unknown, "wrong": chosen.wrong, "ambiguous": chosen.ambiguous}

        def work(tx: UnitOfWork, doing: OperatorAction) -> object:
            return job_facts(freeze(tx, new.kind, details, seen, chosen.chosen, doing)) | left_out

        return work

    return act(call, Act.JOB_PLAN, new, idempotency, prepare, status=HTTPStatus.CREATED)


def _found(tx: UnitOfWork, key: int) -> Job:
    job = tx.jobs.get(key)
    if job is None:
        raise missing(f"job {key}", _LOOK)
    return job
