"""What retention may delete, and how; within one transaction.

Only ended records are deleted: never a message or order that is open, parked or contested, or whose answer the hub has
not confirmed. Of an accepted message only the bytes and the history are deleted: its row, its id with the hash of its
content, and its receipt stay, so that it can't be accepted a second time. The row with a table's highest key stays,
because SQLite would use that key again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.message import MessageState
from csire_bridge.domain.operations.retention import Kept, RetentionRules
from csire_bridge.domain.order.order import FINAL_STATES, OrderKind
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.housekeeping.ended_jobs import delete_jobs, jobs_due, rows_of_jobs
from csire_bridge.store.tables import (
    JUDGED_AGAIN,
    archived_orders,
    danger_cuts,
    head_end_events,
    jobs,
    message_events,
    message_verdicts,
    messages,
    metering_point_updates,
    order_care,
    order_events,
    order_notes,
    order_steps,
    orders,
    outbox,
    outbox_events,
    processes,
    register_readings,
    sid_orders,
    sid_reports,
    work,
)

__all__ = ["RetentionBook", "Unit"]

Unit = Mapping[Table, Sequence[Row[Any]]]
"""Everything that goes with one message, order or event: rows by table."""

_ENDED = [state.value for state in FINAL_STATES]
_ANSWERED = [kind.value for kind in OrderKind if kind.contactor_action]
_OF_AN_ORDER = [WorkStep.EXECUTE.value, WorkStep.PERFORM.value, WorkStep.ACKNOWLEDGE.value]
_BELOW_AN_ORDER: Sequence[Table] = (
    order_events,
    order_care,
    order_notes,
    head_end_events,
    order_steps,
    register_readings,
    sid_reports,
)
_TABLES = {Kept.MESSAGES: messages, Kept.ORDERS: orders, Kept.EVENTS: head_end_events, Kept.JOBS: jobs}
_Condition = ColumnElement[bool]


class RetentionBook:
    """The records that ``rules`` allow to be deleted at ``now`` (UTC), within one transaction."""

    def __init__(self, connection: Connection, rules: RetentionRules, now: datetime) -> None:
        self._connection = connection
        due = {
            Kept.MESSAGES: _messages_due(rules, now),
            Kept.ORDERS: _orders_due(rules, now),
            Kept.EVENTS: _events_due(rules, now),
            Kept.JOBS: jobs_due(rules.jobs, now),
        }
        self._due = {kind: and_(condition, _not_the_newest(_TABLES[kind])) for kind, condition in due.items()}
        self._now = now

    def due(self, kind: Kept, limit: int) -> list[int]:
        """The oldest keys of records that may be deleted."""
        key = _TABLES[kind].c.key
        return list(self._connection.execute(select(key).where(self._due[kind]).order_by(key).limit(limit)).scalars())

    def count(self, kind: Kept) -> int:
        """How many records may be deleted."""
        query = select(func.count()).select_from(_TABLES[kind]).where(self._due[kind])
        return self._connection.execute(query).scalar_one()

    def units(self, kind: Kept, keys: Sequence[int]) -> dict[int, Unit]:
        """All rows that are deleted together with each of ``keys``, by key."""
        found: dict[int, dict[Table, list[Row[Any]]]] = {key: defaultdict(list) for key in keys}
        for key, table, row in _READERS[kind](self._connection, keys):
            found[key][table].append(row)
        return dict(found)

    def prune(self, kind: Kept, keys: Sequence[int], archive: str) -> int:
        """Delete those of ``keys`` that may still be deleted; return how many. ``archive`` holds their copies."""
        table = _TABLES[kind]
        query = select(table.c.key).where(table.c.key.in_(keys), self._due[kind]).with_for_update()
        going = list(self._connection.execute(query).scalars())
        if going:
            deletes = {
                Kept.MESSAGES: self._messages,
                Kept.ORDERS: self._orders,
                Kept.EVENTS: self._events,
                Kept.JOBS: self._jobs,
            }
            deletes[kind](going, archive)
        return len(going)

    def _messages(self, keys: Sequence[int], archive: str) -> None:
        stay = or_(messages.c.state == MessageState.ACCEPTED.value, _holds_a_first_receipt())
        chosen = messages.c.key.in_(keys)
        staying = list(self._connection.execute(select(messages.c.key).where(chosen, stay)).scalars())
        self._delete(message_events, message_events.c.message.in_(keys))
        self._delete(message_verdicts, message_verdicts.c.message.in_(keys))
        self._connection.execute(update(messages).where(messages.c.key.in_(staying)).values(raw=b"", archive=archive))
        self._delete(messages, and_(chosen, messages.c.key.not_in(staying)))
        text = f"content and history were archived in {archive}"
        rows = [{"message": key, "at": self._now, "step": "retention", "text": text} for key in staying]
        if rows:
            self._connection.execute(insert(message_events), rows)

    def _orders(self, keys: Sequence[int], archive: str) -> None:
        family = list(_families(self._connection, keys))
        documents = select(outbox.c.key).where(outbox.c.order.in_(family))
        self._delete(outbox_events, outbox_events.c.document.in_(documents))
        for table in (outbox, *_BELOW_AN_ORDER):
            self._delete(table, table.c.order.in_(family))
        self._remember(family, archive)
        self._delete(orders, orders.c.key.in_(family))

    def _remember(self, keys: Sequence[int], archive: str) -> None:
        """Keep where they are, and their processes as answered, in case their messages come again."""
        facts = select(orders.c.key, orders.c.state, orders.c.process_instance, literal(archive))
        into = ["order", "state", "process_instance", "archive"]
        self._connection.execute(insert(archived_orders).from_select(into, facts.where(orders.c.key.in_(keys))))
        query = select(orders.c.process_instance, orders.c.state).where(
            orders.c.key.in_(keys), orders.c.process_instance.is_not(None)
        )
        for instance, state in self._connection.execute(query.order_by(orders.c.process_instance)).all():
            this = processes.c.process_instance == instance
            self._connection.execute(update(processes).where(this).values(outcome=state, archive=archive))

    def _events(self, keys: Sequence[int], _archive: str) -> None:
        self._delete(head_end_events, head_end_events.c.key.in_(keys))

    def _jobs(self, keys: Sequence[int], _archive: str) -> None:
        delete_jobs(self._connection, keys)

    def _delete(self, table: Table, condition: _Condition) -> None:
        self._connection.execute(delete(table).where(condition))


def _not_the_newest(table: Table) -> _Condition:
    return table.c.key < select(func.max(table.alias("newest").c.key)).scalar_subquery()


def _messages_due(rules: RetentionRules, now: datetime) -> _Condition:
    m = messages.c
    terms = {
        MessageState.ACCEPTED: rules.accepted,
        MessageState.REFUSED: rules.refused,
        MessageState.DUPLICATE: rules.duplicate,
    }
    old = [and_(m.state == state.value, m.received_at < now - term) for state, term in terms.items() if term]
    if not old:
        return false()
    return and_(m.archive.is_(None), or_(*old), ~JUDGED_AGAIN, ~_belongs_to_something_open(now))


def _belongs_to_something_open(now: datetime) -> _Condition:
    m, s, u = messages.c, sid_orders.c, metering_point_updates.c
    order = orders.alias("of_message")
    today = now.astimezone(WARSAW).date()
    return or_(
        exists().where(order.c.source_message == m.message_id, ~_settled(order)),
        exists().where(s.message == m.key, s.order == order.c.key, ~_settled(order)),
        exists().where(outbox.c.message_id == m.answers, outbox.c.state != DocumentState.CONFIRMED.value),
        exists().where(u.metering_point == m.metering_point, u.applied_at.is_(None), u.effective_date > today),
    )


def _holds_a_first_receipt() -> _Condition:
    """The message is a repeat in another form than the first one, and its receipt answers further repeats."""
    first = messages.alias("first")
    earlier = exists().where(
        first.c.message_id == messages.c.message_id,
        first.c.sender == messages.c.sender,
        first.c.form == messages.c.form,
        first.c.key < messages.c.key,
        first.c.state.in_((MessageState.ACCEPTED.value, MessageState.DUPLICATE.value)),
        first.c.receipt.is_not(None),
    )
    return and_(messages.c.state == MessageState.DUPLICATE.value, ~earlier)


def _settled(order: Any) -> _Condition:
    """The order has ended, the hub and SID know it, and nothing is left to do for it."""
    o, d = order.c, outbox.alias("answer").c
    w, r = work.c, sid_reports.c
    return and_(
        o.state.in_(_ENDED),
        ~exists().where(d.order == o.key, d.state != DocumentState.CONFIRMED.value),
        or_(o.kind.not_in(_ANSWERED), o.source_message.is_(None), exists().where(d.order == o.key)),
        ~exists().where(w.step.in_(_OF_AN_ORDER), w.subject == o.key),
        ~exists().where(r.order == o.key, r.state != DocumentState.DELIVERED.value),
    )


def _orders_due(rules: RetentionRules, now: datetime) -> _Condition:
    if rules.orders is None:
        return false()
    before, child, message = now - rules.orders, orders.alias("child"), messages.alias("asked")
    message_here = exists().where(
        message.c.message_id == orders.c.source_message,
        message.c.state == MessageState.ACCEPTED.value,
        message.c.archive.is_(None),
    )
    return and_(
        orders.c.parent.is_(None),  # steps go with their order
        orders.c.registered_at < before,
        _goes(orders, before),
        ~exists().where(child.c.parent == orders.c.key, ~_goes(child, before)),
        ~message_here,
    )


def _goes(order: Any, before: datetime) -> _Condition:
    """The order is settled and unchanged since ``before``; a cut because of danger was lifted.

    SID's numbers are kept, as a number may come again.
    """
    touched = exists().where(order_events.c.order == order.c.key, order_events.c.at >= before)
    cut = exists().where(danger_cuts.c.order == order.c.key, danger_cuts.c.lifted_at.is_(None))
    return and_(_settled(order), ~touched, ~cut, ~exists().where(sid_orders.c.order == order.c.key))


def _events_due(rules: RetentionRules, now: datetime) -> _Condition:
    if rules.events is None:
        return false()
    e, order = head_end_events.c, orders.alias("of_event")
    its_order_is_settled = exists().where(order.c.key == e.order, _settled(order))
    return and_(e.received_at < now - rules.events, or_(e.order.is_(None), its_order_is_settled))


_Found = Sequence[tuple[int, Table, Row[Any]]]


def _of_messages(connection: Connection, keys: Sequence[int]) -> _Found:
    rows = _rows(connection, messages, messages.c.key, keys)
    found: list[tuple[int, Table, Row[Any]]] = [(row.key, messages, row) for row in rows]
    for table in (message_events, message_verdicts):
        found += [(row.message, table, row) for row in _rows(connection, table, table.c.message, keys)]
    return found


def _of_orders(connection: Connection, keys: Sequence[int]) -> _Found:
    roots = _families(connection, keys)
    found = [(roots[row.key], orders, row) for row in _rows(connection, orders, orders.c.key, list(roots))]
    for table in (outbox, *_BELOW_AN_ORDER):
        found += [(roots[row.order], table, row) for row in _rows(connection, table, table.c.order, list(roots))]
    owner = {row.key: key for key, table, row in found if table is outbox}
    lines = _rows(connection, outbox_events, outbox_events.c.document, list(owner))
    return found + [(owner[row.document], outbox_events, row) for row in lines]


def _of_events(connection: Connection, keys: Sequence[int]) -> _Found:
    return [(row.key, head_end_events, row) for row in _rows(connection, head_end_events, head_end_events.c.key, keys)]


_READERS: Mapping[Kept, Callable[[Connection, Sequence[int]], _Found]] = {
    Kept.MESSAGES: _of_messages,
    Kept.ORDERS: _of_orders,
    Kept.EVENTS: _of_events,
    Kept.JOBS: rows_of_jobs,
}


def _rows(connection: Connection, table: Table, column: ColumnElement[Any], keys: Sequence[int]) -> list[Row[Any]]:
    return list(connection.execute(select(table).where(column.in_(keys)).order_by(table.c.key)))


def _families(connection: Connection, keys: Sequence[int]) -> dict[int, int]:
    """Each order to delete, child orders included, with the order that it belongs to."""
    children = connection.execute(select(orders.c.key, orders.c.parent).where(orders.c.parent.in_(keys)))
    return {**{key: key for key in keys}, **{row.key: row.parent for row in children}}
