"""Orders and their histories within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from csire_bridge.domain.errors import StaleWrite
from csire_bridge.domain.identifiers import MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.orders import FINAL_STATES, Order, OrderEvent, OrderKind, OrderState, check_transition
from csire_bridge.store.rows import from_row, plain, to_row
from csire_bridge.store.tables import order_events, orders

__all__ = ["OrderBook"]

_MOVABLE = (
    "state",
    "version",
    "not_before",
    "meter",
    "correlation_id",
    "attempts",
    "submitted_at",
    "expires_at",
    "outcome",
    "executed_at",
    "verified_at",
    "cannot_reason",
    "detail",
)
_ADD = insert(orders).returning(orders.c.key, sort_by_parameter_order=True)
_MOVE = (
    update(orders)
    .where(orders.c.key == bindparam("b_key"), orders.c.version == bindparam("b_version"))
    .values({name: bindparam(name) for name in _MOVABLE})
)
_MANY = select(orders).where(orders.c.key.in_(bindparam("keys", expanding=True)))
_BY_CORRELATION = select(orders).where(orders.c.correlation_id.in_(bindparam("correlation_ids", expanding=True)))
_CONNECTIONS = (
    select(orders.c.metering_point, func.max(orders.c.registered_at, type_=orders.c.registered_at.type).label("newest"))
    .where(
        orders.c.metering_point.in_(bindparam("points", expanding=True)),
        orders.c.kind == OrderKind.RECONNECT.value,
        orders.c.state != OrderState.WITHDRAWN.value,
    )
    .group_by(orders.c.metering_point)
)
_NOTE = insert(order_events)


class OrderBook:
    """Orders within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: Sequence[Order], at: datetime) -> list[int]:
        """Write new orders (their ``key`` is not looked at) with the first line of their history; return their keys."""
        if not new:
            return []
        keys = list(self._connection.execute(_ADD, [to_row(order, "key") for order in new]).scalars())
        rows = [
            {"order": key, "at": at, "state": order.state.value, "text": f"from message {order.source_number}"}
            for key, order in zip(keys, new, strict=True)
        ]
        self._connection.execute(_NOTE, rows)
        return keys

    def get(self, key: int) -> Order:
        """The order of that key; raises KeyError."""
        return self.many([key])[key]

    def many(self, keys: Sequence[int]) -> dict[int, Order]:
        """The orders of ``keys``, those that there are."""
        return {row.key: _order(row) for row in self._connection.execute(_MANY, {"keys": keys})} if keys else {}

    def by_correlation(self, correlation_ids: Sequence[str]) -> dict[str, Order]:
        """The orders whose latest command has one of these correlation ids."""
        if not correlation_ids:
            return {}
        rows = self._connection.execute(_BY_CORRELATION, {"correlation_ids": correlation_ids})
        return {row.correlation_id: _order(row) for row in rows}

    def open_of_process(self, process: ProcessInstanceId) -> list[Order]:
        """Orders of a market process that have not ended; nobody else changes them until this transaction ends."""
        ended = [state.value for state in FINAL_STATES]
        query = select(orders).where(orders.c.process_instance == str(process), orders.c.state.not_in(ended))
        held = query.order_by(orders.c.key).with_for_update(key_share=True)
        return [_order(row) for row in self._connection.execute(held)]

    def newest_connections(self, points: Sequence[MeteringPointCode]) -> dict[MeteringPointCode, datetime]:
        """When (UTC) a connection was last asked for at each of ``points``; withdrawn ones don't count."""
        if not points:
            return {}
        rows = self._connection.execute(_CONNECTIONS, {"points": [str(point) for point in points]})
        return {MeteringPointCode(row.metering_point): row.newest for row in rows}

    def move(self, order: Order, state: OrderState, at: datetime, text: str, **facts: object) -> Order:
        """Move ``order`` on with a line in its history; ``facts`` are columns that change with it.

        Raises ValueError for a forbidden transition, StaleWrite when the order changed since it was read.
        """
        if not facts.keys() <= set(_MOVABLE):
            raise ValueError(f"these never change: {', '.join(sorted(facts.keys() - set(_MOVABLE)))}")
        moved = replace(order, state=state, version=order.version + 1, **facts)  # type: ignore[arg-type]
        self.move_all([(order, moved, text)], at)
        return moved

    def move_all(self, moves: Sequence[tuple[Order, Order, str]], at: datetime) -> None:
        """Move orders on from what they were to what they are, each with a line in its history.

        Raises ValueError for a forbidden transition, StaleWrite when one of them changed since it was read.
        """
        if not moves:
            return
        for before, after, _ in moves:
            check_transition(before.state, after.state)
        rows = [
            {"b_key": before.key, "b_version": before.version, **{n: plain(getattr(after, n)) for n in _MOVABLE}}
            for before, after, _ in moves
        ]
        if self._connection.execute(_MOVE, rows).rowcount != len(moves):
            raise StaleWrite(f"order {', '.join(str(b.key) for b, _, _ in moves)} changed while it was worked on")
        self.note_all([(after.key, after.state, text) for _, after, text in moves], at)

    def recall(self, key: int, at: datetime) -> None:
        """Note that the hub ended the order's process; whoever works on the order just now is not disturbed."""
        self._connection.execute(update(orders).where(orders.c.key == key).values(recalled_at=at))

    def note(self, key: int, state: OrderState, at: datetime, text: str) -> None:
        """Append a line to an order's history."""
        self.note_all([(key, state, text)], at)

    def note_all(self, notes: Sequence[tuple[int, OrderState, str]], at: datetime) -> None:
        """Append (order, state, text) to the histories."""
        if notes:
            rows = [{"order": key, "at": at, "state": state.value, "text": text} for key, state, text in notes]
            self._connection.execute(_NOTE, rows)

    def history(self, key: int) -> list[OrderEvent]:
        """The history of an order, oldest first."""
        query = select(order_events).where(order_events.c.order == key).order_by(order_events.c.key)
        return [OrderEvent(row.at, OrderState(row.state), row.text) for row in self._connection.execute(query)]


def _order(row: Row[tuple[object, ...]]) -> Order:
    return from_row(Order, row._mapping)  # type: ignore[arg-type]
