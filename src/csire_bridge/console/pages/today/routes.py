"""The first page: what needs a person now, and what goes on."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from csire_bridge.console.area import Area, MenuEntry
from csire_bridge.console.http.answers import page
from csire_bridge.console.http.visit import Reading
from csire_bridge.console.language.catalogs import translations
from csire_bridge.console.pages.today import facts
from csire_bridge.domain.people.roles import Permission

__all__ = ["TODAY"]

_router = APIRouter()


@_router.get("/")
def today(visit: Reading) -> Response:
    """Everything; of a block that asks for its news, only what it shows."""
    told: dict[str, Any] = {}
    with visit.reading() as connection:
        if visit.part in (None, "needs"):
            told |= facts.needs(visit, connection)
        if visit.part in (None, "work"):
            told |= facts.work(visit, connection, translations(visit.language).gettext)
    return page(visit, "today/today.html", told)


TODAY = Area(_router, (MenuEntry("/", "Today", Permission.READ, order=10, key="t"),))
