"""Orders as a table, and one order with everything about it; times for people are Polish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from csire_bridge.cli.shared.console import duration
from csire_bridge.cli.shared.moments import local, short
from csire_bridge.cli.shared.table import Column
from csire_bridge.domain.order.order import Order
from csire_bridge.store.sql.row_mapper import to_row

if TYPE_CHECKING:
    from csire_bridge.store.queries.lists.listed_order import ListedOrder

__all__ = ["ORDER_COLUMNS", "order_facts", "order_lines", "reason_of"]

_GUARDS = ("holds", "complaints", "stops", "allowances")


def order_facts(order: Order) -> dict[str, Any]:
    """One order for programs; moments are UTC."""
    return to_row(order)


def reason_of(row: ListedOrder) -> str | None:
    """Why it stands as it does, with the moment until which it waits."""
    if row.waits_for == "date":
        return f"waits for its date, {short(row.order.not_before)}"
    return f"{row.words} (looked at again {short(row.until)})" if row.words and row.until else row.words


ORDER_COLUMNS: Sequence[Column[ListedOrder]] = (
    Column("key", lambda row: row.order.key),
    Column("kind", lambda row: row.order.kind),
    Column("point", lambda row: str(row.order.metering_point)),
    Column("state", lambda row: row.order.state),
    Column("waits-for", lambda row: row.waits_for, goes=2),
    Column("until", lambda row: row.until, goes=3),
    Column("registered", lambda row: row.order.registered_at, goes=6),
    Column("age", lambda row: duration((row.now - row.order.registered_at).total_seconds()), goes=7),
    Column("deadline", lambda row: row.order.deadline, goes=5),
    Column("commands", lambda row: row.order.attempts, goes=8, right=True),
    Column("supplier", lambda row: row.order.supplier, goes=9),
    Column("message", lambda row: row.order.source_message, goes=11),
    Column("process", lambda row: row.order.process_instance, goes=12),
    Column("executed", lambda row: row.order.executed_at, goes=10),
    Column("reason", reason_of, goes=1, words=True),
)


def order_lines(file: dict[str, Any]) -> Iterator[str]:
    """Everything about one order, section by section."""
    order = file["order"]
    yield f"order {order['key']}: {order['kind']} at {order['metering_point']}, {order['state']}"
    for name, value in order.items():
        if value is not None and name not in ("key", "kind", "metering_point", "state", "version"):
            yield f"  {name}: {_text(value)}"
    yield "history (Polish time)"
    yield from (f"  {local(line['at'])} {line['state']}: {line['text']}" for line in file["history"])
    for event in file["head_end_events"]:
        told = f"{event['kind']} {event['code']} at {local(event['occurred_at'])} {event['text']}"
        yield f"head-end system told {local(event['received_at'])}: {told}".rstrip()
    for answer in file["answers"]:
        yield f"answer {answer['number']} {answer['message_id']}: {answer['state']}"
        yield from (f"  {local(line['at'])} {line['state']}: {line['text']}" for line in answer["history"])
    for step in file["steps"]:
        yield f"step {step['position']} {step['kind']}: {step['state']}" + (f", {step['text']}" if step["text"] else "")
    for part in file["parts"]:
        yield f"part of it: order {part['key']} ({part['kind']}), {part['state']}"
    for report in file["sid_reports"]:
        about = report["number"] or "field work"
        yield f"told SID {local(report['at'])} of {about}: {report['status']} ({report['state']})"
    for piece in file["work"]:
        yield _work(piece)
    for name in _GUARDS:
        yield from (f"{name.removesuffix('s')} {_known(row)}" for row in file[name])


def _work(piece: dict[str, Any]) -> str:
    held = f", held by {piece['leased_by']} until {local(piece['leased_until'])}" if piece["leased_by"] else ""
    due = "parked" if piece["parked"] else f"due {local(piece['due_at'])}"
    error = f"; last error: {piece['last_error']}" if piece["last_error"] else ""
    return f"work {piece['step']}: {due}, {piece['attempts']} failed tries{held}{error}"


def _known(row: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_text(value)}" for name, value in row.items() if value is not None)


def _text(value: object) -> str:
    return local(value) if isinstance(value, datetime) else str(value)
