"""The orders before and after one in the list that it was opened from."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs

from pydantic import ValidationError
from sqlalchemy import Connection

from csire_bridge.console.http.visit import Visit
from csire_bridge.console.lists.query import query_of, with_query
from csire_bridge.console.pages.orders.filters import OrderListing
from csire_bridge.domain.order.order import Order
from csire_bridge.store.queries.lists.order_pages import order_page
from csire_bridge.store.queries.lists.order_ways import order_way

__all__ = ["ALL", "Neighbours", "neighbours_in"]

ALL = "all"
"""Stands in the place of the filters of a list that has none."""
_LISTS = frozenset({"state", "column"})


@dataclass(frozen=True, slots=True)
class Neighbours:
    """``path`` is the list, ``told`` its filters for the pages of its other orders. None: the list begins or ends."""

    path: str
    told: str
    newer: int | None
    older: int | None


def neighbours_in(visit: Visit, connection: Connection, order: Order, told: str | None) -> Neighbours | None:
    """The neighbours of an order in the list with these filters; None where none, or none that are right, are given."""
    listing = None if told is None else _listing(told)
    if told is None or listing is None:
        return None
    wanted = listing.search(visit)
    place = order_way(wanted).place(order)
    newer = order_page(connection, wanted, 1, place, oldest_first=True).orders
    older = order_page(connection, wanted, 1, place).orders
    path = with_query("/orders", query_of(listing, without=frozenset({"after"})))
    return Neighbours(path, told, newer[0].key if newer else None, older[0].key if older else None)


def _listing(told: str) -> OrderListing | None:
    given = parse_qs(told)
    try:
        return OrderListing.model_validate(
            {name: values if name in _LISTS else values[0] for name, values in given.items()}
        )
    except ValidationError:
        return None
