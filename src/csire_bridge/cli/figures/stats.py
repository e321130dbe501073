"""``csire-bridge stats``: execution times in five buckets and percentiles, and the law's clocks and figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csire_bridge.cli.figures.clock_lines import CLOCK_COLUMNS, count_json
from csire_bridge.cli.figures.law_figures import law, parse_month
from csire_bridge.cli.shared.console import duration
from csire_bridge.cli.shared.list_command import Listing, list_command
from csire_bridge.cli.shared.table import Column
from csire_bridge.domain.figures.period import Period
from csire_bridge.domain.operations.statistics import Bucket, Statistics
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.sheets.spreadsheet import Sheet

if TYPE_CHECKING:
    from csire_bridge.domain.figures.summary import CellCounts

__all__ = ["TIME_COLUMNS", "add_to", "as_json"]

MonthOption = Annotated[
    str | None, typer.Option("--month", help="Only orders registered in this Polish month (2026-11).")
]
_stats = typer.Typer(help="Execution times, the clocks of the law, and the figures that the regulator can ask for.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    _stats.callback(invoke_without_command=True)(stats)
    _stats.command("law")(law)
    _stats.command("clocks")(clocks)
    app.add_typer(_stats, name="stats")


def _share(of: Callable[[Statistics], int], all_of_them: Callable[[Statistics], int]) -> dict[str, Any]:
    """A share as a number from 0 to 1 for a spreadsheet, and in percent for people."""

    def share(line: Statistics) -> float | None:
        return round(of(line) / all_of_them(line), 4) if all_of_them(line) else None

    return {"value": share, "people": lambda line: f"{share(line) or 0:.1%}", "shape": "0.0%", "right": True}


def _in(bucket: Bucket) -> Callable[[Statistics], int]:
    return lambda line: line.buckets[bucket]


def _seconds(name: str) -> Column[Statistics]:
    def of(line: Statistics) -> float:
        return round(float(getattr(line, name)), 1)

    return Column(name, of, people=lambda line: duration(of(line)), shape="0.0", right=True, goes=3)


TIME_COLUMNS: Sequence[Column[Statistics]] = (
    Column("month", lambda line: line.month),
    Column("kind", lambda line: line.kind),
    Column("orders", lambda line: line.count, right=True),
    *(Column(bucket.value, goes=2, **_share(_in(bucket), lambda line: line.count)) for bucket in Bucket),
    *map(_seconds, ("p50", "p90", "p99")),
    Column("in-time", **_share(lambda line: line.in_time, lambda line: line.limited)),
    Column("with-deadline", lambda line: line.limited, goes=5, right=True),
)


@list_command(TIME_COLUMNS)
def stats(
    listing: Listing,
    context: typer.Context,
    month: MonthOption = None,
    kind: Annotated[OrderKind | None, typer.Option(help="Only this kind of order.")] = None,
) -> None:
    """Execution times per kind of order and month: the five buckets, p50, p90 and p99, and the share in time.

    Times count from the message's own timestamp to the meter's time of switching. Months are Polish months.
    Percentiles are told to 5 %, never too low.
    "In time" is the share of those with a deadline that were executed by then. Below, for each clock: kept, missed,
    still running, and dropped because the order ended without being carried out. In files times are seconds.

    Examples:

        csire-bridge stats --database sqlite:///demo-out/csire-bridge.db

        csire-bridge stats --month 2026-11 --kind disconnect --xlsx november.xlsx
    """
    if context.invoked_subcommand is not None:
        return
    from csire_bridge.domain.figures.summary import clock_counts, statistics

    found = _cells(listing, month, kind)
    lines = statistics(found)
    listing.show(
        TIME_COLUMNS,
        lines,
        title="Execution times",
        nothing="no order has been executed yet",
        facts=lambda: [as_json(line) for line in lines],
        more=() if listing.json_wanted else [Sheet("Clocks", CLOCK_COLUMNS, clock_counts(found))],
    )


@list_command(CLOCK_COLUMNS)
def clocks(
    listing: Listing,
    month: MonthOption = None,
    kind: Annotated[OrderKind | None, typer.Option(help="Only this kind of order.")] = None,
) -> None:
    """For each clock of the law and each month: kept, missed, still running, dropped.

    Example:

        csire-bridge stats clocks --month 2026-11
    """
    from csire_bridge.domain.figures.summary import clock_counts

    counts = clock_counts(_cells(listing, month, kind))
    listing.show(
        CLOCK_COLUMNS,
        counts,
        title="Clocks",
        nothing="no clock has run",
        facts=lambda: [count_json(count) for count in counts],
    )


def _cells(listing: Listing, month: str | None, kind: OrderKind | None) -> Sequence[CellCounts]:
    from csire_bridge.domain.figures.wanted import FiguresWanted
    from csire_bridge.service.wiring.settings_to_values import deadlines_of
    from csire_bridge.store.figures.counted import figures

    wanted = FiguresWanted(Period.of_month(parse_month(month)) if month else None, kind)
    with listing.reading() as tx:
        return figures(tx.connection, deadlines_of(listing.settings()), system_clock(), wanted).cells


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
