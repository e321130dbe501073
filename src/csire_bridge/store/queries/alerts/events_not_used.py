"""Reports of the head-end system that can't be used, such as those with a code that is in no table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, func, select

from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.store.tables import EVENTS_NOT_USED, head_end_events

__all__ = ["events_not_used"]

_TOLD_BY_THEMSELVES = 10
_LONGEST_SUBJECT = 64


def events_not_used(connection: Connection, since: datetime) -> Iterator[Alert]:
    """One alert for each reason, of what came after ``since`` (UTC); those that came most often first.

    A reason is told once, and again only after it has not been seen for as long as alerts remember.
    """
    e, number = head_end_events.c, func.count().label("number")
    first = func.min(e.received_at, type_=e.received_at.type)
    query = (
        select(e.text, number, first)
        .where(EVENTS_NOT_USED, e.received_at > since)
        .group_by(e.text)
        .order_by(number.desc(), e.text)
    )
    for text, count, oldest in connection.execute(query.limit(_TOLD_BY_THEMSELVES)):
        words = f"the head-end system reports what can't be used: {text}"
        yield Alert(AlertKind.EVENTS_NOT_USED, 1, oldest, f"{count} of them", text[:_LONGEST_SUBJECT], words)
