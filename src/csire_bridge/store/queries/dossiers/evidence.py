"""Everything that is kept about one message: every layer of acknowledgement with its bytes, and every history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from csire_bridge.domain.identifiers import MessageId
from csire_bridge.store.queries.dossiers.order_dossier import guards_met
from csire_bridge.store.sql.plain_values import facts_of, history_of, rows_of
from csire_bridge.store.tables import (
    head_end_events,
    message_events,
    message_verdicts,
    messages,
    order_events,
    order_steps,
    orders,
    outbox,
    outbox_events,
    register_readings,
    sid_orders,
)

__all__ = ["Exhibit", "exhibits", "message_exhibits"]

_ARCHIVED = (
    "Retention has taken the content and the history of this message into the archive {}.\n"
    "The order that it led to may stand in an archive that was made later.\n"
)
Exhibit = tuple[str, bytes | dict[str, Any] | list[dict[str, Any]]]
"""A name, and bytes as they were received or sent, or facts as plain values."""


def exhibits(connection: Connection, wanted: MessageId | int) -> Iterator[Exhibit]:
    """Everything stored about a message, oldest layer first; empty if it is not known.

    ``wanted`` is the id of the hub's message, the id of our answer, or the key of an order.
    """
    message_id, keys = _behind(connection, wanted)
    # Repeats and forgeries under the same id are part of the story.
    told = messages.c.message_id == message_id if message_id else messages.c.key.in_(_asked_by_sid(keys))
    for number, row in enumerate(rows_of(connection, messages, told), 1):
        yield from _message(connection, f"1-message-{number}", row)
    for order in rows_of(connection, orders, orders.c.key.in_(keys)):
        yield "2-order.json", facts_of(order)
        if steps := history_of(connection, order_steps, order_steps.c.order == order.key):
            yield "2-order-steps.json", steps
            of_order = register_readings.c.order == order.key
            yield "2-order-readings.json", history_of(connection, register_readings, of_order)
        yield "2-order-guards.json", guards_met(connection, order)
        yield "2-order-history.json", history_of(connection, order_events, order_events.c.order == order.key)
        for number, event in enumerate(rows_of(connection, head_end_events, head_end_events.c.order == order.key), 1):
            yield f"3-head-end-event-{number}.xml", event.raw
            yield f"3-head-end-event-{number}.json", facts_of(event)
        for number, document in enumerate(rows_of(connection, outbox, outbox.c.order == order.key), 1):
            yield from _document(connection, number, document)


def message_exhibits(connection: Connection, key: int) -> Iterator[Exhibit]:
    """What is stored of the message of that key alone, for one that has no proven id and led to no order."""
    for row in rows_of(connection, messages, messages.c.key == key):
        yield from _message(connection, "1-message-1", row)


def _behind(connection: Connection, wanted: MessageId | int) -> tuple[str | None, list[int]]:
    """The hub's message that is meant, and the keys of its orders; None for an order that the hub has not asked for."""
    source = str(wanted) if isinstance(wanted, str) else None
    of_answer = select(outbox.c.order).where(outbox.c.message_id == source)
    is_it = orders.c.key == wanted if source is None else orders.c.key.in_(of_answer)
    if (order := next(iter(rows_of(connection, orders, is_it)), None)) is not None:
        source = order.source_message
        if source is None:
            return None, [order.key]
    return source, [row.key for row in rows_of(connection, orders, orders.c.source_message == source)]


def _asked_by_sid(keys: list[int]) -> Select[tuple[int]]:
    return select(sid_orders.c.message).where(sid_orders.c.order.in_(keys))


def _message(connection: Connection, name: str, row: Row[Any]) -> Iterator[Exhibit]:
    if row.archive is not None:
        yield f"{name}-archived.txt", _ARCHIVED.format(row.archive).encode()
    elif row.whole_bytes is not None:
        yield f"{name}-first-{len(row.raw)}-of-{row.whole_bytes}-bytes.bin", row.raw
    else:
        yield f"{name}.xml", row.raw
    yield f"{name}.json", facts_of(row)
    yield f"{name}-history.json", history_of(connection, message_events, message_events.c.message == row.key)
    if row.receipt is not None:
        yield f"{name}-receipt.xml", row.receipt
    for number, verdict in enumerate(rows_of(connection, message_verdicts, message_verdicts.c.message == row.key), 1):
        yield f"{name}-verdict-{number}-taken-back.json", facts_of(verdict)
        if verdict.receipt is not None:
            yield f"{name}-verdict-{number}-receipt.xml", verdict.receipt


def _document(connection: Connection, number: int, row: Row[Any]) -> Iterator[Exhibit]:
    yield f"4-answer-{number}.xml", row.document
    yield f"4-answer-{number}.json", facts_of(row)
    if row.partner_answer is not None:
        yield f"4-answer-{number}-partner-answer.xml", row.partner_answer
    yield f"4-answer-{number}-history.json", history_of(connection, outbox_events, outbox_events.c.document == row.key)
    for place, result in enumerate(rows_of(connection, messages, messages.c.answers == row.message_id), 1):
        yield from _message(connection, f"5-result-{number}-{place}", result)
