"""Orders and their histories within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from csire_bridge.domain.errors import StaleWrite
from csire_bridge.domain.identifiers import ProcessInstanceId
from csire_bridge.domain.orders import FINAL_STATES, Order, OrderEvent, OrderState, check_transition
from csire_bridge.store.rows import from_row, plain, to_row
from csire_bridge.store.tables import order_events, orders

__all__ = ["OrderBook"]


class OrderBook:
    """Orders within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: Sequence[Order], at: datetime) -> list[int]:
        """Write new orders (their ``key`` is not looked at) with the first line of their history; return their keys."""
        if not new:
            return []
        statement = insert(orders).returning(orders.c.key, sort_by_parameter_order=True)
        keys = list(self._connection.execute(statement, [to_row(order, "key") for order in new]).scalars())
        rows = [
            {"order": key, "at": at, "state": order.state.value, "text": f"from message {order.source_number}"}
            for key, order in zip(keys, new, strict=True)
        ]
        self._connection.execute(insert(order_events), rows)
        return keys

    def get(self, key: int) -> Order:
        """The order of that key; raises KeyError."""
        row = self._connection.execute(select(orders).where(orders.c.key == key)).one_or_none()
        if row is None:
            raise KeyError(key)
        return _order(row)

    def by_correlation(self, correlation_id: str) -> Order | None:
        """The order whose latest command has that correlation id."""
        row = self._connection.execute(select(orders).where(orders.c.correlation_id == correlation_id)).one_or_none()
        return None if row is None else _order(row)

    def open_of_process(self, process: ProcessInstanceId) -> list[Order]:
        """Orders of a market process that have not ended."""
        ended = [state.value for state in FINAL_STATES]
        query = select(orders).where(orders.c.process_instance == str(process), orders.c.state.not_in(ended))
        return [_order(row) for row in self._connection.execute(query)]

    def move(self, order: Order, state: OrderState, at: datetime, text: str, **facts: object) -> Order:
        """Move ``order`` on with a line in its history; ``facts`` are columns that change with it.

        Raises ValueError for a forbidden transition, StaleWrite when the order changed since it was read.
        """
        check_transition(order.state, state)
        moved = replace(order, state=state, version=order.version + 1, **facts)  # type: ignore[arg-type]
        values = {name: plain(getattr(moved, name)) for name in ("state", "version", *facts)}
        statement = update(orders).where(orders.c.key == order.key, orders.c.version == order.version).values(values)
        if self._connection.execute(statement).rowcount != 1:
            raise StaleWrite(f"order {order.key} changed while it was worked on")
        self.note(order.key, state, at, text)
        return moved

    def note(self, key: int, state: OrderState, at: datetime, text: str) -> None:
        """Append a line to an order's history."""
        row = {"order": key, "at": at, "state": state.value, "text": text}
        self._connection.execute(insert(order_events), row)

    def history(self, key: int) -> list[OrderEvent]:
        """The history of an order, oldest first."""
        query = select(order_events).where(order_events.c.order == key).order_by(order_events.c.key)
        return [OrderEvent(row.at, OrderState(row.state), row.text) for row in self._connection.execute(query)]


def _order(row: Row[tuple[object, ...]]) -> Order:
    return from_row(Order, row._mapping)  # type: ignore[arg-type]
