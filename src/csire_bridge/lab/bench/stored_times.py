"""The bridge's own share of an order's time, from the moments that it has stored: p50 and p99 of three spans.

Each counts only what began at ``since`` (UTC) or later, and is None where nothing did.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select

from csire_bridge.lab.shared.measure import percentiles
from csire_bridge.store.database import Database
from csire_bridge.store.tables import head_end_events, messages, orders, outbox

__all__ = ["Percentiles", "answer_to_delivery", "event_to_answer", "receipt_to_command"]


@dataclass(frozen=True)
class Percentiles:
    """Seconds of ``count`` orders."""

    count: int
    p50: float
    p99: float


def receipt_to_command(database: Database, since: datetime) -> Percentiles | None:
    """From the receipt of the hub's message to the moment at which the command is about to be given."""
    came = (messages.c.message_id == orders.c.source_message) & (messages.c.received_at >= since)
    spans = select(messages.c.received_at, orders.c.first_given_at).join(orders, came)
    return _percentiles(database, spans.where(orders.c.first_given_at.is_not(None)))


def event_to_answer(database: Database, since: datetime) -> Percentiles | None:
    """From the first event of an order (others repeat it) to its answer; the contactor is read in between."""
    first = (
        select(head_end_events.c.order, func.min(head_end_events.c.received_at).label("at"))
        .where(head_end_events.c.received_at >= since)
        .group_by(head_end_events.c.order)
        .subquery()
    )
    return _percentiles(database, select(first.c.at, outbox.c.created_at).join(outbox, outbox.c.order == first.c.order))


def answer_to_delivery(database: Database, since: datetime) -> Percentiles | None:
    """From the answer to its delivery, of those that were delivered."""
    gone = outbox.c.delivered_at.is_not(None) & (outbox.c.created_at >= since)
    return _percentiles(database, select(outbox.c.created_at, outbox.c.delivered_at).where(gone))


def _percentiles(database: Database, spans: Select[datetime, datetime]) -> Percentiles | None:
    with database.reading() as connection:
        seconds = [(end - begin).total_seconds() for begin, end in connection.execute(spans)]
    return Percentiles(len(seconds), *percentiles(seconds)) if seconds else None
