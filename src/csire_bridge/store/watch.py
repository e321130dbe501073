"""Conditions that a person should know of, and which of them were told already."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update

from csire_bridge.domain.alerts import Alert, AlertKind
from csire_bridge.domain.documents import DocumentState
from csire_bridge.domain.errors import ProblemCode
from csire_bridge.domain.orders import OrderState
from csire_bridge.store.tables import alerts, messages, orders, outbox, sid_reports, work

__all__ = ["open_alerts", "settle_alerts", "standing"]

_REPORTS_MAY_TAKE = timedelta(minutes=15)


def standing(connection: Connection, now: datetime, result_wait: timedelta, memory: timedelta) -> Iterator[Alert]:
    """Every condition that holds at ``now``.

    ``result_wait`` is how long an R_1 may take; ``memory`` how long a reused id is spoken of.
    """
    o, r = outbox.c, sid_reports.c
    conditions: dict[AlertKind, tuple[Any, Any]] = {
        AlertKind.RESULTS_MISSING: (
            o.delivered_at,
            and_(o.state == DocumentState.DELIVERED.value, o.delivered_at < now - result_wait),
        ),
        AlertKind.ANSWERS_CONTESTED: (o.created_at, o.state == DocumentState.CONTESTED.value),
        AlertKind.DELIVERIES_PARKED: (o.created_at, o.state == DocumentState.PARKED.value),
        AlertKind.REPORTS_WAITING: (
            r.at,
            and_(r.state == DocumentState.PENDING.value, r.at < now - _REPORTS_MAY_TAKE),
        ),
        AlertKind.REPORTS_PARKED: (r.at, r.state == DocumentState.PARKED.value),
        AlertKind.ORDERS_PARKED: (orders.c.registered_at, orders.c.state == OrderState.PARKED.value),
        AlertKind.WORK_PARKED: (work.c.due_at, work.c.parked.is_(True)),
        AlertKind.IDS_REUSED: (
            messages.c.received_at,
            and_(messages.c.code == ProblemCode.ID_REUSED.value, messages.c.received_at > now - memory),
        ),
    }
    for kind, (moment, holds) in conditions.items():
        query = select(func.count(), func.min(moment, type_=moment.type)).where(holds)
        count, oldest = connection.execute(query).one()
        if count:
            yield Alert(kind, count, oldest)


def open_alerts(connection: Connection) -> dict[AlertKind, datetime]:
    """The alerts that were told and whose end was not, with the moment (UTC) they were opened."""
    query = select(alerts.c.kind, alerts.c.opened_at).where(alerts.c.closed_at.is_(None))
    return {AlertKind(row.kind): row.opened_at for row in connection.execute(query)}


def settle_alerts(connection: Connection, found: list[Alert], now: datetime) -> tuple[list[Alert], list[AlertKind]]:
    """Write which alerts open and which close now; return both, to be told once."""
    told = open_alerts(connection)
    opening = [alert for alert in found if alert.kind not in told]
    closing = [kind for kind in told if kind not in {alert.kind for alert in found}]
    for alert in opening:
        row = {"kind": alert.kind.value, "opened_at": now, "text": alert.text(now)}
        connection.execute(insert(alerts).values(row))
    for kind in closing:
        held = and_(alerts.c.kind == kind.value, alerts.c.closed_at.is_(None))
        connection.execute(update(alerts).where(held).values(closed_at=now))
    return opening, closing
