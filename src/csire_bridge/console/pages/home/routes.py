"""The first page."""

from __future__ import annotations

from fastapi import APIRouter, Response

from csire_bridge.console.area import Area, MenuEntry
from csire_bridge.console.http.answers import page
from csire_bridge.console.http.visit import Reading
from csire_bridge.domain.people.roles import Permission

__all__ = ["HOME"]

_router = APIRouter()


@_router.get("/")
def home(visit: Reading) -> Response:
    """What there is to see."""
    return page(visit, "home/home.html", {"reasons": visit.needs.reasons(), "at": visit.now})


HOME = Area(_router, (MenuEntry("/", "Today", Permission.READ, order=10, key="t"),))
