"""Everything that is kept about one message: every layer of acknowledgement with its bytes, and every history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from csire_bridge.domain.identifiers import MessageId
from csire_bridge.store.tables import (
    head_end_events,
    message_events,
    messages,
    order_events,
    orders,
    outbox,
    outbox_events,
)

__all__ = ["Exhibit", "exhibits"]

Exhibit = tuple[str, bytes | dict[str, Any] | list[dict[str, Any]]]
"""A name, and bytes as they were received or sent, or facts as plain values."""


def exhibits(connection: Connection, message_id: MessageId) -> Iterator[Exhibit]:
    """What is kept about the message of that id, oldest layer first; nothing at all when it is not known."""
    # Repeats and forgeries under the same id are part of the story.
    for number, row in enumerate(_rows(connection, messages, messages.c.message_id == str(message_id)), 1):
        yield from _message(connection, f"1-message-{number}", row)
    for order in _rows(connection, orders, orders.c.source_message == str(message_id)):
        yield "2-order.json", _facts(order)
        yield "2-order-history.json", _history(connection, order_events, order_events.c.order == order.key)
        for number, event in enumerate(_rows(connection, head_end_events, head_end_events.c.order == order.key), 1):
            yield f"3-head-end-event-{number}.xml", event.raw
            yield f"3-head-end-event-{number}.json", _facts(event)
        for number, document in enumerate(_rows(connection, outbox, outbox.c.order == order.key), 1):
            yield from _document(connection, number, document)


def _message(connection: Connection, name: str, row: Row[Any]) -> Iterator[Exhibit]:
    yield f"{name}.xml", row.raw
    yield f"{name}.json", _facts(row)
    yield f"{name}-history.json", _history(connection, message_events, message_events.c.message == row.key)
    if row.receipt is not None:
        yield f"{name}-receipt.xml", row.receipt


def _document(connection: Connection, number: int, row: Row[Any]) -> Iterator[Exhibit]:
    yield f"4-answer-{number}.xml", row.document
    yield f"4-answer-{number}.json", _facts(row)
    if row.partner_answer is not None:
        yield f"4-answer-{number}-partner-answer.xml", row.partner_answer
    yield f"4-answer-{number}-history.json", _history(connection, outbox_events, outbox_events.c.document == row.key)
    for place, result in enumerate(_rows(connection, messages, messages.c.answers == row.message_id), 1):
        yield from _message(connection, f"5-result-{number}-{place}", result)


def _rows(connection: Connection, table: Table, condition: Any) -> list[Row[Any]]:
    return list(connection.execute(select(table).where(condition).order_by(table.c.key)))


def _history(connection: Connection, table: Table, condition: Any) -> list[dict[str, Any]]:
    return [_facts(row) for row in _rows(connection, table, condition)]


def _facts(row: Row[Any]) -> dict[str, Any]:
    """The plain columns of a row; bytes are exhibits of their own."""
    return {name: value for name, value in row._mapping.items() if not isinstance(value, bytes)}
