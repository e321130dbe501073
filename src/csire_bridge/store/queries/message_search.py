"""Search in the journal of messages, and all details of one message; read only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from csire_bridge.domain.errors import ProblemCode
from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.store.sql.plain_values import facts_of, history_of
from csire_bridge.store.tables import JUDGED_AGAIN, message_events, message_verdicts, messages, orders, sid_orders

__all__ = ["FoundMessage", "MessageSearch", "count_messages", "find_messages", "keys_of", "message_file"]

_UNTOLD = ("raw", "receipt", "whole_bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSearch:
    """Search criteria; without any, all messages. ``since`` and ``until`` (UTC) limit the time of arrival.

    ``code`` is a whole code or the part before its dot, such as ``trust``. ``sender`` and ``number`` match proven
    values and also what a refused message only claims. ``message`` is a message id. ``again``: those judged again.
    ``after`` is the key of the message at which the page before ended.
    """

    states: tuple[MessageState, ...] = ()
    code: str | None = None
    sender: str | None = None
    channel: Channel | None = None
    number: str | None = None
    point: str | None = None
    message: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    again: bool = False
    after: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same for the database."""
        m = messages.c
        found: list[ColumnElement[bool]] = []
        if self.states:
            found.append(m.state.in_([state.value for state in self.states]))
        if self.code:
            found.append(m.code.in_(_codes(self.code)))
        if self.sender:
            found.append(or_(m.sender == self.sender, m.claimed_sender == self.sender))
        if self.channel:
            found.append(m.channel == self.channel.value)
        if self.number:
            found.append(or_(m.number == self.number, m.claimed_number == self.number))
        if self.point:
            found.append(m.metering_point == self.point)
        if self.message:
            found.append(or_(m.message_id == self.message, m.claimed_id == self.message))
        if self.since:
            found.append(m.received_at >= self.since)
        if self.until:
            found.append(m.received_at < self.until)
        if self.again:
            found.append(JUDGED_AGAIN)
        return found


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """One message without its bytes. Moments are UTC. ``proven``: its sender is known, not only claimed."""

    key: int
    received_at: datetime
    state: MessageState
    channel: Channel
    origin: str
    sender: str | None
    proven: bool
    number: str | None
    message_id: str | None
    metering_point: str | None
    code: str | None
    problem: str | None
    again_at: datetime | None


def find_messages(connection: Connection, wanted: MessageSearch, limit: int) -> list[FoundMessage]:
    """Up to ``limit`` messages, the newest first."""
    m = messages.c
    query = (
        select(
            m.key,
            m.received_at,
            m.state,
            m.channel,
            m.origin,
            func.coalesce(m.sender, m.claimed_sender),
            m.sender.is_not(None),
            func.coalesce(m.number, m.claimed_number),
            func.coalesce(m.message_id, m.claimed_id),
            m.metering_point,
            m.code,
            m.problem,
            m.again_at,
        )
        .where(*wanted.conditions(), *([m.key < wanted.after] if wanted.after is not None else []))
        .order_by(m.key.desc())
        .limit(limit)
    )
    return [_found(list(row)) for row in connection.execute(query)]


def _found(values: list[Any]) -> FoundMessage:
    values[2], values[3], values[6] = MessageState(values[2]), Channel(values[3]), bool(values[6])
    return FoundMessage(*values)


def count_messages(connection: Connection, wanted: MessageSearch) -> int:
    """How many there are in all."""
    return connection.execute(select(func.count()).select_from(messages).where(*wanted.conditions())).scalar_one()


def keys_of(connection: Connection, wanted: MessageSearch, limit: int) -> list[int]:
    """The keys of up to ``limit`` messages, the oldest first: in the order in which they came."""
    query = select(messages.c.key).where(*wanted.conditions()).order_by(messages.c.key).limit(limit)
    return list(connection.execute(query).scalars())


def message_file(connection: Connection, key: int) -> dict[str, Any] | None:
    """Everything about one message but its bytes; None when there is none of that key."""
    row = connection.execute(select(messages).where(messages.c.key == key)).one_or_none()
    if row is None:
        return None
    facts = {name: value for name, value in facts_of(row).items() if name not in _UNTOLD}
    of_sid = select(sid_orders.c.order).where(sid_orders.c.message == key)
    asked = or_(orders.c.source_message == row.message_id, orders.c.key.in_(of_sid))
    keys = connection.execute(select(orders.c.key).where(asked).order_by(orders.c.key)).scalars()
    return {
        "message": {
            **facts,
            "bytes": row.whole_bytes or len(row.raw),
            "bytes_kept": len(row.raw),
            "has_receipt": row.receipt is not None,
        },
        "receipt": row.receipt.decode("utf-8", "replace") if row.receipt is not None else None,
        "history": history_of(connection, message_events, message_events.c.message == key),
        "verdicts": [
            {name: value for name, value in verdict.items() if name != "receipt"}
            for verdict in history_of(connection, message_verdicts, message_verdicts.c.message == key)
        ],
        "orders": list(keys) if row.state == MessageState.ACCEPTED.value else [],
    }


def _codes(wanted: str) -> list[str]:
    return [code.value for code in ProblemCode if wanted in (code.value, code.value.partition(".")[0])]
