"""Orders and their histories within one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Update, bindparam, insert, select, update

from csire_bridge.domain.errors import StaleWrite
from csire_bridge.domain.law.clocks import nearer
from csire_bridge.domain.order.order import Order, OrderEvent, OrderState, WaitsFor, check_transition
from csire_bridge.domain.order.requests.operators_own import is_operators_own
from csire_bridge.store.housekeeping.restores import Restores
from csire_bridge.store.repositories.orders.sid import tell_moves
from csire_bridge.store.sql.array_parameter import any_of
from csire_bridge.store.sql.execute_many import execute_many
from csire_bridge.store.sql.insert_returning_keys import add_rows
from csire_bridge.store.sql.row_mapper import from_rows, plain, to_row
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
    "executed_from",
    "verified_at",
    "cannot_reason",
    "detail",
    "refused",
    "cancelled_at",
    "may_run_until",
    "waits_for",
    "first_given_at",
    "delivered_at",
    "undelivered_at",
    "undelivered_why",
    "half_time",
    "four_fifths",
    "deadline",
)
_MANY = select(orders).where(any_of(orders.c.key, "keys"))
_RECALLED = select(orders.c.key).where(any_of(orders.c.key, "keys"), orders.c.recalled_at.is_not(None))
_WAIT = update(orders).where(orders.c.key == bindparam("b_key")).values(waits_for=bindparam("reason"))
_NOTE = insert(order_events)


class OrderBook:
    """Orders within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: Sequence[Order], at: datetime) -> list[int]:
        """Write new orders (their ``key`` is ignored) with the first line of their history; return their keys."""
        if not new:
            return []
        keys = add_rows(self._connection, orders, self._rows(new))
        rows = [
            {"order": key, "at": at, "state": order.state.value, "text": f"from {_origin(order)}"}
            for key, order in zip(keys, new, strict=True)
        ]
        execute_many(self._connection, _NOTE, rows)
        return keys

    def _rows(self, new: Sequence[Order]) -> list[dict[str, object]]:
        last = Restores(self._connection).last()
        rows = [to_row(order, "key") for order in new]
        if last is None:
            return rows
        return [row | {"generation": last.generation_of(order)} for row, order in zip(rows, new, strict=True)]

    def _found(self, query: Select[Any], given: Mapping[str, object] | None = None) -> Iterator[Order]:
        return from_rows(Order, self._connection.execute(query, given))

    def get(self, key: int) -> Order:
        """The order of that key; raises KeyError."""
        return self.get_many([key])[key]

    def get_many(self, keys: Sequence[int]) -> dict[int, Order]:
        """The existing orders of ``keys``."""
        return {order.key: order for order in self._found(_MANY, {"keys": keys})} if keys else {}

    def get_for_update(self, keys: Sequence[int]) -> dict[int, Order]:
        """The existing orders of ``keys``, locked: nobody else changes them until this transaction ends."""
        if not keys:
            return {}
        query = select(orders).where(orders.c.key.in_(keys)).order_by(orders.c.key).with_for_update(key_share=True)
        return {order.key: order for order in self._found(query)}

    def change_date(self, known: Order, new: Order, at: datetime, text: str) -> Order:
        """Give ``known`` the dates of ``new``; return the changed order. Raises StaleWrite."""
        facts: dict[str, Any] = {
            "version": known.version + 1,
            "effective_date": new.effective_date,
            "requested_date": new.requested_date,
            "not_before": new.not_before,
            "half_time": new.half_time,
            "four_fifths": new.four_fifths,
            "deadline": new.deadline,
            "dated_at": new.registered_at,
            "received_at": new.received_at,
            "undelivered_at": None,
            "undelivered_why": None,
            "tariff_group": new.tariff_group or known.tariff_group,
            "contracted_power": known.contracted_power if new.contracted_power is None else new.contracted_power,
        }
        same = (orders.c.key == known.key) & (orders.c.version == known.version)
        if not self._connection.execute(update(orders).where(same).values(facts)).rowcount:
            raise StaleWrite(f"order {known.key} changed while its date was changed")
        self.note(known.key, known.state, at, text)
        return replace(known, **facts)

    def join(self, known: Order, new: Order, at: datetime, text: str) -> Order:
        """Merge ``new`` into ``known``, which takes over its hub process; return the changed order.

        The first registration counts for the execution time. A worker that has the order leased is not disturbed.
        """
        facts: dict[str, Any] = {
            "registered_at": min(known.registered_at, new.registered_at),
            "renewed_at": max(known.renewed_at or known.registered_at, new.registered_at),
            "process_instance": known.process_instance or new.process_instance,
            "source_message": known.source_message or new.source_message,
            "source_sender": known.source_sender if known.source_message else new.source_sender,
            "source_number": known.source_number or new.source_number,
            "kept": known.kept or new.kept,
            "source_item": known.source_item if known.source_message else new.source_item,
            **nearer(known, new),
        }
        row = {name: plain(value) for name, value in facts.items()}
        self._connection.execute(update(orders).where(orders.c.key == known.key).values(row))
        self.note(known.key, known.state, at, text)
        return replace(known, **facts)

    def recalled(self, keys: Sequence[int]) -> set[int]:
        """Those of the orders that were recalled."""
        return set(self._connection.execute(_RECALLED, {"keys": list(keys)}).scalars()) if keys else set()

    def wait(self, reasons: Sequence[tuple[Order, WaitsFor, str]], at: datetime) -> None:
        """Record why orders wait, with a line in their histories; does not disturb a worker that has them leased."""
        if reasons:
            execute_many(self._connection, _WAIT, [{"b_key": o.key, "reason": why.value} for o, why, _ in reasons])
            self.note_all([(order.key, order.state, text) for order, _, text in reasons], at)

    def move(self, order: Order, state: OrderState, at: datetime, text: str, **facts: Any) -> Order:
        """Change the state of ``order`` with a line in its history; ``facts`` are columns that change with it.

        Raises ValueError for a forbidden transition, StaleWrite when the order changed since it was read.
        """
        if not facts.keys() <= set(_MOVABLE):
            raise ValueError(f"these never change: {', '.join(sorted(facts.keys() - set(_MOVABLE)))}")
        moved = replace(order, state=state, version=order.version + 1, **facts)
        self.move_all([(order, moved, text)], at)
        return moved

    def move_all(self, moves: Sequence[tuple[Order, Order, str]], at: datetime) -> None:
        """Write changed orders (before, after), each with a line in its history.

        Raises ValueError for a forbidden transition, StaleWrite when one of them changed since it was read.
        """
        if not moves:
            return
        for before, after, _ in moves:
            check_transition(before.state, after.state)
        alike: dict[tuple[str, ...], list[dict[str, object]]] = {}
        for before, after, _ in moves:
            facts = {n: plain(value) for n in _MOVABLE if (value := getattr(after, n)) != getattr(before, n)}
            alike.setdefault(tuple(facts), []).append({"b_key": before.key, "b_version": before.version, **facts})
        met = sum(execute_many(self._connection, _move(columns), rows) for columns, rows in alike.items())
        if met != len(moves):
            raise StaleWrite(f"order {', '.join(str(b.key) for b, _, _ in moves)} changed while it was worked on")
        self.note_all([(after.key, after.state, text) for _, after, text in moves], at)
        tell_moves(self._connection, moves, at)

    def recall(self, key: int, at: datetime, *, superseded_by: int | None = None) -> None:
        """Record that the order's command is not wanted any more: its process was ended, or a newer order supersedes
        it.

        A worker that has the order leased is not disturbed. The first recall stays.
        """
        first = (orders.c.key == key) & orders.c.recalled_at.is_(None)
        values = {"recalled_at": at, "superseded_by": superseded_by}
        self._connection.execute(update(orders).where(first).values(values))

    def learn(self, key: int, facts: Mapping[str, object]) -> None:
        """Write facts about an order that change nothing of its state; does not disturb a worker that has it leased."""
        row = {name: plain(value) for name, value in facts.items()}
        self._connection.execute(update(orders).where(orders.c.key == key).values(row))

    def cancelled(self, keys: Sequence[int], at: datetime) -> None:
        """Record that the head-end system dropped the orders' commands; does not disturb a worker that leased them."""
        if keys:
            self._connection.execute(update(orders).where(orders.c.key.in_(keys)).values(cancelled_at=at))

    def note(self, key: int, state: OrderState, at: datetime, text: str) -> None:
        """Append a line to an order's history."""
        self.note_all([(key, state, text)], at)

    def note_all(self, notes: Sequence[tuple[int, OrderState, str]], at: datetime) -> None:
        """Append (order, state, text) to the histories."""
        rows = [{"order": key, "at": at, "state": state.value, "text": text} for key, state, text in notes]
        execute_many(self._connection, _NOTE, rows)

    def history(self, key: int) -> list[OrderEvent]:
        """The history of an order, oldest first."""
        query = select(order_events).where(order_events.c.order == key).order_by(order_events.c.key)
        return [OrderEvent(row.at, OrderState(row.state), row.text) for row in self._connection.execute(query)]


@cache
def _move(columns: tuple[str, ...]) -> Update:
    """The update with only the changed columns, because writing a column also writes its indexes."""
    same = (orders.c.key == bindparam("b_key")) & (orders.c.version == bindparam("b_version"))
    return update(orders).where(same).values({name: bindparam(name) for name in columns})


def _origin(order: Order) -> str:
    if is_operators_own(order):
        return "a person of the operator"
    if order.source_number:
        return f"message {order.source_number}"
    return f"order {order.parent}, as a step of it" if order.parent is not None else "SID"
