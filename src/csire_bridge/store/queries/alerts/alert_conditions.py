"""Conditions that a person should know of, by the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, and_, func, select

from csire_bridge.domain.operations.alert_records import NotificationState
from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.store.queries.alerts.complaint_alerts import complaint_alerts
from csire_bridge.store.queries.alerts.counted_conditions import OF_TRUST, counted_conditions
from csire_bridge.store.queries.alerts.events_not_used import events_not_used
from csire_bridge.store.queries.alerts.other_systems import other_systems_down
from csire_bridge.store.queries.alerts.said_early import said_early_alert
from csire_bridge.store.queries.alerts.supply_alerts import supply_alerts
from csire_bridge.store.tables import messages, notifications, stranger_bytes

__all__ = ["standing"]

_CAUSES_TOLD = 6
_ATTEMPTS_TOLD = 4
_LONGEST_SHOWN = 48


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
    yield from other_systems_down(connection)
    yield from events_not_used(connection, now - memory)
    yield from said_early_alert(connection, now - result_wait - memory, now - result_wait)
    for one in counted_conditions(connection, now, result_wait, memory, partner_wait):
        detail = _by_cause(connection, now - memory) if one.kind is AlertKind.REFUSALS_OF_TRUST else ""
        yield Alert(one.kind, one.count, one.oldest, detail, newest=one.newest)


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
        .where(OF_TRUST, m.received_at > since)
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
