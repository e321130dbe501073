"""The journal: raw bytes of every message, its history, and the ids that are taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select, update

from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.messages import Channel, Form, MessageEnd, MessageState, RawMessage, SettledMessage, TakenId
from csire_bridge.store.among import among, one_of
from csire_bridge.store.bulk import execute_many
from csire_bridge.store.keys import add_rows
from csire_bridge.store.rows import to_row
from csire_bridge.store.tables import accepted_ids, message_events, messages

__all__ = ["Journal"]


_SETTLE = (
    update(messages)
    .where(messages.c.key == bindparam("b_key"), messages.c.state == MessageState.RECEIVED.value)
    .values({f.name: bindparam(f.name) for f in fields(SettledMessage) if f.name != "key"})
)

_FIRST = (
    select(func.min(messages.c.key))
    .where(
        among(messages.c.message_id, "ids"),
        one_of(messages.c.state, {MessageState.ACCEPTED, MessageState.DUPLICATE}),
        messages.c.receipt.is_not(None),
    )
    .group_by(messages.c.message_id, messages.c.form)
)
_FIRST_RECEIPTS = select(messages.c.message_id, messages.c.form, messages.c.receipt).where(messages.c.key.in_(_FIRST))


_RAW = (
    select(
        messages.c.key,
        messages.c.channel,
        messages.c.origin,
        messages.c.received_at,
        messages.c.sha256,
        messages.c.raw,
        messages.c.form,
    )
    .where(among(messages.c.key, "keys"), messages.c.state == MessageState.RECEIVED.value)
    .order_by(messages.c.key)
)
_ENDS = select(messages.c.key, messages.c.state, messages.c.code, messages.c.receipt).where(
    among(messages.c.key, "keys"), messages.c.state != MessageState.RECEIVED.value
)
_TAKEN = select(accepted_ids).where(among(accepted_ids.c.message_id, "ids"))
_TAKE = insert(accepted_ids)
_NOTE = insert(message_events)


class Journal:
    """Messages within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self, channel: Channel, received_at: datetime, arrivals: Sequence[tuple[str, bytes, str, Form]]
    ) -> list[int]:
        """Write (origin, raw bytes, SHA-256, form) of each arrival; return their keys in the same order."""
        if not arrivals:
            return []
        rows = [
            {
                "channel": channel.value,
                "origin": origin,
                "received_at": received_at,
                "sha256": sha256,
                "form": form.value,
                "raw": raw,
                "state": MessageState.RECEIVED.value,
            }
            for origin, raw, sha256, form in arrivals
        ]
        keys = add_rows(self._connection, messages, rows)
        origins = (arrival[0] for arrival in arrivals)
        self.note((key, received_at, "receive", f"{channel}: {o}") for key, o in zip(keys, origins, strict=True))
        return keys

    def raw(self, keys: Sequence[int]) -> list[RawMessage]:
        """The messages of ``keys`` that still wait to be looked into."""
        rows = self._connection.execute(_RAW, {"keys": list(keys)})
        return [RawMessage(r[0], Channel(r[1]), r[2], r[3], r[4], r[5], Form(r[6])) for r in rows]

    def taken(self, ids: Iterable[MessageId]) -> dict[MessageId, TakenId]:
        """Which of ``ids`` were accepted before."""
        wanted = [str(i) for i in ids]
        rows = self._connection.execute(_TAKEN, {"ids": wanted}).all()
        receipts = self._first_receipts([row.message_id for row in rows])
        return {
            MessageId(row.message_id): TakenId(row.message, row.content, receipts.get(row.message_id, {}))
            for row in rows
        }

    def _first_receipts(self, ids: Sequence[str]) -> dict[str, dict[Form, bytes]]:
        """The receipt that was given first to each of ``ids``, in each form."""
        if not ids:
            return {}
        found: dict[str, dict[Form, bytes]] = {}
        for message_id, form, receipt in self._connection.execute(_FIRST_RECEIPTS, {"ids": ids}):
            found.setdefault(message_id, {})[Form(form)] = receipt
        return found

    def ends(self, keys: Sequence[int]) -> dict[int, MessageEnd]:
        """How those of ``keys`` that are settled have ended."""
        rows = self._connection.execute(_ENDS, {"keys": list(keys)})
        return {r[0]: MessageEnd(MessageState(r[1]), r[2], r[3]) for r in rows}

    def take(self, rows: Sequence[tuple[MessageId, int, str]]) -> None:
        """Take (id, message, SHA-256 of the content); raises StaleWrite when another worker was first."""
        values = [{"message_id": str(i), "message": key, "content": content} for i, key, content in rows]
        execute_many(self._connection, _TAKE, values)

    def settle(self, rows: Sequence[SettledMessage]) -> None:
        """Write how messages have ended."""
        values = [{("b_key" if name == "key" else name): v for name, v in to_row(row).items()} for row in rows]
        execute_many(self._connection, _SETTLE, values)

    def note(self, events: Iterable[tuple[object, datetime, str, str]]) -> None:
        """Append (message, moment, step, text) to the histories."""
        rows = [{"message": key, "at": at, "step": step, "text": text} for key, at, step, text in events]
        execute_many(self._connection, _NOTE, rows)
