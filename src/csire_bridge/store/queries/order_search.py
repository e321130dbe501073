"""Search for orders by what they are, where they come from and what was said of them; read only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, not_, or_, select

from csire_bridge.domain.identifiers import Eic, MessageId, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.meter.contactor import ContactorAction
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import (
    FINAL_STATES,
    NEEDS_OPERATOR,
    DisconnectionKind,
    Order,
    OrderKind,
    OrderState,
    ReconnectionReason,
    WaitsFor,
)
from csire_bridge.store.sql.row_mapper import from_rows
from csire_bridge.store.tables import FOR_A_PERSON, OPEN_COMMANDS, order_events, orders, sid_orders

__all__ = ["OrderSearch", "commands_under_way", "count_orders", "find_orders", "open_at"]


# The same as domain.order.sources.source_of; a test holds both to each other.
_OWN = or_(
    func.coalesce(orders.c.disconnection_kind, "") == DisconnectionKind.DANGER.value,
    func.coalesce(orders.c.reconnection_reason, "") == ReconnectionReason.DANGER_GONE.value,
)
_NO_HUB = and_(orders.c.source_message.is_(None), orders.c.parent.is_(None))
_OF_SOURCE = {
    OrderSource.PERSON: _OWN,
    OrderSource.SID: and_(not_(_OWN), _NO_HUB),
    OrderSource.HUB: and_(not_(_OWN), not_(_NO_HUB)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSearch:
    """Search criteria; without any, all orders.

    ``reason`` is a part of the order's detail, ``text`` of that, its description or any line of its history; both
    case-insensitive. Registered at ``since`` or later and before ``until``. ``message`` is the hub's message that asked
    for it, ``sid_number`` the order's number at SID. ``after`` is the key of the order at which the page before ended.
    """

    states: tuple[OrderState, ...] = ()
    waits_for: WaitsFor | None = None
    point: MeteringPointCode | None = None
    kind: OrderKind | None = None
    reason: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    message: MessageId | None = None
    process: ProcessInstanceId | None = None
    supplier: Eic | None = None
    sid_number: str | None = None
    source: OrderSource | None = None
    after: int | None = None

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
        return [*found, *self._origin(), *self._said()]

    def from_there(self, *, oldest_first: bool) -> list[ColumnElement[bool]]:
        """The condition that a page begins after ``after``."""
        if self.after is None:
            return []
        return [orders.c.key > self.after if oldest_first else orders.c.key < self.after]

    def _origin(self) -> Iterator[ColumnElement[bool]]:
        if self.since:
            yield orders.c.registered_at >= self.since
        if self.until:
            yield orders.c.registered_at < self.until
        if self.message:
            yield orders.c.source_message == str(self.message)
        if self.process:
            yield orders.c.process_instance == str(self.process)
        if self.supplier:
            yield orders.c.supplier == str(self.supplier)
        if self.source:
            yield _OF_SOURCE[self.source]
        if self.sid_number:
            yield orders.c.key.in_(select(sid_orders.c.order).where(sid_orders.c.number == self.sid_number))

    def _said(self) -> Iterator[ColumnElement[bool]]:
        if self.text:
            lines = select(order_events.c.order).where(order_events.c.text.icontains(self.text, autoescape=True))
            own = (column.icontains(self.text, autoescape=True) for column in (orders.c.detail, orders.c.description))
            yield or_(*own, orders.c.key.in_(lines))


def find_orders(connection: Connection, wanted: OrderSearch, limit: int, *, oldest_first: bool = False) -> list[Order]:
    """Up to ``limit`` orders, the newest first unless asked otherwise."""
    order = orders.c.key if oldest_first else orders.c.key.desc()
    there = wanted.from_there(oldest_first=oldest_first)
    query = select(orders).where(*wanted.conditions(), *there).order_by(order).limit(limit)
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
