"""The pages of what went wrong outside of orders, and their places in the menu."""

from __future__ import annotations

from fastapi import APIRouter

from csire_bridge.console.area import Area, MenuEntry
from csire_bridge.console.pages.open_cases.movements import movement_pages
from csire_bridge.console.pages.open_cases.parked_work import parked_work_pages
from csire_bridge.domain.people.roles import Permission

__all__ = ["OPEN_CASES"]

_router = APIRouter()
_router.include_router(movement_pages)
_router.include_router(parked_work_pages)

OPEN_CASES = Area(
    _router,
    (
        MenuEntry("/movements", "Unexplained supply", Permission.READ, order=330),
        MenuEntry("/work", "Failed steps", Permission.READ, order=340),
    ),
)
