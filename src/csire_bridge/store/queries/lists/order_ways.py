"""Which index serves which criteria of a search for orders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ColumnElement

from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.order.order import FINAL_STATES, OrderState
from csire_bridge.store.queries.lists.ways import Way
from csire_bridge.store.queries.search.order_search import OrderSearch
from csire_bridge.store.sql.array_parameter import by_index, by_row
from csire_bridge.store.tables import NOT_DONE, orders

__all__ = ["order_way"]

_FEW = ("point", "process", "message", "sid_number", "meter", "station", "clock", "failing", "care")
_TIME = frozenset({"since", "until"})
_EXECUTED = frozenset({"executed_since", "executed_until"})


def order_way(wanted: OrderSearch) -> Way:
    """The best way to the orders that are wanted."""
    given = dict(wanted.named(by_index))
    few = next((name for name in _FEW if name in given), None)
    if few is None and wanted.answer not in (None, DocumentState.CONFIRMED):
        few = "answer"
    if few:
        return _way(wanted, {few}, (given[few],), few=True)
    if executed := _EXECUTED & given.keys():
        return _way(wanted, executed, tuple(given[name] for name in sorted(executed)), moment=orders.c.executed_at)
    if "waits_for" in given:
        return _way(wanted, {"waits_for"}, (given["waits_for"],), moment=orders.c.registered_at)
    times = _TIME & given.keys()
    too_many = FINAL_STATES if times else {OrderState.DONE}
    if wanted.states and too_many.isdisjoint(wanted.states):
        return _by_state(wanted)
    if times:
        return _way(wanted, times, tuple(given[name] for name in sorted(times)), moment=orders.c.registered_at)
    served = {"supplier"} & given.keys()
    return _way(wanted, served, tuple(given[name] for name in served))


def _by_state(wanted: OrderSearch) -> Way:
    """Each state stands in its index in the order of the list."""
    parts = tuple((NOT_DONE, orders.c.state == state.value) for state in wanted.states)
    if len(parts) == 1:
        return _way(wanted, {"states"}, parts[0])
    return _way(wanted, {"states"}, (NOT_DONE, dict(wanted.named(by_index))["states"]), branches=parts)


def _way(
    wanted: OrderSearch,
    served: frozenset[str] | set[str],
    whole: tuple[ColumnElement[bool], ...],
    *,
    branches: tuple[tuple[ColumnElement[bool], ...], ...] = (),
    moment: Column[datetime] | None = None,
    few: bool = False,
) -> Way:
    others = tuple(condition for name, condition in wanted.named(by_row) if name not in served)
    return Way(table=orders, whole=whole, branches=branches, by_row=others, moment=moment, few=few)
