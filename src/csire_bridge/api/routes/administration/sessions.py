"""``/sessions``: one's own sessions. Everybody who has logged in by an account may see and end them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from csire_bridge.access import user_actions
from csire_bridge.access.people_facts import open_sessions, session_facts
from csire_bridge.api.http.acts import act
from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Anybody
from csire_bridge.api.http.fields import IdempotencyKey, Key, MaybeWhy
from csire_bridge.api.http.pages import Page
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["session_router"]

session_router = APIRouter(prefix="/sessions", tags=["people"])


@session_router.get("", response_model=Page[Facts], summary="Your own open sessions")
def own(call: Anybody) -> Response:
    """The newest first: from where, since when, last used. A token has none (409)."""
    with call.reading() as connection:
        tx = UnitOfWork(connection)
        account = user_actions.own_account(tx, call.actor)
        found = open_sessions(tx.sessions.of(account.key), call.now, call.needs.authenticator.policy)
    return answer(call, {"items": [session_facts(one) for one in found], "next": None})


@session_router.post("/{key}/revoke", response_model=Facts, summary="End one of your own sessions")
def end(call: Anybody, key: Key, body: MaybeWhy, idempotency: IdempotencyKey = None) -> Response:
    """Such as one that was left open elsewhere."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        user_actions.end_own_session(tx, key, doing)
        return {"ended": key}

    return act(call, Act.OWN_SESSION_END, body, idempotency, lambda _: work)
