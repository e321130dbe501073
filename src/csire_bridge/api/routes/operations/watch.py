"""``/alerts``, their acknowledgement and history: what needs a person."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from csire_bridge.api.http.acts import act
from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Ordering, Reading
from csire_bridge.api.http.fields import IdempotencyKey, MomentText, Why, Words
from csire_bridge.api.http.pages import After, Limit, Page, page, start_of
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.pipeline.operator import alert_actions
from csire_bridge.store.queries.alerts.alert_list import alert_history
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["watch_router"]

watch_router = APIRouter()
_OWN_WORDS = frozenset({"text"})
"""What an alert says is counted by the bridge."""


class Acknowledged(Why):
    """Which open alerts, and until when nobody else has to look. Without ``subject``, all of the kind."""

    kind: AlertKind
    subject: Words | None = None
    until: MomentText


@watch_router.get("/alerts", response_model=Page[Facts], tags=["alerts"], summary="What needs a person now")
def alerts(call: Reading) -> Response:
    """Conditions that hold now: what waits for a person, for a release or for a partner, and since when."""
    items = [one.facts(call.now) for one in call.needs.alerts(call.now)]
    return answer(call, {"items": items, "next": None}, harmless=_OWN_WORDS)


@watch_router.get("/alerts/history", response_model=Page[Facts], tags=["alerts"], summary="Alerts that were opened")
def history(call: Reading, limit: Limit = 50, after: After = None) -> Response:
    """The newest first: from when to when, and who has acknowledged them."""
    with call.reading() as connection:
        found = alert_history(connection, limit + 1, start_of(after))
    return answer(call, page(found, limit, lambda one: one.record.key, lambda one: one.facts()), harmless=_OWN_WORDS)


@watch_router.post("/alerts/acknowledge", response_model=Facts, tags=["alerts"], summary="Take care of an alert")
def acknowledge(call: Ordering, body: Acknowledged, idempotency: IdempotencyKey = None) -> Response:
    """It is muted until then; sooner it ends when the alert closes, or becomes worse."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        done = alert_actions.acknowledge(tx, body.kind, body.subject, body.until, doing)
        return {"kind": body.kind, "acknowledged": len(done), "until": body.until, "by": doing.by}

    return act(call, Act.ALERT_ACKNOWLEDGE, body, idempotency, lambda _: work)
