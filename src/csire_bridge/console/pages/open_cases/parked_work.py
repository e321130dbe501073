"""Steps that failed for good: the cause is removed first, then they are released."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Response

from csire_bridge.console.http.answers import page
from csire_bridge.console.http.visit import Reading
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.work import ParkedWork, WorkStep
from csire_bridge.store.scheduling.work_queue import WorkQueue

__all__ = ["parked_work_pages"]

parked_work_pages = APIRouter()
_SHOWN = 200
_PLACES: Mapping[WorkStep, str] = {
    WorkStep.INTAKE: "/messages/",
    WorkStep.SID_INTAKE: "/messages/",
    WorkStep.EXECUTE: "/orders/",
    WorkStep.PERFORM: "/orders/",
    WorkStep.ACKNOWLEDGE: "/orders/",
    WorkStep.DELIVER: "/documents/answer/",
    WorkStep.REPORT: "/documents/sid-report/",
}


@parked_work_pages.get("/work")
def parked_work(visit: Reading) -> Response:
    """Every parked step, the oldest first, with what it is about."""
    with visit.reading() as connection:
        found = WorkQueue(connection).parked(limit=_SHOWN + 1)
    facts = {
        "work": [(one, _place(one)) for one in found[:_SHOWN]],
        "more": len(found) > _SHOWN,
        "may": visit.may(Act.WORK_RELEASE),
    }
    return page(visit, "open_cases/work.html", facts, reads=(Act.ORDER_READ, "parked work"))


def _place(work: ParkedWork) -> str:
    return f"{_PLACES[work.step]}{work.subject}"
