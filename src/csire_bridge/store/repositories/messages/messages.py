"""The journal: raw bytes of every message, its history, and the used message ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, func, insert, select, update

from csire_bridge.domain.identifiers import Eic, MessageId
from csire_bridge.domain.message.message import (
    Channel,
    Form,
    MessageEnd,
    MessageState,
    RawMessage,
    SentId,
    SettledMessage,
    TakenId,
)
from csire_bridge.store.sql.array_parameter import any_of, in_literals
from csire_bridge.store.sql.execute_many import execute_many
from csire_bridge.store.sql.insert_returning_keys import add_rows
from csire_bridge.store.sql.row_mapper import to_row
from csire_bridge.store.tables import JUDGED_AGAIN, accepted_ids, message_events, message_verdicts, messages

__all__ = ["Journal"]


_SETTLE = (
    update(messages)
    .where(messages.c.key == bindparam("b_key"), messages.c.state == MessageState.RECEIVED.value)
    .values({f.name: bindparam(f.name) for f in fields(SettledMessage) if f.name != "key"})
)

_FIRST = (
    select(func.min(messages.c.key))
    .where(
        any_of(messages.c.message_id, "ids"),
        in_literals(messages.c.state, {MessageState.ACCEPTED, MessageState.DUPLICATE}),
        messages.c.receipt.is_not(None),
    )
    .group_by(messages.c.sender, messages.c.message_id, messages.c.form)
)
_FIRST_RECEIPTS = select(messages.c.sender, messages.c.message_id, messages.c.form, messages.c.receipt).where(
    messages.c.key.in_(_FIRST)
)


_RAW = (
    select(
        messages.c.key,
        messages.c.channel,
        messages.c.origin,
        messages.c.received_at,
        messages.c.sha256,
        messages.c.raw,
        messages.c.form,
        messages.c.tries,
    )
    .where(any_of(messages.c.key, "keys"), messages.c.state == MessageState.RECEIVED.value)
    .order_by(messages.c.key)
)
_REFUSED_BYTES = (
    select(*_RAW.selected_columns, messages.c.whole_bytes)
    .where(any_of(messages.c.key, "keys"), messages.c.state == MessageState.REFUSED.value)
    .order_by(messages.c.key)
)
# The hub's own queue first, then senders who have proven themselves: strangers can't hold up either.
_AGAIN = (
    select(messages.c.key)
    .where(JUDGED_AGAIN, messages.c.again_at <= bindparam("now", type_=messages.c.again_at.type))
    .order_by(messages.c.channel != Channel.QUEUE.value, messages.c.sender.is_(None), messages.c.again_at)
    .limit(bindparam("limit", type_=Integer))
)
_UNPROVEN_AGAIN = select(func.count()).where(
    JUDGED_AGAIN, messages.c.sender.is_(None), messages.c.channel != Channel.QUEUE.value
)
_STILL_REFUSED = (
    update(messages)
    .where(messages.c.key == bindparam("b_key"), messages.c.state == MessageState.REFUSED.value)
    .values(again_at=bindparam("again_at"), tries=messages.c.tries + 1)
)
_DUE_AT_ONCE = (
    update(messages)
    .where(JUDGED_AGAIN, messages.c.again_at > bindparam("now", type_=messages.c.again_at.type))
    .values(again_at=bindparam("now", type_=messages.c.again_at.type))
)
_REOPEN = (
    update(messages)
    .where(messages.c.key == bindparam("b_key"), messages.c.state == MessageState.REFUSED.value)
    .values(
        state=MessageState.RECEIVED.value,
        tries=messages.c.tries + 1,
        **dict.fromkeys(("again_at", "code", "problem", "receipt", "sender", "number")),
        **dict.fromkeys(("claimed_sender", "claimed_number", "claimed_id")),
    )
)
_TRIM = (
    update(messages)
    .where(messages.c.key == bindparam("b_key"), messages.c.state == MessageState.REFUSED.value)
    .values(raw=bindparam("head"), whole_bytes=bindparam("whole"), receipt=None, again_at=None)
)
_KEEP_VERDICT = insert(message_verdicts)
_VERDICTS = select(messages.c.key, messages.c.state, messages.c.code, messages.c.problem, messages.c.receipt).where(
    any_of(messages.c.key, "keys"), messages.c.state == MessageState.REFUSED.value
)
_ENDS = select(messages.c.key, messages.c.state, messages.c.code, messages.c.receipt).where(
    any_of(messages.c.key, "keys"), messages.c.state != MessageState.RECEIVED.value
)
_TAKEN = select(accepted_ids).where(any_of(accepted_ids.c.message_id, "ids"))
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
        """The messages of ``keys`` that are not settled yet."""
        rows = self._connection.execute(_RAW, {"keys": list(keys)})
        return _raw_messages(rows)

    def refused(self, keys: Sequence[int]) -> list[RawMessage]:
        """Those of ``keys`` that were refused; without the bytes of one that was archived, or kept in part only."""
        rows = self._connection.execute(_REFUSED_BYTES, {"keys": list(keys)}).all()
        found = zip(_raw_messages(rows), rows, strict=True)
        return [raw if row.whole_bytes is None else replace(raw, raw=b"") for raw, row in found]

    def due_again(self, now: datetime, limit: int) -> list[int]:
        """Up to ``limit`` refused messages that are to be judged again at ``now`` (UTC)."""
        return list(self._connection.execute(_AGAIN, {"now": now, "limit": limit}).scalars())

    def due_at_once(self, now: datetime) -> None:
        """Have whatever waits to be judged again judged at ``now`` (UTC): a cause of its refusal may be gone."""
        self._connection.execute(_DUE_AT_ONCE, {"now": now})

    def unproven_again(self) -> int:
        """How many messages of unproven senders wait to be judged again."""
        return self._connection.execute(_UNPROVEN_AGAIN).scalar_one()

    def still_refused(self, rows: Sequence[tuple[int, datetime | None]]) -> None:
        """Record (message, next time or None) for messages that were judged again and stay refused."""
        execute_many(self._connection, _STILL_REFUSED, [{"b_key": key, "again_at": at} for key, at in rows])

    def reopen(self, keys: Sequence[int], now: datetime) -> list[int]:
        """Reopen refused messages, with the refusal kept in their history; return those that wait to be judged now.

        A message that is no longer refused is left as it is.
        """
        rows = self._connection.execute(_VERDICTS.with_for_update(), {"keys": list(keys)}).all()
        kept = [
            {
                "message": row.key,
                "taken_back_at": now,
                "state": row.state,
                "code": row.code,
                "problem": row.problem,
                "receipt": row.receipt,
            }
            for row in rows
        ]
        execute_many(self._connection, _KEEP_VERDICT, kept)
        execute_many(self._connection, _REOPEN, [{"b_key": row.key} for row in rows])
        return [row.key for row in rows]

    def taken(self, ids: Iterable[SentId]) -> dict[SentId, TakenId]:
        """Which of ``ids`` were accepted before from the same sender."""
        wanted = set(ids)
        rows = self._connection.execute(_TAKEN, {"ids": sorted({str(message) for _, message in wanted})})
        found = {(Eic(row.sender), MessageId(row.message_id)): row for row in rows}
        found = {sent: row for sent, row in found.items() if sent in wanted}
        receipts = self._first_receipts(list(found))
        return {sent: TakenId(row.message, row.content, receipts.get(sent, {})) for sent, row in found.items()}

    def _first_receipts(self, ids: Sequence[SentId]) -> dict[SentId, dict[Form, bytes]]:
        """The first receipt given to each of ``ids``, in each form."""
        if not ids:
            return {}
        found: dict[SentId, dict[Form, bytes]] = {}
        rows = self._connection.execute(_FIRST_RECEIPTS, {"ids": [str(message) for _, message in ids]})
        for sender, message_id, form, receipt in rows:
            found.setdefault((Eic(sender), MessageId(message_id)), {})[Form(form)] = receipt
        return found

    def ends(self, keys: Sequence[int]) -> dict[int, MessageEnd]:
        """The results of those of ``keys`` that are settled."""
        rows = self._connection.execute(_ENDS, {"keys": list(keys)})
        return {r[0]: MessageEnd(MessageState(r[1]), r[2], r[3]) for r in rows}

    def take(self, rows: Sequence[tuple[SentId, int, str]]) -> None:
        """Take (sender and id, message, SHA-256 of the content); raises StaleWrite when another worker was first."""
        values = [
            {"sender": str(sender), "message_id": str(i), "message": key, "content": content}
            for (sender, i), key, content in rows
        ]
        execute_many(self._connection, _TAKE, values)

    def settle(self, rows: Sequence[SettledMessage]) -> None:
        """Write the results of settled messages."""
        values = [{("b_key" if name == "key" else name): v for name, v in to_row(row).items()} for row in rows]
        execute_many(self._connection, _SETTLE, values)

    def trim(self, rows: Sequence[tuple[int, bytes, int]]) -> None:
        """Cut refused messages (key, head, size) to their first bytes, and delete the receipt."""
        values = [{"b_key": key, "head": head, "whole": whole} for key, head, whole in rows]
        execute_many(self._connection, _TRIM, values)

    def note(self, events: Iterable[tuple[object, datetime, str, str]]) -> None:
        """Append (message, moment, step, text) to the histories."""
        rows = [{"message": key, "at": at, "step": step, "text": text} for key, at, step, text in events]
        execute_many(self._connection, _NOTE, rows)


def _raw_messages(rows: Iterable[Any]) -> list[RawMessage]:
    return [RawMessage(r[0], Channel(r[1]), r[2], r[3], r[4], r[5], Form(r[6]), r[7]) for r in rows]
