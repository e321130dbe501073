"""How one turns the pages of a list, and hears of what is new; the same for every list that goes by cursor."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from fastapi import Response
from pydantic import BaseModel

from csire_bridge.console.http.answers import page
from csire_bridge.console.http.visit import Visit
from csire_bridge.console.lists.places import told
from csire_bridge.console.lists.query import query_of, with_query
from csire_bridge.store.queries.lists.counted import Counted
from csire_bridge.store.queries.lists.ways import Place

__all__ = ["VIEW", "news_page", "turning"]

VIEW = frozenset({"after"})
"""Fields of an address that say how the list is looked at, not what is in it."""


class Found(Protocol):
    """A page of a list."""

    @property
    def first(self) -> Place | None: ...
    @property
    def next(self) -> Place | None: ...
    @property
    def looked_to(self) -> datetime | None: ...


def turning(path: str, asked: BaseModel, found: Found) -> dict[str, Any]:
    """What a template needs of it: the addresses of the next page, of the beginning, and of the news."""
    begins_later = getattr(asked, "after", None) is not None
    return {
        "looked_to": found.looked_to,
        "older": with_query(path, query_of(asked, after=told(found.next))) if found.next else None,
        "newest": with_query(path, query_of(asked, without=VIEW)) if begins_later else None,
        "news": f"{path}/news?{query_of(asked, top=told(found.first) or '0', without=VIEW)}",
    }


def news_page(visit: Visit, path: str, asked: BaseModel, count: Counted) -> Response:
    """How many have come since, with the address of the list as it is now."""
    return page(visit, "orders/news.html", {"new": count, "newest": with_query(path, query_of(asked, without=VIEW))})
