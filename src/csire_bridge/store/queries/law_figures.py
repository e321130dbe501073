"""The regulator's figures of a month: each command is gone through once, in the database; the memory needed is flat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, DateTime, Integer, Select, and_, case, cast, exists, func, or_, select, type_coerce

from csire_bridge.domain.calendar.polish_month import PolishMonth
from csire_bridge.domain.clock import start_of
from csire_bridge.domain.law.figures import Fate, GroupShare, MonthFigures, Part, Quality
from csire_bridge.domain.law.model import ShareFigure
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.order.order import FINAL_STATES, OrderState
from csire_bridge.store.tables import metering_points, orders, outbox, outbox_events

__all__ = ["fates_query", "month_figures"]

_O, _P, _A = orders.c, metering_points.c, outbox.c
_TAKEN_BACK = (OrderState.WITHDRAWN.value, OrderState.SUPERSEDED.value)
_MOMENT = DateTime(timezone=True)
_Place = tuple[str | None, str | None]


def month_figures(connection: Connection, month: PolishMonth, rule: ShareFigure, now: datetime) -> MonthFigures:
    """The figures of ``month`` by ``rule``, as far as they are known at ``now`` (UTC)."""
    fates: dict[_Place, dict[Fate, int]] = defaultdict(dict)
    for station, group, fate, count in connection.execute(fates_query(connection, month, rule, now)):
        fates[station, group][Fate(fate)] = count
    meters = _meters(connection)
    places = sorted(fates.keys() | meters.keys(), key=lambda place: (place[0] or "", place[1] or ""))
    groups = [GroupShare(*place, meters.get(place, 0), fates.get(place, {})) for place in places]
    return MonthFigures(str(month), rule, groups, _quality(connection, month, now))


def fates_query(connection: Connection, month: PolishMonth, rule: ShareFigure, now: datetime) -> Select[Any]:
    """How many commands that were first given in ``month`` had which fate, by station and group.

    Commands are counted by point first, so that the points are looked up once each, and in their own order: measured
    for a month of 1,000,000 commands, that is more than twice as fast as one look-up for each command.
    """
    fate = _fate(connection, rule.within.after(_EPOCH) - _EPOCH, now).label("fate")
    given = and_(_O.first_given_at >= month.begin, _O.first_given_at < month.end)
    by_point = select(_O.metering_point, fate, func.count().label("commands"))
    one = by_point.where(given).group_by(_O.metering_point, fate).subquery()
    group = case((_P.station.is_not(None), _P.station_group))
    columns = (_P.station, group.label("station_group"), one.c.fate)
    found = one.outerjoin(metering_points, _P.code == one.c.metering_point)
    return select(*columns, cast(func.sum(one.c.commands), Integer)).select_from(found).group_by(*columns)


_EPOCH = start_of(datetime(2000, 1, 3, tzinfo=UTC).date())


def _fate(connection: Connection, within: timedelta, now: datetime) -> Any:
    seconds = _seconds(connection, _O.first_given_at, _O.delivered_at)
    not_delivered = _O.delivered_at.is_(None)
    ended = _O.state.in_([state.value for state in FINAL_STATES])
    return case(
        (seconds <= within.total_seconds(), Fate.IN_TIME.value),
        (and_(not_delivered, _O.state.in_(_TAKEN_BACK)), Fate.TAKEN_BACK.value),
        (and_(not_delivered, ~ended, _O.first_given_at > now - within), Fate.RUNNING.value),
        (_O.undelivered_why.is_not(None), _O.undelivered_why),
        else_=Fate.WAITING.value,
    )


def _seconds(connection: Connection, begin: Any, end: Any) -> Any:
    """From ``begin`` to ``end``; in SQLite to the millisecond."""
    if connection.dialect.name == "postgresql":
        return func.extract("epoch", type_coerce(end, _MOMENT) - type_coerce(begin, _MOMENT))
    return func.round((func.julianday(end) - func.julianday(begin)) * 86400, 3)


def _meters(connection: Connection) -> Mapping[_Place, int]:
    group = case((_P.station.is_not(None), _P.station_group))
    query = select(_P.station, group, func.count()).where(_P.meter.is_not(None)).group_by(_P.station, group)
    return {(station, name): count for station, name, count in connection.execute(query)}


def _quality(connection: Connection, month: PolishMonth, now: datetime) -> Quality:
    asked = and_(_O.registered_at >= month.begin, _O.registered_at < month.end, _O.source_message.is_not(None))
    done = _O.state == OrderState.DONE.value
    open_ = _O.state.not_in([state.value for state in FINAL_STATES])
    due = and_(_O.deadline.is_not(None), or_(done, and_(open_, _O.deadline < now)))
    met = and_(done, _O.executed_at <= _O.deadline)
    taken = exists().where(_A.order == _O.key, _A.delivered_at.is_not(None))
    parts = (func.count(), _number(taken), _number(due), _number(met))
    received, answered, with_deadline, in_time = connection.execute(select(*parts).where(asked)).one()
    judged = _A.state.in_([DocumentState.CONFIRMED.value, DocumentState.CONTESTED.value])
    contested = exists().where(
        outbox_events.c.document == _A.key, outbox_events.c.state == DocumentState.CONTESTED.value
    )
    answers = select(func.count(), _number(~contested)).join(orders, _O.key == _A.order).where(asked, judged)
    results, correct = connection.execute(answers).one()
    return Quality(Part(in_time or 0, with_deadline or 0), Part(answered or 0, received), Part(correct or 0, results))


def _number(condition: Any) -> Any:
    return func.sum(cast(case((condition, 1), else_=0), Integer))
