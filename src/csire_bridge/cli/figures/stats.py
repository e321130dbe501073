"""``csire-bridge stats``: execution times in five buckets and percentiles, and the law's clocks and figures."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from csire_bridge.cli.figures.clock_lines import clocks_table, count_json
from csire_bridge.cli.figures.law_figures import law, parse_month
from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption, duration, out, print_json
from csire_bridge.cli.shared.operator_action import opened
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.operations.statistics import Bucket, Statistics, summarise
from csire_bridge.runtime.steady_clock import system_clock

__all__ = ["add_to", "as_json", "table_of"]


_stats = typer.Typer(help="Execution times, the clocks of the law, and the figures that the regulator can ask for.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    _stats.callback(invoke_without_command=True)(stats)
    _stats.command("law")(law)
    _stats.command("clocks")(clocks)
    app.add_typer(_stats, name="stats")


def stats(
    context: typer.Context,
    database: DatabaseOption = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Execution times per kind of order and month: the five buckets, p50, p90 and p99, and the share in time.

    Times count from the message's own timestamp to the meter's time of switching. Months are Polish months.
    "In time" is the share of those with a deadline that were executed by then. Below, for each clock: kept, missed,
    still running, and dropped because the order ended without being carried out.

    Example:

        csire-bridge stats --database sqlite:///demo-out/csire-bridge.db
    """
    if context.invoked_subcommand is not None:
        return
    from csire_bridge.domain.law.clock_counts import count_clocks
    from csire_bridge.service.wiring.settings_to_values import deadlines_of
    from csire_bridge.store.queries.law_clocks import timed_orders
    from csire_bridge.store.queries.reports import executed

    settings = load_settings(config, database=database)
    with opened(settings, reads=True) as store, store.reading() as connection:
        lines = summarise(executed(connection))
        counts = [] if json_wanted else count_clocks(timed_orders(connection), deadlines_of(settings), system_clock())
    if json_wanted:
        print_json([as_json(line) for line in lines])
    elif lines:
        out.print(table_of(lines))
    else:
        out.print("no order has been executed yet")
    if counts:
        out.print(clocks_table(counts))


def clocks(
    month: Annotated[
        str | None, typer.Option("--month", help="Only orders registered in this month (2026-11).")
    ] = None,
    database: DatabaseOption = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """For each clock of the law and each month: kept, missed, still running, dropped.

    Example:

        csire-bridge stats clocks --month 2026-11
    """
    from csire_bridge.domain.law.clock_counts import count_clocks
    from csire_bridge.service.wiring.settings_to_values import deadlines_of
    from csire_bridge.store.queries.law_clocks import timed_orders

    settings, wanted = load_settings(config, database=database), parse_month(month) if month else None
    with opened(settings, reads=True) as store, store.reading() as connection:
        counts = count_clocks(timed_orders(connection, wanted), deadlines_of(settings), system_clock())
    if json_wanted:
        print_json([count_json(count) for count in counts])
    elif counts:
        out.print(clocks_table(counts))
    else:
        out.print("no clock has run")


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
