"""``/orders``: find orders, show one, and why it goes, waits or has ended."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import Connection

from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Call, Personal, Reading
from csire_bridge.api.http.fields import Key
from csire_bridge.api.http.pages import LookedPage, Page, looked_page, place_of
from csire_bridge.api.http.problems import missing
from csire_bridge.api.routes.filters import OrderListing
from csire_bridge.api.routes.shapes import Facts, OrderFacts, OrderFile
from csire_bridge.domain.order.order import Order
from csire_bridge.domain.people.acts import Act
from csire_bridge.pipeline.operator.orders.explanations import explained, explanation_facts
from csire_bridge.store.queries.clock_facts import clock_facts
from csire_bridge.store.queries.dossiers.order_dossier import order_file
from csire_bridge.store.queries.find.archived import archived_order
from csire_bridge.store.queries.lists.order_pages import order_page
from csire_bridge.store.queries.lists.order_ways import order_way
from csire_bridge.store.repositories.orders.orders import OrderBook
from csire_bridge.store.sql.row_mapper import to_row

__all__ = ["order_router", "the_order"]

order_router = APIRouter(prefix="/orders", tags=["orders"])
_LOOK = "look its key up with GET /api/v1/orders"


@order_router.get("", response_model=LookedPage[OrderFacts], summary="Orders, the newest first")
def find(call: Reading, wanted: Annotated[OrderListing, Query()]) -> Response:
    """A page of the orders that meet every filter.

    To follow new ones, ask with ``oldest_first`` and the last cursor; or ask again with ``If-None-Match``. They go by
    key; by the moment of registration where ``since``, ``until`` or ``waits_for`` is given. A page of filters that few
    meet can end early, even empty: ``looked_to`` says how far was looked, ``next`` goes on from there.
    """
    search = wanted.search(call)
    place = place_of(wanted.after, by_moment=order_way(search).by_moment)
    with call.reading() as connection:
        found = order_page(connection, search, wanted.limit, place, oldest_first=wanted.oldest_first)
    body = looked_page([to_row(order) for order in found.orders], found.next, found.looked_to)
    return answer(call, body, (Act.ORDER_READ, "orders: " + (call.request.url.query[:150] or "all")))


@order_router.get("/{key}", response_model=OrderFile, summary="Everything about one order")
def show(call: Reading, key: Key) -> Response:
    """Facts, history, events, answers, open work, the guards that it met, and its clocks.

    The ETag begins with the order's version; give it to an act as ``If-Match``.
    """
    with call.reading() as connection:
        file, order = order_file(connection, key), _found(connection, key)
    policy = call.needs.policy
    clocks = clock_facts(order, policy.deadlines, policy.law, call.now)
    return answer(call, {**(file or {}), "clocks": clocks}, (Act.ORDER_READ, f"order {key}"), order.version)


@order_router.get("/{key}/history", response_model=Page[Facts], summary="The history of one order")
def history(call: Reading, key: Key) -> Response:
    """Every line of its history, the oldest first."""
    with call.reading() as connection:
        order = _found(connection, key)
        lines = [to_row(event) for event in OrderBook(connection).history(key)]
    return answer(call, {"items": lines, "next": None}, (Act.ORDER_READ, f"order {key}"), order.version)


@order_router.get("/{key}/explanation", response_model=Facts, summary="Why it goes, waits or has ended")
def explain(call: Personal, key: Key) -> Response:
    """The facts used, the gates asked one by one now, the law's rule, the clocks, and what would make it go."""
    with call.reading() as connection:
        _found(connection, key)
    needs, policy = call.needs, call.needs.policy
    found, lines = explained(needs.database, key, needs.gates(), policy, call.now)
    body: dict[str, Any] = explanation_facts(
        found, lines, clock_facts(found.order, policy.deadlines, policy.law, call.now)
    )
    return answer(call, body, (Act.ORDER_READ, f"order {key}"), found.order.version)


def the_order(call: Call, key: int) -> Order:
    """The order of that key; raises ApiProblem (404)."""
    with call.reading() as connection:
        return _found(connection, key)


def _found(connection: Connection, key: int) -> Order:
    order = OrderBook(connection).get_many([key]).get(key)
    if order is None:
        gone = archived_order(connection, key)
        raise missing(f"order {key}", f"retention has archived it in {gone.archive}" if gone else _LOOK)
    return order
