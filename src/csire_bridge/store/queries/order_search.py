"""Search for orders by state, reason for waiting, metering point, kind, and words of the reason; read only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, select

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.meter.contactor import ContactorAction
from csire_bridge.domain.order.order import (
    FINAL_STATES,
    NEEDS_OPERATOR,
    Order,
    OrderKind,
    OrderState,
    WaitsFor,
)
from csire_bridge.store.sql.row_mapper import from_rows
from csire_bridge.store.tables import FOR_A_PERSON, OPEN_COMMANDS, orders

__all__ = ["OrderSearch", "commands_under_way", "count_orders", "find_orders", "open_at"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSearch:
    """Search criteria; without any, all orders. ``reason`` is a part of the order's detail, case-insensitive."""

    states: tuple[OrderState, ...] = ()
    waits_for: WaitsFor | None = None
    point: MeteringPointCode | None = None
    kind: OrderKind | None = None
    reason: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same for the database."""
        found: list[ColumnElement[bool]] = []
        if self.states:
            found.append(orders.c.state.in_([state.value for state in self.states]))
        if self.states and NEEDS_OPERATOR.issuperset(self.states):
            found.append(FOR_A_PERSON)  # so that its index is used
        if self.waits_for:
            found += [orders.c.waits_for == self.waits_for.value, orders.c.state == OrderState.REGISTERED.value]
        if self.point:
            found.append(orders.c.metering_point == str(self.point))
        if self.kind:
            found.append(orders.c.kind == self.kind.value)
        if self.reason:
            found.append(orders.c.detail.icontains(self.reason, autoescape=True))
        return found


def find_orders(connection: Connection, wanted: OrderSearch, limit: int, *, oldest_first: bool = False) -> list[Order]:
    """Up to ``limit`` orders, the newest first unless asked otherwise."""
    order = orders.c.key if oldest_first else orders.c.key.desc()
    query = select(orders).where(*wanted.conditions()).order_by(order).limit(limit)
    return list(from_rows(Order, connection.execute(query)))


def count_orders(connection: Connection, wanted: OrderSearch) -> int:
    """How many there are in all."""
    return connection.execute(select(func.count()).select_from(orders).where(*wanted.conditions())).scalar_one()


def commands_under_way(connection: Connection, kind: OrderKind | None = None) -> int:
    """How many orders have a command at the head-end system that may still move a contactor."""
    kinds = OrderSearch(kind=kind).conditions()
    return connection.execute(select(func.count()).select_from(orders).where(OPEN_COMMANDS, *kinds)).scalar_one()


def open_at(connection: Connection, point: MeteringPointCode, action: ContactorAction) -> list[Order]:
    """The orders for that movement at a point that have not ended."""
    states = tuple(state for state in OrderState if state not in FINAL_STATES)
    kind = OrderKind.DISCONNECT if action is ContactorAction.DISCONNECT else OrderKind.RECONNECT
    return find_orders(connection, OrderSearch(states=states, point=point, kind=kind), 100, oldest_first=True)
