"""Related orders: other orders at the same meter, at the same metering point or in the same market process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, case, exists, func, or_, select

from csire_bridge.domain.identifiers import CorrelationId, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.order.order import (
    COMMAND_IN_FLIGHT,
    FINAL_STATES,
    NEEDS_OPERATOR,
    DisconnectionKind,
    Order,
    OrderKind,
    OrderState,
    ReconnectionReason,
    WaitsFor,
)
from csire_bridge.domain.order.requests.precedence import Disconnected, asked_at, gives_way
from csire_bridge.domain.order.requests.related import CommandedOrder, Reconnections, RelatedOrder
from csire_bridge.domain.order.requests.sources import JOINABLE
from csire_bridge.store.sql.array_parameter import any_of, in_literals, not_indexed
from csire_bridge.store.sql.row_mapper import from_rows
from csire_bridge.store.tables import head_end_events, orders

__all__ = ["Neighbours"]

_BY_CORRELATION = select(
    orders.c.key,
    orders.c.state,
    orders.c.metering_point,
    orders.c.meter,
    orders.c.correlation_id,
    exists().where(head_end_events.c.order == orders.c.key).label("told"),
).where(any_of(orders.c.correlation_id, "correlation_ids"))
_STATES = select(orders.c.key, orders.c.state).where(any_of(orders.c.key, "keys"))
_OPEN = ~in_literals(orders.c.state, FINAL_STATES)
_OPEN_AT_METERS = select(orders).where(any_of(orders.c.meter, "meters"), _OPEN)
_ASKED_AT = func.coalesce(orders.c.renewed_at, orders.c.registered_at)  # a connection counts from its last source
_DUE = orders.c.not_before <= bindparam("now", type_=orders.c.not_before.type)
_NOT_IN_DANGER = or_(
    not_indexed(orders.c.state) != OrderState.REGISTERED.value,
    orders.c.waits_for.is_distinct_from(WaitsFor.DANGER.value),
)
_ASKED_FOR = orders.c.reconnection_reason.is_distinct_from(ReconnectionReason.DANGER_GONE.value)
"""The end of a danger is no request to connect: it undoes the cut because of that danger, and nothing else."""
_CONNECTIONS = (
    select(
        orders.c.metering_point,
        func.max(case((_ASKED_FOR, _ASKED_AT)), type_=orders.c.registered_at.type).label("newest"),
        func.max(case((_OPEN & _DUE & _NOT_IN_DANGER, 1), else_=0)).label("open"),
    )
    .where(
        any_of(orders.c.metering_point, "points"),
        not_indexed(orders.c.kind) == OrderKind.RECONNECT.value,
        orders.c.state != OrderState.WITHDRAWN.value,
    )
    .group_by(orders.c.metering_point)
)
_HAS_OPEN_COMMAND = in_literals(orders.c.state, COMMAND_IN_FLIGHT) & orders.c.cancelled_at.is_(None)
_SINCE = bindparam("since", type_=orders.c.submitted_at.type)
_ENDS_AFTER = bindparam("ends_after", type_=orders.c.may_run_until.type)
_NEIGHBOURS = (
    select(*(orders.c[f.name] for f in fields(RelatedOrder) if f.name != "open"))
    .add_columns(_HAS_OPEN_COMMAND.label("open"))
    .where(
        any_of(orders.c.meter, "meters"),
        or_(_HAS_OPEN_COMMAND, orders.c.submitted_at > _SINCE, orders.c.may_run_until > _ENDS_AFTER),
    )
)
_DISCONNECTIONS_GIVEN = select(func.count()).where(
    orders.c.kind == OrderKind.DISCONNECT.value, orders.c.submitted_at > _SINCE
)
_NO_DANGER = orders.c.disconnection_kind.is_distinct_from(DisconnectionKind.DANGER.value)
"""A cut because of danger is undone by a person who lifts it, never by precedence."""
_DISCONNECTED = select(orders.c.key, orders.c.metering_point, orders.c.registered_at, orders.c.executed_at).where(
    any_of(orders.c.metering_point, "points"),
    not_indexed(orders.c.kind) == OrderKind.DISCONNECT.value,
    not_indexed(orders.c.state) == OrderState.DONE.value,
    orders.c.registered_at > bindparam("since", type_=orders.c.registered_at.type),
    orders.c.executed_at.is_not(None),
    orders.c.parent.is_(None),
    _NO_DANGER,
)
_WAITING_AT = select(orders.c.key).where(
    any_of(orders.c.metering_point, "points"),
    orders.c.waits_for.is_not(None),
    orders.c.state == OrderState.REGISTERED.value,
)
_CUTS_UNDER_WAY = select(orders.c.key).where(
    or_(any_of(orders.c.metering_point, "points"), any_of(orders.c.meter, "meters")),
    not_indexed(orders.c.kind) == OrderKind.DISCONNECT.value,
    in_literals(orders.c.state, COMMAND_IN_FLIGHT),
)
_OVERTAKEN = select(orders).where(
    any_of(orders.c.metering_point, "points"),
    not_indexed(orders.c.kind) == OrderKind.DISCONNECT.value,
    in_literals(orders.c.state, {OrderState.REGISTERED} | NEEDS_OPERATOR),
    _NO_DANGER,
)
_JOINABLE = and_(in_literals(orders.c.state, JOINABLE), orders.c.recalled_at.is_(None), orders.c.parent.is_(None))
_OF_PROCESSES = select(orders).where(any_of(orders.c.process_instance, "processes")).order_by(orders.c.key)
_WITHOUT_HUB = (
    select(orders)
    .where(any_of(orders.c.metering_point, "points"), not_indexed(orders.c.source_message).is_(None), _JOINABLE)
    .order_by(orders.c.key)
    .with_for_update()
)


class Neighbours:
    """Queries for related orders, within one transaction; read only."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _found(self, query: Select[Any], given: Mapping[str, object] | None = None) -> Iterator[Order]:
        return from_rows(Order, self._connection.execute(query, given))

    def by_correlation(self, correlation_ids: Sequence[CorrelationId]) -> dict[CorrelationId, CommandedOrder]:
        """The orders whose latest command has one of these correlation ids."""
        if not correlation_ids:
            return {}
        found = self._connection.execute(_BY_CORRELATION, {"correlation_ids": [str(each) for each in correlation_ids]})
        return {order.correlation_id: order for order in from_rows(CommandedOrder, found)}

    def states_by_now(self, known: Sequence[CommandedOrder]) -> dict[int, OrderState]:
        """The current states of orders; SQLite has one writer, so there nothing can change within a transaction."""
        if self._connection.dialect.name == "sqlite" or not known:
            return {order.key: order.state for order in known}
        rows = self._connection.execute(_STATES, {"keys": [order.key for order in known]})
        return {row.key: OrderState(row.state) for row in rows}

    def at_meters(self, meters: Sequence[MeterNumber], since: datetime, ends_after: datetime) -> list[RelatedOrder]:
        """Orders at these meters whose command is open, was sent after ``since``, or may still run after ``ends_after``
        (both UTC).
        """
        if not meters:
            return []
        given = {"meters": [str(meter) for meter in meters], "since": since, "ends_after": ends_after}
        rows = self._connection.execute(_NEIGHBOURS, given)
        return list(from_rows(RelatedOrder, rows))

    def open_at_meters(self, meters: Sequence[MeterNumber]) -> list[Order]:
        """Orders whose command went to one of ``meters`` and that have not ended."""
        if not meters:
            return []
        return list(self._found(_OPEN_AT_METERS, {"meters": [str(meter) for meter in meters]}))

    def disconnections_given(self, since: datetime) -> int:
        """How many orders had a disconnection command sent after ``since`` (UTC)."""
        return int(self._connection.execute(_DISCONNECTIONS_GIVEN, {"since": since}).scalar_one())

    def reconnections(
        self, points: Sequence[MeteringPointCode], now: datetime
    ) -> dict[MeteringPointCode, Reconnections]:
        """The connections asked for at each of ``points``; withdrawn ones don't count. ``now`` is UTC."""
        if not points:
            return {}
        rows = self._connection.execute(_CONNECTIONS, {"points": [str(point) for point in points], "now": now})
        return {MeteringPointCode(row.metering_point): Reconnections(row.newest, bool(row.open)) for row in rows}

    def disconnected(
        self, points: Sequence[MeteringPointCode], since: datetime
    ) -> dict[MeteringPointCode, list[Disconnected]]:
        """The disconnections at ``points`` that were asked for by themselves after ``since`` (UTC), and done."""
        found: dict[MeteringPointCode, list[Disconnected]] = {}
        if points:
            given = {"points": [str(point) for point in points], "since": since}
            for row in self._connection.execute(_DISCONNECTED, given):
                one = Disconnected(row.key, row.registered_at, row.executed_at)
                found.setdefault(MeteringPointCode(row.metering_point), []).append(one)
        return found

    def overtaken(self, newest: Mapping[MeteringPointCode, datetime]) -> list[Order]:
        """Disconnections that wait at these points and were asked for no later than the given moment (UTC) of each."""
        if not newest:
            return []
        waiting = self._found(_OVERTAKEN, {"points": [str(point) for point in newest]})
        return [order for order in waiting if gives_way(asked_at(order), newest[order.metering_point])]

    def parked_at(self, point: MeteringPointCode) -> list[int]:
        """The orders at the point that are parked."""
        query = select(orders.c.key).where(
            orders.c.metering_point == str(point), not_indexed(orders.c.state) == OrderState.PARKED.value
        )
        return list(self._connection.execute(query.order_by(orders.c.key)).scalars())

    def waiting_at(self, points: Sequence[MeteringPointCode]) -> list[int]:
        """The registered orders at these points that wait for something."""
        if not points:
            return []
        rows = self._connection.execute(_WAITING_AT, {"points": [str(point) for point in points]})
        return list(rows.scalars())

    def cuts_under_way(self, points: Sequence[MeteringPointCode], meters: Sequence[MeterNumber] = ()) -> list[int]:
        """The disconnections at these points, or at these meters, whose command was given and has not ended."""
        if not points and not meters:
            return []
        values = {"points": [str(point) for point in points], "meters": [str(meter) for meter in meters]}
        return list(self._connection.execute(_CUTS_UNDER_WAY, values).scalars())

    def joinable(self, new: Order) -> list[Order]:
        """Open orders of the same kind at the same point into which a request may be merged, oldest first; locked."""
        query = select(orders).where(
            orders.c.metering_point == str(new.metering_point), not_indexed(orders.c.kind) == new.kind.value, _JOINABLE
        )
        return list(self._found(query.order_by(orders.c.key).with_for_update()))

    def without_hub(self, points: Sequence[MeteringPointCode]) -> list[Order]:
        """Orders of SID at these points into which an order of the hub may be merged."""
        if not points:
            return []
        return list(self._found(_WITHOUT_HUB, {"points": [str(point) for point in points]}))

    def starts_at(self, point: MeteringPointCode) -> list[Order]:
        """Orders that show that an agreement starts, or has started, at the point; withdrawn ones don't count.

        These are notices of agreements, and requests to connect because of a change of supplier or user.
        """
        change = ReconnectionReason.CHANGE_OF_SUPPLIER_OR_USER.value
        asked = and_(orders.c.reconnection_reason == change, orders.c.parent.is_(None))
        query = select(orders).where(
            orders.c.metering_point == str(point),
            or_(orders.c.kind == OrderKind.AGREEMENT_START.value, asked),
            orders.c.state != OrderState.WITHDRAWN.value,
        )
        return list(self._found(query))

    def ends_under_way(self, point: MeteringPointCode) -> list[Order]:
        """The disconnections at the point that belong to agreements that end, and have not ended themselves."""
        query = select(orders).where(
            orders.c.metering_point == str(point),
            not_indexed(orders.c.kind) == OrderKind.DISCONNECT.value,
            orders.c.parent.is_not(None),
            _OPEN,
        )
        held = query.order_by(orders.c.key).with_for_update(key_share=True)
        return list(self._found(held))

    def of_processes(self, processes: Sequence[ProcessInstanceId]) -> dict[ProcessInstanceId, list[Order]]:
        """Every order of these market processes, ended or not, whoever asked for it, oldest first."""
        found: dict[ProcessInstanceId, list[Order]] = {process: [] for process in processes}
        if found:
            for order in self._found(_OF_PROCESSES, {"processes": [str(process) for process in found]}):
                if order.process_instance is not None:
                    found[order.process_instance].append(order)
        return found

    def open_of_process(self, process: ProcessInstanceId) -> list[Order]:
        """Open orders of a market process, locked: nobody else changes them until this transaction ends."""
        query = select(orders).where(orders.c.process_instance == str(process), _OPEN)
        held = query.order_by(orders.c.key).with_for_update(key_share=True)
        return list(self._found(held))
