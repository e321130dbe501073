"""Searches as addresses of lists, so that a count leads to exactly the rows that it counts."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from csire_bridge.console.lists.query import encoded, with_query
from csire_bridge.domain.order.clock_stage import ClockAt
from csire_bridge.store.queries.search.message_search import MessageSearch
from csire_bridge.store.queries.search.order_search import OrderSearch

__all__ = ["address_of"]

_NAMES = {"states": "state"}


def address_of(search: OrderSearch | MessageSearch) -> str:
    """The list that shows exactly what the search finds."""
    path = "/orders" if isinstance(search, OrderSearch) else "/messages"
    given = {one.name: getattr(search, one.name) for one in fields(search)}
    return with_query(path, encoded({_NAMES.get(name, name): _told(value) for name, value in given.items()}))


def _told(value: object) -> object:
    if isinstance(value, ClockAt):
        return value.stage
    if value is True:
        return "true"
    return value.isoformat() if isinstance(value, datetime) else value or None
