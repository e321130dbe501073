"""Contactors that were found in a state that no order explains: perhaps a household that was cut off by nobody."""

from __future__ import annotations

from fastapi import APIRouter, Response

from csire_bridge.console.http.answers import page
from csire_bridge.console.http.visit import Reading
from csire_bridge.domain.people.acts import Act
from csire_bridge.store.repositories.points.contactors import Contactors

__all__ = ["movement_pages"]

movement_pages = APIRouter()
_SHOWN = 200


@movement_pages.get("/movements")
def movements(visit: Reading) -> Response:
    """Those that nobody has explained yet, the oldest first."""
    with visit.reading() as connection:
        found = Contactors(connection).movements(limit=_SHOWN + 1)
    facts = {"movements": found[:_SHOWN], "more": len(found) > _SHOWN, "may": visit.may(Act.MOVEMENT_EXPLAIN)}
    return page(visit, "open_cases/movements.html", facts, reads=(Act.POINT_READ, "movements"))
