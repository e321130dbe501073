"""``/shift``: what people did in a shift, and the notes that it hands over."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from csire_bridge.access.audit_export import as_facts
from csire_bridge.api.http.acts import act
from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Ordering, Personal
from csire_bridge.api.http.fields import IdempotencyKey, MomentText, Why
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.operations.shifts import DESK_ACTS, Shift
from csire_bridge.domain.people.acts import Act
from csire_bridge.pipeline.operator.shift_actions import hand_over
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["shift_router"]

shift_router = APIRouter(prefix="/shift", tags=["shift"])
_MOST = 500


@shift_router.get("", response_model=Facts, summary="What was done in a shift, and its notes")
def book(
    call: Personal, at: Annotated[MomentText | None, Query(description="A moment in it; none: now.")] = None
) -> Response:
    """Shifts begin at 6, 14 and 22 o'clock in Poland. `items` are acts and notes, the newest first, at most 500."""
    shift = Shift.at(at or call.now)
    with call.reading() as connection:
        found = UnitOfWork(connection).audit.between(shift.since, shift.until, DESK_ACTS, _MOST)
    told: dict[str, Any] = {"since": shift.since, "until": shift.until, "items": [as_facts(one) for one in found]}
    return answer(call, told | {"next": None}, (Act.ORDER_READ, f"shift book of {shift.since:%Y-%m-%d %H:%M}"))


@shift_router.post("/notes", response_model=Facts, status_code=HTTPStatus.CREATED, summary="A note for the next shift")
def note(call: Ordering, body: Why, idempotency: IdempotencyKey = None) -> Response:
    """Its text is `why`; it stays in the shift book and the audit."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        hand_over(tx, doing)
        return {"at": doing.at, "by": doing.by, "why": doing.why}

    return act(call, Act.SHIFT_NOTE, body, idempotency, lambda _: work, status=HTTPStatus.CREATED)
