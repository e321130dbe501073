"""Saved views: which there are, save one, remove one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response
from pydantic import ValidationError

from csire_bridge.access.view_actions import remove_view, save_view
from csire_bridge.console.area import Area
from csire_bridge.console.http.acts import carry_out
from csire_bridge.console.http.answers import page, redirect
from csire_bridge.console.http.visit import Reading, Visit, acting
from csire_bridge.console.lists.fields import Key
from csire_bridge.console.lists.query import query_of
from csire_bridge.console.pages.views.counted import filters_of
from csire_bridge.console.pages.views.shipped import SHIPPED
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.people.roles import Permission, Role
from csire_bridge.domain.people.saved_views import FOR_ALL, SavedView

__all__ = ["VIEWS"]

_router = APIRouter()
_Sending = Annotated[Visit, Depends(acting(Permission.READ))]


@_router.get("/views")
def views(visit: Reading) -> Response:
    """The views that the visitor has."""
    role = visit.actor.role
    with visit.api.database.read_transaction() as tx:
        found = tx.views.all_for(visit.actor.name, role)
    return page(visit, "views/views.html", _facts(found, role))


def _facts(found: list[SavedView], role: Role | None) -> dict[str, object]:
    roles = {str(one): one for one in Role}
    return {
        "saved": found,
        "shipped": SHIPPED[role] if role else (),
        "roles": roles,
        "may_remove": Permission.PEOPLE,
    }


@_router.post("/views")
def save(
    visit: _Sending,
    name: Annotated[str, Form(max_length=100)] = "",
    query: Annotated[str, Form(max_length=2000)] = "",
    shared_with: Annotated[str, Form(max_length=16)] = "",
    in_menu: Annotated[bool, Form()] = False,
    threshold: Annotated[str, Form(max_length=6)] = "",
) -> Response:
    """Keep the filters under a name."""
    if shared_with not in ("", FOR_ALL, *Role):
        raise ActionRefused("a view is shared with all, or with a role", "choose one of the list")
    if threshold and not (threshold.isascii() and threshold.isdigit() and int(threshold) > 0):
        raise ActionRefused("a threshold is a number above 0", "write one, or leave it out")
    try:
        clean = query_of(filters_of(query))
    except ValidationError as error:
        raise ActionRefused("these are no filters of a list of orders", "save the view from the list itself") from error
    view = SavedView(
        key=0,
        name=name,
        query=clean,
        owner=visit.actor.name,
        shared_with=shared_with or None,
        in_menu=in_menu,
        threshold=int(threshold) if threshold else None,
        created_at=visit.now,
    )
    made = carry_out(visit, None, lambda tx, act: save_view(tx, view, act))
    return redirect(visit, f"/orders?{made.query}", f"the view {made.name} is saved")


@_router.post("/views/{key}/remove")
def remove(visit: _Sending, key: Key) -> Response:
    """End a view."""
    ended = carry_out(visit, None, lambda tx, act: remove_view(tx, key, act))
    return redirect(visit, "/views", f"the view {ended.name} is removed")


VIEWS = Area(_router)
