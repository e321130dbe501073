"""Conditions that a person should know of, by the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, exists, func, or_, select

from csire_bridge.domain.errors import ProblemCode
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.refusals import ABOUT_TRUST
from csire_bridge.domain.operations.alert_records import NotificationState
from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.domain.order.order import OrderKind, OrderState, WaitsFor
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.queries.alerts.complaint_alerts import complaint_alerts
from csire_bridge.store.queries.alerts.events_not_used import events_not_used
from csire_bridge.store.queries.alerts.said_early import said_early_alert
from csire_bridge.store.queries.alerts.supply_alerts import supply_alerts
from csire_bridge.store.tables import (
    FOR_A_PERSON,
    JUDGED_AGAIN,
    OFTEN_FAILED,
    SHARED_METER,
    STANDING_CUTS,
    UNCOUNTED,
    UNSETTLED,
    UNTOLD,
    WITH_DEADLINE,
    circuits,
    clocks,
    danger_cuts,
    kept_results,
    messages,
    meter_installations,
    metering_points,
    notifications,
    orders,
    outbox,
    sid_reports,
    stops,
    stranger_bytes,
    work,
)

__all__ = ["standing"]

_PROCESS_CODES = [ProblemCode.PROCESS_ANSWERED.value, ProblemCode.PROCESS_REUSED.value]
_CAUSES_TOLD = 6
_ATTEMPTS_TOLD = 4
_LONGEST_SHOWN = 48
_TRUST = sorted(code.value for code in ABOUT_TRUST)
_CUT_WITHIN = timedelta(minutes=2)
_CLOCKS_ARE_TOLD = timedelta(minutes=2)  # a process that died tells nothing any more


def standing(
    connection: Connection,
    now: datetime,
    result_wait: timedelta,
    memory: timedelta,
    partner_wait: timedelta,
) -> Iterator[Alert]:
    """Every condition that holds at ``now`` by the database; certificates are checked elsewhere.

    ``result_wait``: how long an R_1 may take, or an order that was spoken of before it came. ``memory``: how long a
    reused id is reported. ``partner_wait``: how long a partner may accept or send nothing.
    """
    yield from supply_alerts(connection)
    yield from complaint_alerts(connection, now)
    yield from _trimmed(connection, now - memory)
    yield from _unsent(connection)
    yield from events_not_used(connection, now - memory)
    yield from said_early_alert(connection, now - result_wait - memory, now - result_wait)
    conditions = {**_conditions(now, result_wait, memory), **_silences(now - partner_wait)}
    for kind, (moment, holds) in conditions.items():
        sums = (func.count(), func.min(moment, type_=moment.type), func.max(moment, type_=moment.type))
        count, oldest, newest = connection.execute(select(*sums).where(holds)).one()
        if count:
            detail = _by_cause(connection, now - memory) if kind is AlertKind.REFUSALS_OF_TRUST else ""
            yield Alert(kind, count, oldest, detail, newest=newest)


def _trimmed(connection: Connection, since: datetime) -> Iterator[Alert]:
    """Messages of unproven senders of which only the first bytes are kept, since the day (UTC) of a moment."""
    t = stranger_bytes.c
    sums = (func.sum(t.trimmed), func.sum(t.trimmed_bytes), func.min(t.trimmed_since, type_=t.trimmed_since.type))
    day = since.astimezone(UTC).date().isoformat()
    count, total, oldest = connection.execute(select(*sums).where(t.trimmed > 0, t.day > day)).one()
    if count:
        yield Alert(AlertKind.STRANGERS_TRIMMED, int(count), oldest, f"{int(total)} bytes in all")


def _unsent(connection: Connection) -> Iterator[Alert]:
    """Channels on which alerts could not be sent in several attempts; each is told by the others."""
    n = notifications.c
    failing = and_(n.state == NotificationState.PENDING.value, n.attempts >= _ATTEMPTS_TOLD)
    query = select(n.channel, func.count(), func.min(n.created_at, type_=n.created_at.type)).where(failing)
    for channel, count, oldest in connection.execute(query.group_by(n.channel).order_by(n.channel)):
        words = f"alerts can't be sent by {channel}: see `alerts sent`, and the log"
        yield Alert(AlertKind.ALERTS_UNSENT, count, oldest, subject=channel, words=words)


def _by_cause(connection: Connection, since: datetime) -> str:
    """Refusals for lack of trust since a moment (UTC), by cause, channel, origin and claimed sender; most first."""
    m, count = messages.c, func.count().label("number")
    kinds = (m.code, m.channel, m.origin, func.coalesce(m.sender, m.claimed_sender, "nobody").label("named"))
    query = (
        select(*kinds, count)
        .where(m.code.in_(_TRUST), m.received_at > since)
        .group_by(*kinds)
        .order_by(count.desc(), *kinds)
        .limit(_CAUSES_TOLD)
    )
    return ", ".join(
        f"{row.number} {row.code} by {row.channel} from {_shown(row.origin)} naming {_shown(row.named)}"
        for row in connection.execute(query)
    )


def _shown(text: str) -> str:
    """Untrusted text as one short printable line."""
    return "".join(c if c.isprintable() else "?" for c in text[-_LONGEST_SHOWN:])


def _conditions(now: datetime, result_wait: timedelta, memory: timedelta) -> dict[AlertKind, tuple[Any, Any]]:
    """For each condition, its oldest moment and its query. Each uses an index, however many orders there are."""
    o, m, r = outbox.c, messages.c, sid_reports.c
    late = and_(o.state == DocumentState.DELIVERED.value, o.delivered_at < now - result_wait)
    reused = and_(m.code == ProblemCode.ID_REUSED.value, m.received_at > now - memory)
    repeated = and_(m.code.in_(_PROCESS_CODES), m.received_at > now - memory)
    k = kept_results.c
    early = and_(UNCOUNTED, k.heard_at < now - result_wait, k.heard_at > now - memory)
    return {
        AlertKind.RESULTS_MISSING: (o.delivered_at, and_(UNSETTLED, late)),
        AlertKind.ANSWERS_CONTESTED: (o.created_at, and_(UNSETTLED, o.state == DocumentState.CONTESTED.value)),
        AlertKind.DELIVERIES_PARKED: (o.created_at, and_(UNSETTLED, o.state == DocumentState.PARKED.value)),
        AlertKind.REPORTS_PARKED: (r.at, and_(UNTOLD, r.state == DocumentState.PARKED.value)),
        AlertKind.ORDERS_PARKED: (orders.c.registered_at, _for_a_person(OrderState.PARKED)),
        AlertKind.FIELD_WORK: (orders.c.registered_at, _for_a_person(OrderState.FIELD_WORK)),
        AlertKind.WORK_PARKED: (work.c.due_at, work.c.parked.is_(True)),
        AlertKind.IDS_REUSED: (m.received_at, reused),
        AlertKind.PROCESSES_REPEATED: (m.received_at, repeated),
        AlertKind.RESULTS_EARLY: (k.heard_at, early),
        AlertKind.REFUSALS_OF_TRUST: (m.received_at, and_(m.code.in_(_TRUST), m.received_at > now - memory)),
        AlertKind.REFUSED_FOR_NOW: (m.received_at, JUDGED_AGAIN),
        AlertKind.STOP_SWITCH: (stops.c.since, stops.c.lifted_at.is_(None)),
        AlertKind.HEAD_END_DOWN: (circuits.c.opened_at, _silent_since("head-end", now)),
        AlertKind.CAP_REACHED: (orders.c.registered_at, _waiting(WaitsFor.CAP)),
        AlertKind.HOLDS_WAITED_FOR: (orders.c.registered_at, _waiting(WaitsFor.HOLD)),
        AlertKind.DANGER_WAITED_FOR: (orders.c.registered_at, or_(_waiting(WaitsFor.DANGER), _ON_SITE_IN_DANGER)),
        AlertKind.DANGER_NOT_CUT: (danger_cuts.c.since, and_(_NOT_CUT, danger_cuts.c.since < now - _CUT_WITHIN)),
        AlertKind.METERS_AT_TWO_POINTS: (meter_installations.c.shared_since, _AT_TWO_POINTS),
        AlertKind.DEADLINE_HALF: (orders.c.half_time, _late(orders.c.half_time, now, orders.c.four_fifths)),
        AlertKind.DEADLINE_FOUR_FIFTHS: (orders.c.four_fifths, _late(orders.c.four_fifths, now, orders.c.deadline)),
        AlertKind.DEADLINE_PAST: (orders.c.deadline, _late(orders.c.deadline, now)),
        AlertKind.CLOCKS_DIFFER: (
            clocks.c.differs_since,
            and_(clocks.c.differs_since.is_not(None), clocks.c.at > now - _CLOCKS_ARE_TOLD),
        ),
        AlertKind.METERS_UNREACHABLE: (orders.c.registered_at, orders.c.key.in_(_UNREACHABLE)),
    }


def _silences(since: datetime) -> dict[AlertKind, tuple[Any, Any]]:
    """Partners that have accepted, or sent, nothing since that moment."""
    o, r = outbox.c, sid_reports.c
    waits = and_(UNSETTLED, o.state == DocumentState.PENDING.value, o.created_at < since)
    late_report = and_(UNTOLD, r.state == DocumentState.PENDING.value, r.at < since)
    return {
        AlertKind.DELIVERIES_WAITING: (o.created_at, waits),
        AlertKind.HUB_QUEUE_SILENT: (circuits.c.opened_at, _silent_since("hub queue", since)),
        AlertKind.SID_ORDERS_SILENT: (circuits.c.opened_at, _silent_since("sid orders", since)),
        AlertKind.REPORTS_WAITING: (r.at, late_report),
    }


def _silent_since(name: str, moment: datetime) -> Any:
    """Whether the circuit of that name was open at ``moment`` already."""
    return and_(circuits.c.name == name, circuits.c.opened_at <= moment)


_UNREACHABLE = select(work.c.subject).where(
    OFTEN_FAILED, work.c.step == WorkStep.EXECUTE.value, work.c.parked.is_(False)
)


_OTHERS = meter_installations.alias("others")
_AT_TWO_POINTS = and_(
    SHARED_METER,
    exists().where(
        func.lower(_OTHERS.c.meter) == func.lower(meter_installations.c.meter),
        _OTHERS.c.known_until.is_(None),
        _OTHERS.c.key != meter_installations.c.key,
    ),
)
_NOT_CUT = and_(
    STANDING_CUTS,
    exists().where(orders.c.key == danger_cuts.c.order, orders.c.state != OrderState.DONE.value),
)
_ON_SITE_IN_DANGER = and_(
    FOR_A_PERSON,
    orders.c.state == OrderState.FIELD_WORK.value,
    orders.c.kind == OrderKind.RECONNECT.value,
    exists().where(metering_points.c.code == orders.c.metering_point, metering_points.c.danger_registered.is_(True)),
)


def _for_a_person(state: OrderState) -> Any:
    return and_(FOR_A_PERSON, orders.c.state == state.value)


def _late(since: Any, now: datetime, until: Any = None) -> Any:
    """Open orders that have passed this warning time, and not the next one. The index starts with the earliest."""
    passed = and_(WITH_DEADLINE, orders.c.half_time <= now, since <= now)
    return passed if until is None else and_(passed, until > now)


def _waiting(reason: WaitsFor) -> Any:
    return and_(orders.c.waits_for == reason.value, orders.c.state == OrderState.REGISTERED.value)
