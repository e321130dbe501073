"""The lines to partners: which are left alone for a while, and when each channel was last heard. Read only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from csire_bridge.domain.message.message import Channel
from csire_bridge.store.queries.lists.message_pages import message_page
from csire_bridge.store.queries.search.message_search import MessageSearch
from csire_bridge.store.tables import circuits, head_end_events

__all__ = ["OpenCircuit", "heard", "last_event", "open_circuits"]


@dataclass(frozen=True, slots=True)
class OpenCircuit:
    """A partner that failed several times, and since ``opened_at`` is left alone until ``retry_at`` (UTC)."""

    name: str
    opened_at: datetime
    retry_at: datetime | None
    why: str | None


def open_circuits(connection: Connection) -> list[OpenCircuit]:
    """Those that are open."""
    c = circuits.c
    query = select(c.name, c.opened_at, c.retry_at, c.why).where(c.opened_at.is_not(None)).order_by(c.name)
    return [OpenCircuit(*row) for row in connection.execute(query)]


def heard(connection: Connection) -> Mapping[Channel, datetime]:
    """When (UTC) each channel last brought a message, among the newest 10,000."""
    found: dict[Channel, datetime] = {}
    for channel in Channel:
        page = message_page(connection, MessageSearch(channel=channel), 1)
        if page.messages:
            found[channel] = page.messages[0].received_at
    return found


def last_event(connection: Connection) -> datetime | None:
    """When (UTC) the head-end system last told of something."""
    e = head_end_events.c
    return connection.execute(select(e.received_at).order_by(e.key.desc()).limit(1)).scalar()
