"""A metering point: what is known of it, its holds and meters, its orders; and its meter asked now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Response
from pydantic import AfterValidator
from starlette.responses import RedirectResponse

from csire_bridge.console.area import Area, MenuEntry
from csire_bridge.console.http.acts import carry_out
from csire_bridge.console.http.answers import page, redirect
from csire_bridge.console.http.refusals import Missing
from csire_bridge.console.http.visit import Personal, Visit, acting
from csire_bridge.console.lists.fields import PointField
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import require
from csire_bridge.domain.people.roles import Permission
from csire_bridge.pipeline.operator.points import meter_looks
from csire_bridge.store.queries.dossiers.point_dossier import point_file, told_facts
from csire_bridge.store.queries.lists.order_pages import order_page
from csire_bridge.store.queries.search.order_search import OrderSearch
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["POINTS"]

_router = APIRouter()
_ORDERS = 50
Code = Annotated[str, Path(), AfterValidator(MeteringPointCode.parse)]
Asking = Annotated[Visit, Depends(acting(Permission.POINTS))]


@_router.get("/points")
def choose(visit: Personal, point: Annotated[PointField | None, Query()] = None) -> Response:
    """Where a code is given; it leads to the page of that point."""
    if point is not None:
        return RedirectResponse(f"/points/{point}", 303)
    return page(visit, "points/choose.html")


@_router.get("/points/{code}")
def point(visit: Personal, code: Code) -> Response:
    """Everything that is known of a point."""
    chosen = MeteringPointCode(code)
    with visit.reading() as connection:
        found = point_file(connection, chosen, visit.api.policy.law, visit.now)
        listed = order_page(connection, OrderSearch(point=chosen), _ORDERS)
    if found is None and not listed.orders:
        raise Missing(f"point {code}")
    facts = {
        "code": chosen,
        "point": found,
        "orders": listed.orders,
        "more_orders": listed.next is not None,
        "told_facts": told_facts,
        "hold_kind": HoldKind,
    }
    return page(visit, "points/point.html", facts, reads=(Act.POINT_READ, f"point {code}"))


@_router.post("/points/{code}/ask")
def ask(visit: Asking, code: Code, why: Annotated[str, Form(max_length=500)] = "") -> Response:
    """Read its contactor now and record it; nothing is switched."""
    require(visit.actor, Act.POINT_ASK)
    chosen = MeteringPointCode(code)
    meter = meter_looks.meter_at(visit.api.database, chosen)
    with visit.api.head_end() as head_end:
        reading = meter_looks.read_now(head_end, meter, visit.api.clock)

    def work(tx: UnitOfWork, doing: OperatorAction) -> object:
        return meter_looks.note_look(tx, chosen, reading, doing)

    carry_out(visit, why or "asked on the page of the point", work)
    told = "the meter was read: the supply is on" if reading.output_state else "the meter was read: the supply is off"
    return redirect(visit, f"/points/{code}", told)


POINTS = Area(_router, (MenuEntry("/points", "Points", Permission.READ_PERSONAL, order=40, key="p"),))
