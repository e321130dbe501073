"""Search in the journal of messages, and all details of one message; read only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select, union

from csire_bridge.domain.errors import ProblemCode
from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.domain.people.actor import Actor
from csire_bridge.domain.people.roles import Permission
from csire_bridge.store.sql.array_parameter import Read, by_index
from csire_bridge.store.sql.plain_values import facts_of, history_of
from csire_bridge.store.tables import JUDGED_AGAIN, message_events, message_verdicts, messages, orders, sid_orders

__all__ = ["FOUND_COLUMNS", "FoundMessage", "MessageSearch", "found_message", "keys_of", "message_file"]

_UNTOLD = ("raw", "receipt", "whole_bytes")
_Named = Iterator[tuple[str, ColumnElement[bool]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSearch:
    """Search criteria; without any, all messages. ``since`` and ``until`` (UTC) limit the time of arrival.

    ``code`` is a whole code or the part before its dot, such as ``trust``. ``sender`` and ``number`` match proven
    values and also what a refused message only claims. ``message`` is a message id. ``again``: those judged again.
    """

    states: tuple[MessageState, ...] = ()
    code: str | None = None
    sender: str | None = None
    channel: Channel | None = None
    number: str | None = None
    point: str | None = None
    message: str | None = None
    process: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    again: bool = False

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> MessageSearch:
        """The criteria as a request gives them by name; ``state`` are several. What is None does not matter."""
        criteria = {name: value for name, value in given.items() if value is not None}
        return cls(states=tuple(criteria.pop("state", ())), **criteria)

    def require_permitted(self, actor: Actor) -> None:
        """Raise NotAllowed where a criterion tells, by what it finds, what the actor may not read."""
        if self.point is not None:
            actor.require(Permission.READ_PERSONAL, "the filter `point`")

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same for the database, for whoever reads all of what is found."""
        return [condition for _, condition in self.named(by_index)]

    @property
    def codes(self) -> list[str]:
        """The codes that are meant by ``code``."""
        known = [code.value for code in ProblemCode]
        return [code for code in known if self.code in (code, code.partition(".")[0])]

    def named(self, read: Read) -> _Named:
        """The conditions, each with the name of its criterion; ``read`` says how a column is come to."""
        m = messages.c
        if self.states:
            yield "states", read(m.state).in_([state.value for state in self.states])
        if self.code:
            yield "code", read(m.code).in_(self.codes)
        if self.channel:
            yield "channel", read(m.channel) == self.channel.value
        if self.since:
            yield "since", read(m.received_at) >= self.since
        if self.until:
            yield "until", read(m.received_at) < self.until
        if self.again:
            yield "again", JUDGED_AGAIN
        yield from self._named_in_it(read)

    def _named_in_it(self, read: Read) -> _Named:
        m = messages.c
        if self.sender:
            yield "sender", or_(m.sender == self.sender, m.claimed_sender == self.sender)
        if self.number:
            yield "number", or_(m.number == self.number, m.claimed_number == self.number)
        if self.point:
            yield "point", read(m.metering_point) == self.point
        if self.process:
            yield "process", read(m.process_instance) == self.process
        if self.message:
            yield "message", or_(read(m.message_id) == self.message, read(m.claimed_id) == self.message)


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
    process: str | None


FOUND_COLUMNS = (
    messages.c.key,
    messages.c.received_at,
    messages.c.state,
    messages.c.channel,
    messages.c.origin,
    func.coalesce(messages.c.sender, messages.c.claimed_sender),
    messages.c.sender.is_not(None),
    func.coalesce(messages.c.number, messages.c.claimed_number),
    func.coalesce(messages.c.message_id, messages.c.claimed_id),
    messages.c.metering_point,
    messages.c.code,
    messages.c.problem,
    messages.c.again_at,
    messages.c.process_instance,
)


def found_message(row: Row[Any]) -> FoundMessage:
    """The message of a row with ``FOUND_COLUMNS``."""
    values = list(row)
    values[2], values[3], values[6] = MessageState(values[2]), Channel(values[3]), bool(values[6])
    return FoundMessage(*values)


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
    of_hub = select(orders.c.key).where(orders.c.source_message == row.message_id)
    of_sid = select(sid_orders.c.order).where(sid_orders.c.message == key)
    keys = sorted(connection.execute(union(of_hub, of_sid)).scalars())
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
        "orders": keys if row.state == MessageState.ACCEPTED.value else [],
    }
