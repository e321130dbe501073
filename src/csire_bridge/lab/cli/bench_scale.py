"""``csire-bridge bench backlog``, ``nodes``, ``memory``, ``start``, ``law``, ``console``: much of everything."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from csire_bridge.cli.shared.console import JsonOption, out, print_json
from csire_bridge.lab.cli.bench_parts import PlaceOption, fresh_folder, track
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.lab.bench.backlog import BacklogReport
    from csire_bridge.lab.bench.console.measure import ConsoleReport
    from csire_bridge.lab.bench.memory import MemoryReport
    from csire_bridge.lab.bench.nodes import NodesReport

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backlog)
    app.command()(nodes)
    app.command()(memory)
    app.command()(start)
    app.command()(law)
    app.command()(console)


def backlog(
    orders: Annotated[int, typer.Option("--orders", min=2000, help="How many open orders.")] = 1_000_000,
    few: Annotated[int, typer.Option("--few", min=200, help="How many in the other database.")] = 1000,
    batch: Annotated[int, typer.Option("--batch", min=1, max=64, help="Pieces of work in one lease.")] = 32,
    rounds: Annotated[int, typer.Option("--rounds", min=5, help="Leases that are timed at each size.")] = 200,
    databases: Annotated[
        tuple[str, str] | None,
        typer.Option("--databases", help="Two empty databases, the small one first; else SQLite in a fresh folder."),
    ] = None,
    place: PlaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lease batches of work with few and with very many open orders in the store, in turns.

    Example:

        csire-bridge bench backlog --orders 1000000
    """
    from csire_bridge.lab.bench.backlog import measure_backlog

    with fresh_folder(place) as folder:
        small, large = databases or (f"sqlite:///{folder / 'few.db'}", f"sqlite:///{folder / 'many.db'}")
        report = measure_backlog(small, large, few, orders, batch, rounds, track)
    if as_json:
        print_json(asdict(report))
    else:
        out.print(_backlog_table(report))


def nodes(
    orders: Annotated[
        int, typer.Option("--orders", min=1, help="How many orders, for each number of processes.")
    ] = 1000,
    batch: Annotated[int, typer.Option("--batch", min=1, max=64, help="Pieces of work in one lease.")] = 32,
    database: Annotated[
        str | None,
        typer.Option("--database", help="An empty database of PostgreSQL; without it, a server of the bench's own."),
    ] = None,
    place: PlaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Carry due orders out with 1, 2 and 4 processes of the service on one PostgreSQL.

    The simulated head-end system is a process as well, and all share this machine's processors.

    Example:

        csire-bridge bench nodes --orders 1000
    """
    from csire_bridge.lab.bench.nodes import measure_nodes

    with fresh_folder(place) as folder:
        report = measure_nodes(folder, orders, batch, track, database)
    if as_json:
        print_json(asdict(report))
    else:
        out.print(_nodes_table(report))


def memory(
    orders: Annotated[int, typer.Option("--orders", min=10, help="How many orders.")] = 100_000,
    batch: Annotated[int, typer.Option("--batch", min=1, max=64, help="Orders in one batch; two are in flight.")] = 32,
    place: PlaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Carry very many orders out in one process, and show its peak of memory after each tenth of them.

    Example:

        csire-bridge bench memory --orders 100000
    """
    from csire_bridge.lab.bench.memory import measure_memory

    with fresh_folder(place) as folder:
        report = measure_memory(folder, orders, "ecdsa", batch, track)
    if as_json:
        print_json({**asdict(report), "growth": report.growth})
    else:
        out.print(_memory_table(report))


def console(
    orders: Annotated[int, typer.Option("--orders", min=1000, help="How many orders the database has.")] = 1_000_000,
    points: Annotated[int, typer.Option("--points", min=1000, help="How many metering points.")] = 3_000_000,
    rounds: Annotated[int, typer.Option("--rounds", min=2, help="How often each page is opened.")] = 20,
    load: Annotated[float, typer.Option("--load", min=0, help="Orders a second that are written meanwhile.")] = 80,
    database: Annotated[
        str | None, typer.Option("--database", help="A database: an empty one is filled, a full one is used as it is.")
    ] = None,
    place: PlaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open the pages of the console on a large database, and show how long each takes.

    Example:

        csire-bridge bench console --orders 100000 --points 300000
    """
    from csire_bridge.lab.bench.console.filler import fill_if_empty
    from csire_bridge.lab.bench.console.many_rows import Sizes
    from csire_bridge.lab.bench.console.measure import measure_console

    with fresh_folder(place) as folder:
        url = database or f"sqlite:///{folder / 'console.db'}"
        fill_if_empty(url, Sizes(orders, points), system_clock(), track)
        report = measure_console(folder, url, rounds, load, track)
    if as_json:
        print_json(asdict(report))
    else:
        out.print(_console_table(report))


def _console_table(report: ConsoleReport) -> Table:
    title = f"Pages of the console, {report.rounds} times each; {report.written:.0f} orders a second written meanwhile"
    table = Table("page", "p50 ms", "p95 ms", "statements", "KB", title=title)
    for one in report.pages:
        numbers = (f"{one.p50_ms:.0f}", f"{one.p95_ms:.0f}", str(one.statements), f"{one.size / 1024:.0f}")
        table.add_row(one.page, *numbers)
    return table


def start(
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Starts of each command; the least counts.")] = 5,
    place: PlaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start some commands, and show how much processor time each takes beside `python -c pass`.

    Example:

        csire-bridge bench start --rounds 10
    """
    from csire_bridge.lab.bench.start import measure_start

    with fresh_folder(place) as folder:
        report = measure_start(folder, rounds, track)
    if as_json:
        print_json([asdict(line) for line in report])
        return
    table = Table(title=f"Start: least processor time of {rounds} rounds")
    table.add_column("command")
    table.add_column("seconds", justify="right")
    for line in report:
        table.add_row(line.command, f"{line.seconds:.2f}")
    out.print(table)


def law(
    orders: Annotated[int, typer.Option("--orders", min=1000, help="Commands of the month.")] = 1_000_000,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="How often they are counted; the least time.")] = 3,
    database: Annotated[
        str | None, typer.Option("--database", help="An empty database; else SQLite in a fresh folder.")
    ] = None,
    place: PlaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count the figures of the law (`stats law`) for a month with very many commands: time, and peak of memory.

    Example:

        csire-bridge bench law --orders 1000000
    """
    from csire_bridge.config.settings import load_settings
    from csire_bridge.domain.law.model import ShareFigure
    from csire_bridge.lab.bench.law import measure_law
    from csire_bridge.service.wiring.settings_to_values import law_policy

    rule = next(law_policy(load_settings(environment=False)).book.of(ShareFigure))
    with fresh_folder(place) as folder:
        report = measure_law(database or f"sqlite:///{folder / 'month.db'}", orders, rounds, rule, track)
    if as_json:
        print_json(asdict(report))
        return
    memory = f"{report.peak_mib - report.before_mib:.0f} MiB more than before, {report.peak_mib:.0f} MiB in all"
    counted = f"{report.orders:,} commands, {report.stations:,} groups: {report.seconds:.2f} s"
    processor = f"{report.processor_seconds:.2f} s of processor time"
    out.print(f"{counted}, {processor} (least of {report.rounds} rounds); peak of memory {memory}", highlight=False)


def _memory_table(report: MemoryReport) -> Table:
    table = Table(
        title=f"Memory: {report.orders:,} orders in batches of {report.batch}",
        caption=f"{report.per_second:.0f} orders/s; at the end {report.growth:.3f} of the first tenth",
    )
    table.add_column("orders", justify="right")
    table.add_column("peak, MiB", justify="right")
    for number, peak in enumerate(report.peaks_mib, 1):
        table.add_row(f"{report.orders * number // len(report.peaks_mib):,}", f"{peak:.0f}")
    return table


def _nodes_table(report: NodesReport) -> Table:
    table = Table(title=f"Nodes: {report.orders} orders each, batches of {report.batch}, one PostgreSQL")
    for heading in ("processes", "orders/s", "to one process"):
        table.add_column(heading, justify="right")
    alone = report.per_second[1]
    for processes, pace in report.per_second.items():
        table.add_row(str(processes), f"{pace:.0f}", f"{pace / alone:.2f}")
    return table


def _backlog_table(report: BacklogReport) -> Table:
    table = Table(
        title=f"Leasing {report.batch} pieces of work",
        caption=f"median of {report.rounds} pairs of leases; a third of the open orders is due",
    )
    for heading in ("open orders", "the lease", "ratio", "with its commit", "ratio"):
        table.add_column(heading, justify="right")
    table.add_row(f"{report.few:,}", f"{report.few_ms:.2f} ms", "1.00", f"{report.few_with_commit_ms:.2f} ms", "1.00")
    table.add_row(
        f"{report.many:,}",
        f"{report.many_ms:.2f} ms",
        f"{report.ratio:.2f}",
        f"{report.many_with_commit_ms:.2f} ms",
        f"{report.ratio_with_commit:.2f}",
    )
    return table
