"""Conditions that are rows of one kind: how many, since when the oldest and the newest, all in one statement.

The statement is built once: to build its thirty parts anew at each look took three times as long as to run them. Each
part has an index that holds its rows only, or a range of one, however many orders there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    union_all,
)

from csire_bridge.domain.errors import ProblemCode
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.refusals import ABOUT_TRUST
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.order.clock_stage import ClockStage
from csire_bridge.domain.order.order import OrderKind, OrderState, WaitsFor
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.queries.search.order_search import at_stage
from csire_bridge.store.sql.array_parameter import in_literals, not_indexed
from csire_bridge.store.tables import (
    FOR_A_PERSON,
    IN_DANGER,
    JUDGED_AGAIN,
    OFTEN_FAILED,
    SHARED_METER,
    STANDING_CUTS,
    UNCOUNTED,
    UNSETTLED,
    UNTOLD,
    circuits,
    clocks,
    danger_cuts,
    kept_results,
    messages,
    meter_installations,
    metering_points,
    orders,
    outbox,
    sid_reports,
    stops,
    work,
)

__all__ = ["OF_TRUST", "CountedCondition", "counted_conditions"]

_CUT_WITHIN = timedelta(minutes=2)
_CLOCKS_ARE_TOLD = timedelta(minutes=2)  # a process that died tells nothing any more
_Part = tuple[AlertKind, Column[datetime], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class CountedCondition:
    """So many rows meet a condition; ``oldest`` and ``newest`` are since when (UTC) they wait."""

    kind: AlertKind
    count: int
    oldest: datetime
    newest: datetime

    def with_more(self, other: CountedCondition | None) -> CountedCondition:
        """This and other rows that meet the same condition in another way."""
        if other is None:
            return self
        oldest, newest = min(self.oldest, other.oldest), max(self.newest, other.newest)
        return CountedCondition(self.kind, self.count + other.count, oldest, newest)


def counted_conditions(
    connection: Connection, now: datetime, result_wait: timedelta, memory: timedelta, partner_wait: timedelta
) -> list[CountedCondition]:
    """Those that hold at ``now`` (UTC); the times are those of ``standing``."""
    moments = {
        "now": now,
        "result_due": now - result_wait,
        "remembered": now - memory,
        "silent": now - partner_wait,
        "cut_by": now - _CUT_WITHIN,
        "told_by": now - _CLOCKS_ARE_TOLD,
    }
    found: dict[AlertKind, CountedCondition] = {}
    for kind, count, oldest, newest in connection.execute(_ALL, moments):
        if count:
            one = CountedCondition(AlertKind(kind), count, oldest, newest)
            found[one.kind] = one.with_more(found.get(one.kind))
    return list(found.values())


def _moment(name: str) -> Any:
    return bindparam(name, type_=orders.c.registered_at.type)


_NOW, _RESULT_DUE, _REMEMBERED, _SILENT = map(_moment, ("now", "result_due", "remembered", "silent"))
OF_TRUST = in_literals(messages.c.code, ABOUT_TRUST)
"""Messages that were refused for lack of trust."""


def _answers() -> Iterator[_Part]:
    o, k, r = outbox.c, kept_results.c, sid_reports.c
    late = and_(o.state == DocumentState.DELIVERED.value, o.delivered_at < _RESULT_DUE)
    pending, slow = o.state == DocumentState.PENDING.value, r.state == DocumentState.PENDING.value
    yield AlertKind.RESULTS_MISSING, o.delivered_at, and_(UNSETTLED, late)
    yield AlertKind.ANSWERS_CONTESTED, o.created_at, and_(UNSETTLED, o.state == DocumentState.CONTESTED.value)
    yield AlertKind.DELIVERIES_PARKED, o.created_at, and_(UNSETTLED, o.state == DocumentState.PARKED.value)
    yield AlertKind.DELIVERIES_WAITING, o.created_at, and_(UNSETTLED, pending, o.created_at < _SILENT)
    yield AlertKind.REPORTS_PARKED, r.at, and_(UNTOLD, r.state == DocumentState.PARKED.value)
    yield AlertKind.REPORTS_WAITING, r.at, and_(UNTOLD, slow, r.at < _SILENT)
    yield AlertKind.RESULTS_EARLY, k.heard_at, and_(UNCOUNTED, k.heard_at < _RESULT_DUE, k.heard_at > _REMEMBERED)


def _messages() -> Iterator[_Part]:
    m = messages.c
    lately = m.received_at > _REMEMBERED
    repeated = in_literals(m.code, (ProblemCode.PROCESS_ANSWERED, ProblemCode.PROCESS_REUSED))
    yield AlertKind.IDS_REUSED, m.received_at, and_(m.code == ProblemCode.ID_REUSED.value, lately)
    yield AlertKind.PROCESSES_REPEATED, m.received_at, and_(repeated, lately)
    yield AlertKind.REFUSALS_OF_TRUST, m.received_at, and_(OF_TRUST, lately)
    yield AlertKind.REFUSED_FOR_NOW, m.received_at, JUDGED_AGAIN


def _orders() -> Iterator[_Part]:
    o = orders.c
    failing = select(work.c.subject).where(
        OFTEN_FAILED, work.c.step == WorkStep.EXECUTE.value, work.c.parked.is_(False)
    )
    yield AlertKind.ORDERS_PARKED, o.registered_at, _for_a_person(OrderState.PARKED)
    yield AlertKind.FIELD_WORK, o.registered_at, _for_a_person(OrderState.FIELD_WORK)
    yield AlertKind.WORK_PARKED, work.c.due_at, work.c.parked.is_(True)
    yield AlertKind.CAP_REACHED, o.registered_at, _waiting(WaitsFor.CAP)
    yield AlertKind.HOLDS_WAITED_FOR, o.registered_at, _waiting(WaitsFor.HOLD)
    yield AlertKind.DEADLINE_HALF, o.half_time, _at(ClockStage.HALF)
    yield AlertKind.DEADLINE_FOUR_FIFTHS, o.four_fifths, _at(ClockStage.FOUR_FIFTHS)
    yield AlertKind.DEADLINE_PAST, o.deadline, _at(ClockStage.PAST)
    yield AlertKind.METERS_UNREACHABLE, o.registered_at, o.key.in_(failing)


def _danger() -> Iterator[_Part]:
    o, cut = orders.c, danger_cuts.c
    endangered = o.metering_point.in_(select(metering_points.c.code).where(IN_DANGER))
    field_work = not_indexed(o.state) == OrderState.FIELD_WORK.value
    reconnects = not_indexed(o.kind) == OrderKind.RECONNECT.value
    not_done = exists().where(o.key == cut.order, o.state != OrderState.DONE.value)
    yield AlertKind.DANGER_WAITED_FOR, o.registered_at, _waiting(WaitsFor.DANGER)
    yield AlertKind.DANGER_WAITED_FOR, o.registered_at, and_(endangered, field_work, reconnects)
    yield AlertKind.DANGER_NOT_CUT, cut.since, and_(STANDING_CUTS, not_done, cut.since < _moment("cut_by"))


def _surroundings() -> Iterator[_Part]:
    m, others, t = meter_installations.c, meter_installations.alias("others").c, clocks.c
    same = func.lower(others.meter) == func.lower(m.meter)
    at_two_points = and_(SHARED_METER, exists().where(same, others.known_until.is_(None), others.key != m.key))
    differs = and_(t.differs_since.is_not(None), t.at > _moment("told_by"))
    yield AlertKind.METERS_AT_TWO_POINTS, m.shared_since, at_two_points
    yield AlertKind.STOP_SWITCH, stops.c.since, stops.c.lifted_at.is_(None)
    yield AlertKind.CLOCKS_DIFFER, t.differs_since, differs
    yield AlertKind.HEAD_END_DOWN, circuits.c.opened_at, _left_alone("head-end", _NOW)
    yield AlertKind.HUB_QUEUE_SILENT, circuits.c.opened_at, _left_alone("hub queue", _SILENT)
    yield AlertKind.SID_ORDERS_SILENT, circuits.c.opened_at, _left_alone("sid orders", _SILENT)


def _for_a_person(state: OrderState) -> ColumnElement[bool]:
    return and_(FOR_A_PERSON, orders.c.state == state.value)


def _waiting(reason: WaitsFor) -> ColumnElement[bool]:
    return and_(orders.c.waits_for == reason.value, orders.c.state == OrderState.REGISTERED.value)


def _at(stage: ClockStage) -> ColumnElement[bool]:
    return at_stage(stage, _NOW, day_ends=_NOW)


def _left_alone(name: str, moment: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether the circuit of that name was open at ``moment`` already."""
    return and_(circuits.c.name == name, circuits.c.opened_at <= moment)


def _sums(part: _Part) -> Select[str, int, datetime, datetime]:
    kind, moment, holds = part
    first, last = func.min(moment, type_=moment.type), func.max(moment, type_=moment.type)
    named = literal_column(f"'{kind.value}'", String()).label("kind")
    return select(named, func.count().label("count"), first.label("oldest"), last.label("newest")).where(holds)


_PARTS = (*_answers(), *_messages(), *_orders(), *_danger(), *_surroundings())
_ALL = union_all(*map(_sums, _PARTS))
