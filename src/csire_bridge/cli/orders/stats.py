"""``csire-bridge stats``: execution times in five buckets and percentiles."""

from __future__ import annotations

from typing import Any

import typer
from rich import box
from rich.table import Table

from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption, duration, out, print_json
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.operations.statistics import Bucket, Statistics, summarise

__all__ = ["add_to", "as_json", "table_of"]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(stats)


def stats(database: DatabaseOption = None, json_wanted: JsonOption = False, config: ConfigOption = None) -> None:
    """Execution times per kind of order and month: the five buckets, p50, p90 and p99, and the share in time.

    Times count from the message's own timestamp to the meter's time of switching. Months are Polish months.
    "In time" is the share of those with a deadline that were executed by then.

    Example:

        csire-bridge stats --database sqlite:///demo-out/csire-bridge.db
    """
    from csire_bridge.store.database import Database
    from csire_bridge.store.queries.reports import executed

    store = Database(load_settings(config, database=database).database)
    try:
        store.require_current()
        with store.reading() as connection:
            lines = summarise(executed(connection))
    finally:
        store.close()
    if json_wanted:
        print_json([as_json(line) for line in lines])
    elif lines:
        out.print(table_of(lines))
    else:
        out.print("no order has been executed yet")


def as_json(line: Statistics) -> dict[str, Any]:
    """For programs; percentiles in seconds."""
    return {
        "kind": line.kind.value,
        "month": line.month,
        "count": line.count,
        "buckets": {bucket.value: count for bucket, count in line.buckets.items()},
        "p50_seconds": line.p50,
        "p90_seconds": line.p90,
        "p99_seconds": line.p99,
        "with_deadline": line.limited,
        "in_time": line.in_time,
    }


def table_of(lines: list[Statistics]) -> Table:
    """For people: the share of each bucket."""
    table = Table(title="Execution times", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("month", "kind", "orders", *(bucket.value for bucket in Bucket), "p50", "p90", "p99", "in time"):
        width = {"month": 7, "kind": 15, "p50": 8, "p90": 8, "p99": 8}.get(heading)
        table.add_column(heading, justify="left" if heading in ("month", "kind") else "right", min_width=width)
    for line in lines:
        shares = (f"{count / line.count:.0%}" for count in line.buckets.values())
        times = (duration(seconds) for seconds in (line.p50, line.p90, line.p99))
        in_time = f"{line.in_time / line.limited:.1%}" if line.limited else ""
        table.add_row(line.month, line.kind.value, str(line.count), *shares, *times, in_time)
    return table
