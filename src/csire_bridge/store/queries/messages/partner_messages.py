"""How many messages a partner has sent lately, by what became of them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.message.message import MessageState
from csire_bridge.store.tables import messages

__all__ = ["LOOKED_AT", "messages_of"]

LOOKED_AT = 10_000
"""So many messages, the newest of all senders, are looked at."""


def messages_of(connection: Connection, eic: Eic) -> Mapping[MessageState, int]:
    """Of the newest ``LOOKED_AT`` messages of all senders, those of this one, by their state."""
    newest = select(messages.c.state, messages.c.sender).order_by(messages.c.key.desc()).limit(LOOKED_AT).subquery()
    query = select(newest.c.state, func.count()).where(newest.c.sender == eic).group_by(newest.c.state)
    return {MessageState(state): count for state, count in connection.execute(query)}
