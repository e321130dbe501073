"""The forms of acts, and what they plan: the set is frozen, and the preview is the page that follows."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs, parse_qsl

from fastapi import APIRouter, Depends, Query, Response
from pydantic import ValidationError

from csire_bridge.api.sets import ItemSet, checked_text, of_list, of_messages, of_orders, of_stop, resolved, text_of
from csire_bridge.console.http.acts import carry_out
from csire_bridge.console.http.answers import page, redirect
from csire_bridge.console.http.visit import Visit, acting, visiting
from csire_bridge.console.lists.query import query_of
from csire_bridge.console.pages.jobs.plan_form import PlanForm, plan_form
from csire_bridge.console.pages.messages.filters import MessageListing
from csire_bridge.console.pages.orders.filters import OrderFilters
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.jobs.kinds import ABOUT, JobKind, Subject
from csire_bridge.domain.metering_point.complaints import Decision
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.roles import Permission
from csire_bridge.domain.protection import ProtectedKind
from csire_bridge.pipeline.jobs.plan import freeze, plan
from csire_bridge.store.queries.search.message_search import MessageSearch
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["planning_pages"]

planning_pages = APIRouter()
_Reading = Annotated[Visit, Depends(visiting(Permission.READ))]
_Personal = Annotated[Visit, Depends(visiting(Permission.READ_PERSONAL))]
_Sending = Annotated[Visit, Depends(acting(Permission.READ))]
_PLACE = frozenset({"after"})
_ON_LISTS = [kind for kind, about in ABOUT.items() if not about.alone]


@planning_pages.get("/jobs/new")
def new(visit: _Reading, kind: JobKind | None = None) -> Response:
    """Choose an act on many things, then paste or upload the list."""
    facts = {"kinds": _ON_LISTS, "kind": kind if kind in _ON_LISTS else None, "about": ABOUT, **_choices()}
    return page(visit, "jobs/new.html", facts)


@planning_pages.get("/jobs/point")
def on_point(visit: _Personal, code: Annotated[str, Query(max_length=18)]) -> Response:
    """What can be done at one metering point, with the holds that stand there."""
    try:
        point = MeteringPointCode.parse(code)
    except ValueError as error:
        raise ActionRefused(str(error), "look the code up") from error
    with visit.api.database.read_transaction() as tx:
        holds = tx.guards.holds_of([point], visit.now).get(point, [])
        cuts = tx.danger_cuts.standing([point])
        known = tx.points.get(point)
    facts = {"code": str(point), "holds": holds, "cuts": cuts, "known": known, **_choices()}
    return page(visit, "jobs/point.html", facts, reads=(Act.POINT_READ, f"point {point}, acts"))


@planning_pages.post("/jobs/plan")
def plan_one(visit: _Sending, form: Annotated[PlanForm, Depends(plan_form)]) -> Response:
    """Freeze the set, and show what would be done; a list in which something is unclear is shown first."""
    details, api = form.as_details(), visit.api
    with api.database.read_transaction() as tx:
        chosen = _chosen(visit, tx, form)
    if chosen.unknown or chosen.wrong or chosen.ambiguous:
        facts = {"form": form, "chosen": chosen}
        return page(visit, "jobs/unclear.html", facts, status=HTTPStatus.CONFLICT)
    seen = plan(api.database, form.kind, details, chosen.items, api.jobs, form.why)
    job = carry_out(visit, form.why, lambda tx, act: freeze(tx, form.kind, details, seen, chosen.chosen, act))
    return redirect(visit, f"/jobs/{job.key}")


def _chosen(visit: Visit, tx: UnitOfWork, form: PlanForm) -> ItemSet:
    subject = ABOUT[form.kind].subject
    if subject is Subject.STOP:
        return of_stop()
    if form.query is not None:
        return _matching(visit, tx, form.kind, form.query)
    if form.items:
        found = resolved(tx, subject, form.items, visit.now)
        words = f"a selection of {len(form.items)} {subject}"
        return ItemSet(found.found, words, found.unknown, found.wrong, found.ambiguous)
    if form.file is None and not form.keys.strip():
        raise ActionRefused("nothing was chosen", "mark something in the list, paste a list, or choose a file")
    visit.actor.require(Permission.READ_PERSONAL, "a pasted list")
    text = text_of(form.file.file.read(64 * 1024)) if form.file else checked_text(form.keys)
    return of_list(tx, subject, text, visit.now)


def _matching(visit: Visit, tx: UnitOfWork, kind: JobKind, query: str) -> ItemSet:
    """All that match the filters of the list of orders, or of messages, as they stand in its address."""
    given = {name: values if name == "state" else values[0] for name, values in parse_qs(query).items()}
    listing = MessageListing if ABOUT[kind].subject is Subject.MESSAGES else OrderFilters
    try:
        wanted = listing.model_validate(given)
    except ValidationError as error:
        raise ActionRefused("the filters can't be read", "open the list anew") from error
    words = ", ".join(f"{name}={value}" for name, value in parse_qsl(query_of(wanted, without=_PLACE)))
    if not words:
        raise ActionRefused("a filter without any criterion means everything", "say which ones are meant")
    most, search = visit.api.jobs.most_items, wanted.search(visit)
    if isinstance(search, MessageSearch):
        return of_messages(tx, kind, search, words, most)
    return of_orders(tx, kind, search, words, most)


def _choices() -> dict[str, object]:
    holds = [one for one in HoldKind if one is not HoldKind.COMPLAINT]
    return {"holds_of": holds, "protected": list(ProtectedKind), "decisions": list(Decision)}
