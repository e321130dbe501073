"""``/bulk/find``: what a pasted list of points or orders means."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum

from fastapi import APIRouter, Response

from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Personal
from csire_bridge.api.http.fields import Strict
from csire_bridge.api.routes.jobs.new_job import KeyText
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.api.sets import of_list
from csire_bridge.domain.jobs.kinds import Subject
from csire_bridge.domain.people.acts import Act

__all__ = ["bulk_router"]

bulk_router = APIRouter(prefix="/bulk", tags=["bulk"])


class ListOf(StrEnum):
    """What the keys are of."""

    POINTS = "points"
    ORDERS = "orders"


class Wanted(Strict):
    """A list, and what it is of."""

    of: ListOf
    keys: KeyText


@bulk_router.post("/find", response_model=Facts, summary="What a list of keys means")
def find(call: Personal, body: Wanted) -> Response:
    """Found, unknown or wrong (with the right check digit), and ambiguous with the candidates."""
    with call.needs.database.read_transaction() as tx:
        found = of_list(tx, Subject(body.of), body.keys, call.now)
    told = {name: value for name, value in asdict(found).items() if name not in ("items", "chosen")}
    return answer(call, {"found": found.items} | told, (Act.ORDER_READ, f"list of {body.of}: {len(found.items)} found"))
