"""Lists of orders, a page at a time; read only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.meter.contactor import ContactorAction
from csire_bridge.domain.order.order import FINAL_STATES, Order, OrderKind, OrderState
from csire_bridge.store.queries.lists.counted import Counted, count_newer, count_up_to
from csire_bridge.store.queries.lists.order_ways import order_way
from csire_bridge.store.queries.lists.ways import Place, moment_at, pages_until, rows_of
from csire_bridge.store.queries.search.order_search import OrderSearch
from csire_bridge.store.sql.row_mapper import from_row
from csire_bridge.store.tables import orders

__all__ = ["OrderPage", "count_new_orders", "count_orders", "every_order", "find_orders", "open_at", "order_page"]

_PAGE = 200


@dataclass(frozen=True, slots=True)
class OrderPage:
    """``next``: where the next page begins; None at the end of the list.

    ``looked_to`` (UTC): this page ended because it had looked through many orders for few that meet all criteria, back
    (or on) to those that were registered at about that moment.
    """

    orders: tuple[Order, ...]
    first: Place | None
    next: Place | None
    looked_to: datetime | None


def order_page(
    connection: Connection,
    wanted: OrderSearch,
    limit: int,
    after: Place | None = None,
    *,
    oldest_first: bool = False,
) -> OrderPage:
    """Up to ``limit`` orders behind a place, the newest first unless asked otherwise.

    They go by key, the order in which they came; by the moment of registration where a time is given, or what they wait
    for.
    """
    way = order_way(wanted)
    page = rows_of(connection, select(orders), way, limit, after, oldest_first=oldest_first)
    found = tuple(from_row(Order, row) for row in page.rows)
    first = way.place(page.rows[0]) if page.rows else None
    looked_to = moment_at(connection, orders.c.registered_at, page.looked_to, oldest_first=oldest_first)
    return OrderPage(found, first, page.next, looked_to)


def every_order(
    connection: Connection, wanted: OrderSearch, *, oldest_first: bool = False, after: Place | None = None
) -> Iterator[Order]:
    """All of them, page by page."""
    while True:
        page = order_page(connection, wanted, _PAGE, after, oldest_first=oldest_first)
        yield from page.orders
        if page.next is None:
            return
        after = page.next


def find_orders(connection: Connection, wanted: OrderSearch, limit: int, *, oldest_first: bool = False) -> list[Order]:
    """Up to ``limit`` orders, however far it has to look for them."""

    def page_of(most: int, after: Place | None) -> tuple[Sequence[Order], Place | None]:
        page = order_page(connection, wanted, most, after, oldest_first=oldest_first)
        return page.orders, page.next

    return pages_until(limit, page_of)


def count_orders(connection: Connection, wanted: OrderSearch) -> Counted:
    """How many there are, counted up to a limit."""
    return count_up_to(connection, order_way(wanted))


def count_new_orders(connection: Connection, wanted: OrderSearch, shown: Place | None) -> Counted:
    """How many have come since a list was shown that begins with ``shown``; None: it was empty."""
    return count_newer(connection, order_way(wanted), shown)


def open_at(connection: Connection, point: MeteringPointCode, action: ContactorAction) -> list[Order]:
    """The orders for that movement at a point that have not ended."""
    states = tuple(state for state in OrderState if state not in FINAL_STATES)
    kind = OrderKind.DISCONNECT if action is ContactorAction.DISCONNECT else OrderKind.RECONNECT
    return find_orders(connection, OrderSearch(states=states, point=point, kind=kind), 100, oldest_first=True)
