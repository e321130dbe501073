"""Everything stored about one order, and the guards that affected it: who stopped, held and released what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from csire_bridge.domain.order.order import FINAL_STATES, OrderKind, OrderState
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.sql.plain_values import Facts, facts_of, history_of, rows_of
from csire_bridge.store.tables import (
    allowances,
    complaints,
    danger_cuts,
    head_end_events,
    holds,
    order_events,
    order_steps,
    orders,
    outbox,
    outbox_events,
    register_readings,
    sid_orders,
    sid_reports,
    stops,
    work,
)

__all__ = ["guards_met", "order_file"]


def order_file(connection: Connection, key: int) -> dict[str, Any] | None:
    """The order of that key with its history, events, answers, open work and guards; None when there is none.

    Bytes are left out. Moments are UTC.
    """
    order = next(iter(rows_of(connection, orders, orders.c.key == key)), None)
    if order is None:
        return None
    answers = rows_of(connection, outbox, outbox.c.order == key)
    reports = rows_of(connection, sid_reports, sid_reports.c.order == key)
    concerning = _work_of(key, [answer.key for answer in answers], [report.key for report in reports])
    return {
        "order": facts_of(order),
        "history": history_of(connection, order_events, order_events.c.order == key),
        "head_end_events": history_of(connection, head_end_events, head_end_events.c.order == key),
        "answers": [
            {
                **facts_of(answer),
                "history": history_of(connection, outbox_events, outbox_events.c.document == answer.key),
            }
            for answer in answers
        ],
        "steps": history_of(connection, order_steps, order_steps.c.order == key),
        "parts": history_of(connection, orders, orders.c.key.in_(_children_of(key))),
        "register_readings": history_of(connection, register_readings, register_readings.c.order == key),
        "sid_orders": history_of(connection, sid_orders, sid_orders.c.order == key),
        "sid_reports": [facts_of(report) for report in reports],
        "work": history_of(connection, work, concerning),
        **guards_met(connection, order),
    }


def guards_met(connection: Connection, order: Row[Any]) -> dict[str, list[Facts]]:
    """Holds of the point, the stop switch, and allowances above the cap, as far as they touch the order's time."""
    start, end = order.registered_at, _end(connection, order)
    of_point = and_(holds.c.metering_point == order.metering_point, _touches(holds.c, start, end))
    disconnects = order.kind == OrderKind.DISCONNECT.value
    above = and_(_before(allowances.c.asked_at, end), or_(allowances.c.until.is_(None), allowances.c.until >= start))
    mine = or_(danger_cuts.c.order == order.key, danger_cuts.c.connection == order.key)
    return {
        "danger_cuts": history_of(connection, danger_cuts, mine),
        "holds": history_of(connection, holds, of_point),
        "complaints": history_of(connection, complaints, complaints.c.key.in_(select(holds.c.key).where(of_point))),
        "stops": history_of(connection, stops, _touches(stops.c, start, end, "lifted_at")),
        "allowances": history_of(connection, allowances, above) if disconnects else [],
    }


def _children_of(key: int) -> Any:
    return select(order_steps.c.child).where(order_steps.c.order == key, order_steps.c.child.is_not(None))


def _work_of(key: int, answers: list[int], reports: list[int]) -> Any:
    subjects = {
        WorkStep.EXECUTE: [key],
        WorkStep.PERFORM: [key],
        WorkStep.ACKNOWLEDGE: [key],
        WorkStep.DELIVER: answers,
        WorkStep.REPORT: reports,
    }
    return or_(*(and_(work.c.step == step.value, work.c.subject.in_(keys)) for step, keys in subjects.items()))


def _end(connection: Connection, order: Row[Any]) -> datetime | None:
    """When the order ended (UTC), or None; guards after its end did not affect it."""
    if OrderState(order.state) not in FINAL_STATES:
        return None
    ended = and_(order_events.c.order == order.key, order_events.c.state == order.state)
    query = select(func.min(order_events.c.at, type_=order_events.c.at.type)).where(ended)
    end: datetime | None = connection.execute(query).scalar()
    return end


def _touches(columns: Any, start: datetime, end: datetime | None, ends: str = "released_at") -> Any:
    return and_(_before(columns.since, end), or_(columns[ends].is_(None), columns[ends] >= start))


def _before(moment: Any, end: datetime | None) -> Any:
    return moment <= end if end else moment.is_not(None)
