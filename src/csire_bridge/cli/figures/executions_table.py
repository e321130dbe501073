"""Orders with what was executed and answered, as replay and demo show them; times for people are Polish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from csire_bridge.cli.shared.console import duration
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.order.order import OrderState

if TYPE_CHECKING:
    from csire_bridge.store.queries.reports import OrderLine

__all__ = ["executions_table", "seconds_taken"]

# On a narrow screen only the last column may be cut.
_COLUMNS = {"message": 8, "kind": 15, "metering point": 18, "state": 10, "executed": 8, "took": 8, "answer": 8}
_COLOURS = {OrderState.DONE: "green", OrderState.REJECTED: "yellow", OrderState.PARKED: "red"}


def executions_table(lines: Sequence[OrderLine], title: str) -> Table:
    """Orders for people; times are Polish."""
    caption = "took: from the message's own timestamp to the meter's time of switching"
    table = Table(title=title, caption=caption, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading, width in _COLUMNS.items():
        table.add_column(heading, no_wrap=True, min_width=width)
    for line in lines:
        colour = _COLOURS.get(line.state, "blue")
        seconds = seconds_taken(line)
        table.add_row(
            line.number or ("a step" if line.parent else "SID"),
            line.kind.value,
            line.metering_point,
            f"[{colour}]{line.state.value}[/]",
            line.executed_at.astimezone(WARSAW).strftime("%H:%M:%S") if line.executed_at else "",
            duration(seconds) if seconds is not None else "",
            " ".join(part for part in (line.answer_number, line.answer_state) if part),
        )
    return table


def seconds_taken(line: OrderLine) -> float | None:
    """From the message's own timestamp to the meter's time of switching; None for an order that was not executed."""
    return (line.executed_at - line.registered_at).total_seconds() if line.executed_at else None
