"""Checks that a database is intact: by its engine, and by the bridge's own rules. Changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, Select, and_, exists, func, or_, select, text

from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.domain.order.order import FINAL_STATES, NEEDS_OPERATOR, OrderKind
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.housekeeping.audit_guard import missing_guards
from csire_bridge.store.tables import accepted_ids, messages, orders, outbox, work

__all__ = ["inspect_database"]

_MOST_NAMED = 10
_ENDED = [state.value for state in FINAL_STATES]
_PERSON = [state.value for state in NEEDS_OPERATOR]
_ANSWERED = [kind.value for kind in OrderKind if kind.contactor_action]
_INVALID = text(
    "SELECT conname FROM pg_constraint WHERE NOT convalidated "
    "UNION ALL SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid"
)


def inspect_database(connection: Connection) -> Iterator[str]:
    """Every damage found, a sentence each. All is read in one snapshot, so a service may run meanwhile."""
    yield from _engine_of(connection)
    for name in missing_guards(connection):
        yield f"the trigger {name} is gone, by which the database keeps the audit"
    for what, query in _invariants().items():
        found = list(connection.execute(query).scalars())
        if found:
            yield f"{what}: {_named(found)}"
    m, a = messages.c, outbox.c
    whole = and_(m.archive.is_(None), m.whole_bytes.is_(None))
    kept: tuple[tuple[str, Select[Any]], ...] = (
        ("the bytes of messages are not those that came", select(m.key, m.raw, m.sha256).where(whole)),
        ("the bytes of answers are not those that were signed", select(a.key, a.document, a.sha256)),
    )
    for what, query in kept:
        changed = _changed(connection, query)
        if changed:
            yield f"{what}: {_named(changed)}"


def _engine_of(connection: Connection) -> Iterator[str]:
    if connection.dialect.name == "postgresql":
        for name in connection.execute(_INVALID).scalars():
            yield f"the constraint or index {name} is not valid"
        return
    for row in connection.exec_driver_sql("PRAGMA integrity_check(20)"):
        if row[0] != "ok":
            yield f"the file is damaged: {row[0]}"
    for table, rowid, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"row {rowid} of {table} points to nothing in {parent}"


def _invariants() -> dict[str, Select[Any]]:
    """The rules that must hold, each as a query that finds violations."""
    o, a, m = orders.c, outbox.c, messages.c
    taken = exists().where(accepted_ids.c.message_id == o.source_message)
    asked = o.source_message.is_not(None)  # not so for orders of SID alone, and for steps of another order
    moving = select(o.source_number).where(asked, o.kind.in_(_ANSWERED)).distinct()
    answer = exists().where(a.order == o.key)
    repeated = and_(o.process_instance == m.process_instance, o.source_message.is_not(None))
    order = or_(exists().where(o.source_message == m.message_id), exists().where(repeated))
    accepted = m.state == MessageState.ACCEPTED.value
    return {
        "open orders without work": select(o.key).where(
            o.state.not_in([*_ENDED, *_PERSON]),
            ~_has_work(WorkStep.EXECUTE, o.key),
            ~_has_work(WorkStep.PERFORM, o.key),
        ),
        "ended orders with neither an answer nor work to make one": select(o.key).where(
            o.state.in_(_ENDED),
            o.kind.in_(_ANSWERED),
            asked,
            o.told_before.is_(False),
            ~answer,
            ~_has_work(WorkStep.ACKNOWLEDGE, o.key),
        ),
        "orders with more than one answer": select(a.order).group_by(a.order).having(func.count() > 1),
        "orders whose message was never accepted": select(o.key).where(asked, ~taken),
        "accepted order messages without an order": select(m.key).where(
            accepted, m.archive.is_(None), m.number.in_(moving), ~order
        ),
        "accepted messages whose id is not taken": select(m.key).where(
            accepted, m.channel != Channel.SID.value, ~exists().where(accepted_ids.c.message == m.key)
        ),
        "messages that wait without work": select(m.key).where(
            m.state == MessageState.RECEIVED.value,
            ~_has_work(WorkStep.INTAKE, m.key),
            ~_has_work(WorkStep.SID_INTAKE, m.key),
        ),
        "answers that wait without work": select(a.key).where(
            a.state == DocumentState.PENDING.value, ~_has_work(WorkStep.DELIVER, a.key)
        ),
    }


def _has_work(step: WorkStep, subject: Column[Any]) -> Any:
    return exists().where(and_(work.c.step == step.value, work.c.subject == subject))


def _changed(connection: Connection, query: Select[Any]) -> list[int]:
    """The keys of rows (key, content, SHA-256) whose content does not match the hash."""
    rows = connection.execute(query.execution_options(yield_per=200))
    return [row[0] for row in rows if hashlib.sha256(row[1]).hexdigest() != row[2]]


def _named(keys: list[Any]) -> str:
    more = f" and {len(keys) - _MOST_NAMED} more" if len(keys) > _MOST_NAMED else ""
    return ", ".join(map(str, sorted(keys)[:_MOST_NAMED])) + more
