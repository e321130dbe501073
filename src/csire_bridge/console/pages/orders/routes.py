"""The list of orders: page by page, what has come since, and the same as a file."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from typing import Annotated, Any
from urllib.parse import unquote_plus

from fastapi import APIRouter, Query, Response

from csire_bridge.console.area import Area, MenuEntry
from csire_bridge.console.http.answers import page
from csire_bridge.console.http.visit import Personal, Reading
from csire_bridge.console.language.catalogs import translations
from csire_bridge.console.lists.places import CURSOR, place_of
from csire_bridge.console.lists.query import query_of
from csire_bridge.console.lists.sheets import MOST_ROWS, file_of
from csire_bridge.console.lists.turning import VIEW, news_page, turning
from csire_bridge.console.pages.orders.care import care_pages
from csire_bridge.console.pages.orders.columns import IN_FILES, TITLES, USUAL, ColumnName
from csire_bridge.console.pages.orders.filters import OrderListing
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.order.care import Whose
from csire_bridge.domain.order.clock_stage import ClockStage
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import (
    DisconnectionKind,
    NotDelivered,
    OrderKind,
    OrderState,
    RejectionReason,
    WaitsFor,
)
from csire_bridge.domain.order.requests.sources import source_of
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.roles import Permission, Role
from csire_bridge.store.queries.lists.listed_order import ListedOrder, listed_orders
from csire_bridge.store.queries.lists.order_pages import count_new_orders, count_orders, every_order, order_page
from csire_bridge.store.queries.lists.order_ways import order_way

__all__ = ["ORDERS"]

_router = APIRouter()
_router.include_router(care_pages)
_PATH = "/orders"
_ROWS = 35
_CHOICES: dict[str, Any] = {
    "all_columns": list(ColumnName),
    "states": list(OrderState),
    "kinds": list(OrderKind),
    "sources": list(OrderSource),
    "reasons": list(WaitsFor),
    "clocks": list(ClockStage),
    "disconnection_kinds": list(DisconnectionKind),
    "not_delivered": list(NotDelivered),
    "cannot": list(RejectionReason),
    "answers": list(DocumentState),
    "whose": list(Whose),
}
_USUAL_FILTERS = {"state", "kind", "source", "waits_for", "clock", "care", "since", "until", "supplier", "station"}
_MORE = set(OrderListing.model_fields) - _USUAL_FILTERS - {"after"}


class FileKind(StrEnum):
    """The kinds of files."""

    CSV = "csv"
    XLSX = "xlsx"


@_router.get(_PATH)
def orders(visit: Reading, asked: Annotated[OrderListing, Query()]) -> Response:
    """A page of the orders that meet the filters."""
    wanted = asked.search(visit)
    place = place_of(asked.after, by_moment=order_way(wanted).by_moment)
    with visit.reading() as connection:
        found = order_page(connection, wanted, _ROWS, place)
        count = count_orders(connection, wanted)
        rows = listed_orders(connection, found.orders, visit.now)
    query = query_of(asked, without=VIEW)
    facts: dict[str, Any] = {
        "asked_for": asked,
        "rows": rows,
        "count": count,
        "columns": asked.column or USUAL,
        "usual": not asked.column,
        "titles": {column: translations(visit.language).gettext(title) for column, title in TITLES.items()},
        **_CHOICES,
        "more_is_used": bool(asked.model_fields_set & _MORE),
        "source_of": source_of,
        "role_choices": list(Role),
        "may_share": Act.VIEW_SHARE,
        "query": query,
        **turning(_PATH, asked, found),
    }
    note = (Act.ORDER_READ, f"orders: {unquote_plus(visit.request.url.query)[:150] or 'all'}")
    return page(visit, "orders/list.html", facts, reads=note)


@_router.get(f"{_PATH}/news")
def news(
    visit: Reading,
    asked: Annotated[OrderListing, Query()],
    top: Annotated[str, Query(pattern=f"^{CURSOR}$")] = "0",
) -> Response:
    """How many have come since a list was made that begins at ``top``."""
    wanted = asked.search(visit)
    shown = place_of(top, by_moment=order_way(wanted).by_moment)
    with visit.reading() as connection:
        count = count_new_orders(connection, wanted, shown if top != "0" else None)
    return news_page(visit, _PATH, asked, count)


@_router.get(f"{_PATH}/export")
def export(visit: Personal, asked: Annotated[OrderListing, Query()], file: FileKind = FileKind.XLSX) -> Response:
    """All that meet the filters as a file."""
    wanted = asked.search(visit)
    rows: list[ListedOrder] = []
    with visit.reading() as connection:
        found = list(islice(every_order(connection, wanted), MOST_ROWS + 1))
        if len(found) > MOST_ROWS:
            raise ActionRefused(f"more than {MOST_ROWS} orders meet the filters", "filter by a time or a state")
        for start in range(0, len(found), 1000):
            rows += listed_orders(connection, found[start : start + 1000], visit.now)
    return file_of(visit, file, "orders", IN_FILES, rows, query_of(asked, without=VIEW | {"column"}))


ORDERS = Area(_router, (MenuEntry(_PATH, "Orders", Permission.READ, order=20, key="o"),))
