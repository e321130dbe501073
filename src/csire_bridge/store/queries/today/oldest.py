"""The oldest order in each state in which orders wait; one row of an index each. Read only."""

from __future__ import annotations

from sqlalchemy import Connection, select

from csire_bridge.domain.order.order import FINAL_STATES, Order, OrderState
from csire_bridge.store.sql.row_mapper import from_rows
from csire_bridge.store.tables import NOT_DONE, orders

__all__ = ["oldest_waiting"]


def oldest_waiting(connection: Connection) -> list[Order]:
    """The oldest of each state that is no end, in the order of the states."""
    found: list[Order] = []
    for state in OrderState:
        if state not in FINAL_STATES:
            of_state = select(orders).where(NOT_DONE, orders.c.state == state.value)
            found += from_rows(Order, connection.execute(of_state.order_by(orders.c.key).limit(1)))
    return found
