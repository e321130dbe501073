"""The other attempts at a message: the same id, or a refused one that claims it; read only."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, or_, select

from csire_bridge.store.queries.search.message_search import FOUND_COLUMNS, FoundMessage, found_message
from csire_bridge.store.tables import messages

__all__ = ["MOST_ATTEMPTS", "attempts_of"]

MOST_ATTEMPTS = 50


def attempts_of(connection: Connection, message_id: str, without: int) -> Sequence[FoundMessage]:
    """Up to 50 other messages with that id, proven or claimed, the newest first."""
    same = or_(messages.c.message_id == message_id, messages.c.claimed_id == message_id)
    query = select(*FOUND_COLUMNS).where(same, messages.c.key != without)
    rows = connection.execute(query.order_by(messages.c.key.desc()).limit(MOST_ATTEMPTS))
    return [found_message(row) for row in rows]
