"""The orders that are not in the kept figures: those that are open, and those that ended since figures were kept.

An order has ended with the first event of its history whose state is final. Which of these events are counted is one
number, the key of the last one; so each order is on one side of it, and never on both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

from sqlalchemy import ColumnElement, Connection, Select, select

from csire_bridge.domain.figures.tally import CountedOrder
from csire_bridge.domain.order.order import FINAL_STATES, OrderState
from csire_bridge.store.sql.row_mapper import from_rows
from csire_bridge.store.tables import NOT_DONE, figure_progress, order_events, orders

__all__ = ["COLUMNS", "counted_to", "ended_after", "ended_orders", "open_orders"]

COLUMNS = [orders.c[field.name] for field in fields(CountedOrder)]
_ENDS = sorted(state.value for state in FINAL_STATES)
_OPEN = sorted(state.value for state in OrderState if state not in FINAL_STATES)
_EVENT = order_events.c


def counted_to(connection: Connection) -> int:
    """The key of the last event that is counted; 0 where no figures are kept yet."""
    return connection.execute(select(figure_progress.c.counted_to)).scalar() or 0


def open_orders(most: int | None = None) -> Select[tuple[object, ...]]:
    """The orders that have not ended; ``most`` of them."""
    return (
        select(*COLUMNS).where(orders.c.state.in_(_OPEN), NOT_DONE).limit(most)
    )  # NOT_DONE, so that its index is used


def ended_after(event: int) -> ColumnElement[bool]:
    """The condition that an order has ended after an event: by a later one, and by none up to it."""
    earlier = order_events.alias("earlier").c
    ended_before = (
        select(earlier.key)
        .where(earlier.order == _EVENT.order, earlier.key <= event, earlier.state.in_(_ENDS))
        .correlate(order_events)
        .exists()
    )
    ends = select(_EVENT.order).where(_EVENT.key > event, _EVENT.state.in_(_ENDS))
    return orders.c.key.in_(ends.where(~ended_before) if event else ends)


def ended_orders(connection: Connection, event: int, most: int | None = None) -> Iterator[CountedOrder]:
    """The orders that have ended after ``event``; ``most`` of them."""
    query = select(*COLUMNS).where(ended_after(event)).limit(most)
    return from_rows(CountedOrder, connection.execution_options(yield_per=1000).execute(query))


def orders_of(connection: Connection, keys: Sequence[int]) -> Iterator[CountedOrder]:
    """The orders of these keys."""
    return from_rows(CountedOrder, connection.execute(select(*COLUMNS).where(orders.c.key.in_(keys))))
