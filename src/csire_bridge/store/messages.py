"""The journal: raw bytes of every message, its history, and the ids that are taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.messages import Channel, MessageState, RawMessage, SettledMessage, TakenId
from csire_bridge.store.rows import to_row
from csire_bridge.store.tables import accepted_ids, message_events, messages

__all__ = ["Journal"]


_SETTLE = (
    update(messages)
    .where(messages.c.key == bindparam("b_key"), messages.c.state == MessageState.RECEIVED.value)
    .values({f.name: bindparam(f.name) for f in fields(SettledMessage) if f.name != "key"})
)


class Journal:
    """Messages within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, channel: Channel, received_at: datetime, arrivals: Sequence[tuple[str, bytes, str]]) -> list[int]:
        """Write (origin, raw bytes, SHA-256) of each arrival; return their keys in the same order."""
        if not arrivals:
            return []
        rows = [
            {
                "channel": channel.value,
                "origin": origin,
                "received_at": received_at,
                "sha256": sha256,
                "raw": raw,
                "state": MessageState.RECEIVED.value,
            }
            for origin, raw, sha256 in arrivals
        ]
        statement = insert(messages).returning(messages.c.key, sort_by_parameter_order=True)
        keys = list(self._connection.execute(statement, rows).scalars())
        origins = (origin for origin, _, _ in arrivals)
        self.note((key, received_at, "receive", f"{channel}: {o}") for key, o in zip(keys, origins, strict=True))
        return keys

    def raw(self, keys: Sequence[int]) -> list[RawMessage]:
        """The messages of ``keys`` that still wait to be looked into."""
        columns = (messages.c.key, messages.c.channel, messages.c.origin, messages.c.received_at)
        query = (
            select(*columns, messages.c.sha256, messages.c.raw)
            .where(messages.c.key.in_(keys), messages.c.state == MessageState.RECEIVED.value)
            .order_by(messages.c.key)
        )
        return [RawMessage(r[0], Channel(r[1]), r[2], r[3], r[4], r[5]) for r in self._connection.execute(query)]

    def taken(self, ids: Iterable[MessageId]) -> dict[MessageId, TakenId]:
        """Which of ``ids`` were accepted before."""
        query = (
            select(accepted_ids.c.message_id, accepted_ids.c.message, accepted_ids.c.content, messages.c.receipt)
            .join(messages, messages.c.key == accepted_ids.c.message)
            .where(accepted_ids.c.message_id.in_([str(i) for i in ids]))
        )
        return {MessageId(r[0]): TakenId(r[1], r[2], r[3]) for r in self._connection.execute(query)}

    def take(self, rows: Sequence[tuple[MessageId, int, str]]) -> None:
        """Take (id, message, SHA-256 of the content); raises StaleWrite when another worker was first."""
        if rows:
            values = [{"message_id": str(i), "message": key, "content": content} for i, key, content in rows]
            self._connection.execute(insert(accepted_ids), values)

    def settle(self, rows: Sequence[SettledMessage]) -> None:
        """Write how messages have ended."""
        if rows:
            values = [{("b_key" if name == "key" else name): v for name, v in to_row(row).items()} for row in rows]
            self._connection.execute(_SETTLE, values)

    def note(self, events: Iterable[tuple[object, datetime, str, str]]) -> None:
        """Append (message, moment, step, text) to the histories."""
        rows = [{"message": key, "at": at, "step": step, "text": text} for key, at, step, text in events]
        if rows:
            self._connection.execute(insert(message_events), rows)
