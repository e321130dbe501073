"""One's own account: what its role permits, and where one is signed in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response

from csire_bridge.access import user_actions
from csire_bridge.access.people_facts import open_sessions
from csire_bridge.console.http.acts import carry_out
from csire_bridge.console.http.answers import page, redirect
from csire_bridge.console.http.visit import Anybody, Sending
from csire_bridge.domain.people.roles import Permission
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["own_pages"]

own_pages = APIRouter()


@own_pages.get("/me")
def own(visit: Anybody) -> Response:
    """The account, its rights and its sessions."""
    with visit.reading() as connection:
        tx = UnitOfWork(connection)
        account = user_actions.own_account(tx, visit.actor)
        sessions = open_sessions(tx.sessions.of(account.key), visit.now, visit.api.authenticator.policy)
    permissions = [(one, visit.may(one)) for one in Permission]
    return page(visit, "people/own.html", {"account": account, "sessions": sessions, "permissions": permissions})


@own_pages.post("/me/sessions/revoke")
def end(visit: Sending, session: Annotated[int, Form(ge=1)]) -> Response:
    """End one of one's own sessions."""
    carry_out(visit, None, lambda tx, doing: user_actions.end_own_session(tx, session, doing))
    return redirect(visit, "/login" if session == visit.session else "/me", "it was done")
