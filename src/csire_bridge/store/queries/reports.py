"""The read side: queries for people and programs; read only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.message import MessageState
from csire_bridge.domain.operations.statistics import Executed
from csire_bridge.domain.order.order import OrderKind, OrderState, WaitsFor
from csire_bridge.store.tables import messages, orders, outbox, work

__all__ = [
    "MessageLine",
    "OrderLine",
    "at_rest",
    "executed",
    "known_bytes",
    "last_order",
    "message_lines",
    "order_lines",
]


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One message of the journal without its bytes; ``archive`` is the file to which retention has moved them."""

    key: int
    origin: str
    sha256: str
    state: MessageState
    message_id: str | None
    number: str | None
    code: str | None
    problem: str | None
    archive: str | None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order with its message and its answer, of the hub where it has asked. Moments are UTC.

    ``parent`` is the order of which it is a step.
    """

    key: int
    message_id: str | None
    number: str | None
    kind: OrderKind
    metering_point: str
    state: OrderState
    outcome: str | None
    registered_at: datetime
    executed_at: datetime | None
    detail: str | None
    parent: int | None
    answer_number: str | None
    answer_id: str | None
    answer_state: str | None
    answer: bytes | None

    @property
    def answer_name(self) -> str | None:
        """The name of the answer as a file."""
        return f"{self.answer_number}_{self.answer_id}.xml" if self.answer_id else None


def message_lines(connection: Connection) -> list[MessageLine]:
    """Every message, in order of arrival."""
    m = messages.c
    query = select(m.key, m.origin, m.sha256, m.state, m.message_id, m.number, m.code, m.problem, m.archive).order_by(
        m.key
    )
    return [MessageLine(*r[:3], MessageState(r[3]), *r[4:]) for r in connection.execute(query)]


def last_order(connection: Connection) -> int:
    """The key of the newest order; 0 when there is none."""
    return connection.execute(select(func.max(orders.c.key))).scalar() or 0


def order_lines(connection: Connection, *, after: int = 0, with_answer: bool = False) -> Iterator[OrderLine]:
    """Orders with a key above ``after``, oldest first; ``with_answer`` brings the bytes of the answer along."""
    o, a = orders.c, outbox.c
    columns = (o.key, o.source_message, o.source_number, o.kind, o.metering_point, o.state, o.outcome)
    moments = (o.registered_at, o.executed_at, o.detail, o.parent)
    answer = (a.number, a.message_id, a.state, *([a.document] if with_answer else []))
    query = select(*columns, *moments, *answer).outerjoin(outbox, a.order == o.key)
    query = query.where(o.key > after).order_by(o.key)
    for r in connection.execute(query):
        values = list(r)
        values[3], values[5] = OrderKind(values[3]), OrderState(values[5])
        yield OrderLine(*values, *([] if with_answer else [None]))


def executed(connection: Connection) -> Iterator[Executed]:
    """Every executed order, for the summary of a folder or a play."""
    query = select(orders.c.kind, orders.c.registered_at, orders.c.executed_at, orders.c.deadline).where(
        orders.c.state == OrderState.DONE.value, orders.c.executed_at.is_not(None)
    )
    for its_kind, *moments in connection.execute(query):
        yield Executed(OrderKind(its_kind), *moments)


def known_bytes(connection: Connection, sha256: str) -> MessageLine | None:
    """The message with these very bytes that was accepted before, or None."""
    m = messages.c
    query = select(m.key, m.origin, m.sha256, m.state, m.message_id, m.number, m.code, m.problem, m.archive).where(
        m.sha256 == sha256, m.state == MessageState.ACCEPTED.value
    )
    row = connection.execute(query.limit(1)).one_or_none()
    return None if row is None else MessageLine(*row[:3], MessageState(row[3]), *row[4:])


def at_rest(connection: Connection, now: datetime) -> bool:
    """Whether no work is left that runs by itself: what remains waits for a date or for a person."""
    moving = (OrderState.SUBMITTING.value, OrderState.SUBMITTED.value, OrderState.UNKNOWN.value)
    for_a_person = (WaitsFor.HOLD.value, WaitsFor.DANGER.value)
    counts = (
        select(func.count()).select_from(messages).where(messages.c.state == MessageState.RECEIVED.value),
        select(func.count())
        .select_from(orders)
        .where(
            or_(
                orders.c.state.in_(moving),
                and_(
                    orders.c.state == OrderState.REGISTERED.value,
                    orders.c.not_before <= now,
                    func.coalesce(orders.c.waits_for, "").not_in(for_a_person),
                ),
            )
        ),
        select(func.count()).select_from(outbox).where(outbox.c.state == DocumentState.PENDING.value),
        select(func.count()).select_from(work).where(work.c.parked.is_(False), work.c.due_at <= now),
    )
    return all(connection.execute(query).scalar() == 0 for query in counts)
