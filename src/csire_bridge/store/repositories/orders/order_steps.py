"""Steps of orders, and the registers that were read in them, within one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, bindparam, insert, select, update

from csire_bridge.domain.meter.metering import RegisterReading
from csire_bridge.domain.order.steps import OrderStep
from csire_bridge.store.sql.array_parameter import any_of
from csire_bridge.store.sql.execute_many import execute_many
from csire_bridge.store.sql.insert_returning_keys import add_rows
from csire_bridge.store.sql.row_mapper import from_rows, to_row
from csire_bridge.store.tables import order_steps, register_readings

__all__ = ["Steps"]

_CHANGING = ("state", "not_before", "ended_at", "child", "text")
_OF = (
    select(order_steps)
    .where(any_of(order_steps.c.order, "orders"))
    .order_by(order_steps.c.order, order_steps.c.position)
)
_PUT = (
    update(order_steps)
    .where(order_steps.c.key == bindparam("b_key"))
    .values({name: bindparam(name) for name in _CHANGING})
)
_KEEP = insert(register_readings)


class Steps:
    """Steps within one transaction. Whoever changes them must hold the lease on their order's work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, orders: Sequence[int]) -> dict[int, list[OrderStep]]:
        """The steps of each of ``orders``, in their order."""
        found: dict[int, list[OrderStep]] = defaultdict(list)
        if orders:
            for step in from_rows(OrderStep, self._connection.execute(_OF, {"orders": list(orders)})):
                found[step.order].append(step)
        return found

    def add(self, steps: Sequence[OrderStep]) -> list[OrderStep]:
        """Write new steps (their ``key`` is ignored); return them with their keys."""
        keys = add_rows(self._connection, order_steps, [to_row(step, "key") for step in steps])
        return [replace(step, key=key) for step, key in zip(steps, keys, strict=True)]

    def put(self, steps: Sequence[OrderStep]) -> None:
        """Write the new states of steps."""
        rows = [{"b_key": step.key, **to_row(step, "key", "order", "position", "kind")} for step in steps]
        execute_many(self._connection, _PUT, rows)

    def keep(self, order: int, readings: Sequence[RegisterReading]) -> None:
        """Store register readings of a meter for an order."""
        execute_many(self._connection, _KEEP, [{**to_row(reading), "order": order} for reading in readings])
