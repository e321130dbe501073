"""API tokens: what each may do now, and until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from csire_bridge.access import token_actions
from csire_bridge.access.people_facts import listed_token
from csire_bridge.console.http.acts import carry_out
from csire_bridge.console.http.answers import page, redirect
from csire_bridge.console.http.visit import Visit, acting, visiting
from csire_bridge.domain.people.roles import Permission
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["token_pages"]

token_pages = APIRouter()
_Seeing = Annotated[Visit, Depends(visiting(Permission.PEOPLE))]
_Changing = Annotated[Visit, Depends(acting(Permission.PEOPLE))]
_Why = Annotated[str, Form(max_length=500)]


@token_pages.get("/tokens")
def tokens(visit: _Seeing) -> Response:
    """Every token, and the form for a new one."""
    return _list(visit)


@token_pages.post("/tokens")
def create(
    visit: _Changing,
    name: Annotated[str, Form(max_length=64)],
    scope: Annotated[list[Permission], Form(max_length=20)],
    days: Annotated[int, Form(ge=1, le=1826)],
    why: _Why = "",
) -> Response:
    """Make a token; its secret is shown on the page that follows, and nowhere else."""
    end = visit.now + timedelta(days=days)
    made, secret = carry_out(visit, why, lambda tx, doing: token_actions.create(tx, name, scope, end, doing))
    return _list(visit, (made.name, secret))


@token_pages.post("/tokens/{name}/revoke")
def revoke(visit: _Changing, name: str, why: _Why = "") -> Response:
    """End it at once."""
    carry_out(visit, why, lambda tx, doing: token_actions.revoke(tx, name, doing))
    return redirect(visit, "/tokens", "it was done")


def _list(visit: Visit, made: tuple[str, str] | None = None) -> Response:
    with visit.reading() as connection:
        tx = UnitOfWork(connection)
        found = [listed_token(tx, one, visit.now) for one in tx.tokens.all()]
    found.sort(key=lambda one: (one.token.ended(visit.now), one.token.name))
    scopes = [one for one in Permission if visit.may(one)]
    return page(visit, "people/tokens.html", {"tokens": found, "made": made, "scopes": scopes})
