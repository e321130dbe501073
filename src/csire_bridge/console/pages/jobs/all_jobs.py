"""Lists of jobs: what waits for my approval or anybody's, what is under way, what I have asked for, all."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sqlalchemy import Connection

from csire_bridge.console.http.answers import page
from csire_bridge.console.http.visit import Visit, visiting
from csire_bridge.console.lists.fields import After
from csire_bridge.domain.jobs.job import Job
from csire_bridge.domain.jobs.kinds import ABOUT
from csire_bridge.domain.people.roles import Permission
from csire_bridge.domain.people.second_person import same_person
from csire_bridge.store.queries.search.job_list import JobSearch, find_jobs, waiting_jobs
from csire_bridge.store.repositories.points.guards import Guards

__all__ = ["list_pages"]

list_pages = APIRouter()
_Reading = Annotated[Visit, Depends(visiting(Permission.READ))]
_ROWS = 50
_MOST_WAITING = 200


class View(StrEnum):
    """Which jobs are shown."""

    APPROVE = "approve"
    WAITING = "waiting"
    OPEN = "open"
    MINE = "mine"
    ALL = "all"


@list_pages.get("/jobs")
def jobs(visit: _Reading, view: View = View.APPROVE, after: After = None) -> Response:
    """A list, the newest first; what waits for approval, the oldest first."""
    with visit.reading() as connection:
        waiting = waiting_jobs(connection, visit.now, _MOST_WAITING)
        mine = [job for job in waiting if _may_decide(visit, job)]
        whole = {View.APPROVE: mine, View.WAITING: waiting}.get(view)
        found = _found(visit, connection, view, after) if whole is None else whole
        above_cap = Guards(connection).requests(visit.now)
    more = whole is None and len(found) > _ROWS
    shown = found[:_ROWS] if whole is None else found
    facts = {
        "jobs": shown,
        "view": view,
        "views": list(View),
        "counts": {View.APPROVE: len(mine), View.WAITING: len(waiting)},
        "above_cap": len(above_cap),
        "older": f"/jobs?view={view}&after={shown[-1].key}" if more else None,
        "newest": f"/jobs?view={view}" if after else None,
    }
    return page(visit, "jobs/list.html", facts)


def _found(visit: Visit, connection: Connection, view: View, after: int | None) -> list[Job]:
    mine = visit.actor.name if view is View.MINE else None
    wanted = JobSearch(open=view is View.OPEN, asked_by=mine, after=after)
    return find_jobs(connection, wanted, _ROWS + 1)


def _may_decide(visit: Visit, job: Job) -> bool:
    first = any(same_person(name, visit.actor.name) for name in (job.asked_by, job.does) if name)
    return not first and visit.may(ABOUT[job.kind].act)
