"""Orders as a table, and one order with everything about it; times for people are Polish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from csire_bridge.cli.shared.console import duration
from csire_bridge.cli.shared.moments import local
from csire_bridge.domain.order.order import Order
from csire_bridge.store.sql.row_mapper import to_row

__all__ = ["order_facts", "order_lines", "orders_table"]

_GUARDS = ("holds", "complaints", "stops", "allowances")


def order_facts(order: Order) -> dict[str, Any]:
    """One order for programs; moments are UTC."""
    return to_row(order)


def orders_table(orders: Sequence[Order], title: str, now: datetime) -> Table:
    """One line for each order."""
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in (
        "key",
        "kind",
        "metering point",
        "state",
        "waits for",
        "registered",
        "age",
        "deadline",
        "commands",
        "reason",
    ):
        table.add_column(heading, no_wrap=heading != "reason", justify="right" if heading == "commands" else "left")
    for order in orders:
        waits = order.waits_for.value if order.waits_for and order.state.value == "registered" else ""
        age = duration((now - order.registered_at).total_seconds())
        facts = (str(order.key), order.kind.value, str(order.metering_point), order.state.value, waits)
        deadline = local(order.deadline) if order.deadline else ""
        times = (local(order.registered_at), age, deadline, str(order.attempts))
        table.add_row(*facts, *times, escape(order.detail or ""))
    return table


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
