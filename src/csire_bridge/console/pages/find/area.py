"""The area of finding; it stands in no menu, because its box stands on every page."""

from __future__ import annotations

from fastapi import APIRouter

from csire_bridge.console.area import Area
from csire_bridge.console.pages.find.box import box_router
from csire_bridge.console.pages.find.key_list import key_list_router

__all__ = ["FIND"]

_router = APIRouter()
_router.include_router(box_router)
_router.include_router(key_list_router)

FIND = Area(_router)
