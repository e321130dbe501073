"""``csire-bridge bench``: the cost of the bridge compared with the bare work, as ratios within one run."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from csire_bridge.cli.shared.console import JsonOption, out, print_json
from csire_bridge.lab.cli import bench_scale
from csire_bridge.lab.cli.bench_parts import PlaceOption, fresh_folder, track

if TYPE_CHECKING:
    from csire_bridge.lab.bench.intake import IntakeReport
    from csire_bridge.lab.bench.roundtrip import RoundTripReport
    from csire_bridge.lab.bench.share import ShareReport
    from csire_bridge.lab.bench.stored_times import Percentiles
    from csire_bridge.lab.bench.webhook import WebhookReport
    from csire_bridge.lab.simulators.pki import Algorithm

__all__ = ["add_to"]

_bench = typer.Typer(help="Measure rates, and their ratio to the bare work, in one run.", no_args_is_help=True)

BatchOption = Annotated[int, typer.Option("--batch", min=1, max=1000, help="Messages that share a commit.")]
RsaOption = Annotated[bool, typer.Option("--rsa/--ecdsa", help="Sign with RSA 2048, or with ECDSA P-256.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    bench_scale.add_to(_bench)
    app.add_typer(_bench, name="bench")


@_bench.command()
def intake(
    messages: Annotated[int, typer.Option("--messages", min=1, help="How many messages.")] = 2000,
    batch: BatchOption = 64,
    rsa: RsaOption = False,
    place: PlaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take signed messages in, beside the bare work: parse, verify, XSD, one durable commit, sign.

    Both process the same messages in turns, so the ratio is comparable between machines; the rates are of this one.

    Example:

        csire-bridge bench intake --messages 5000 --rsa
    """
    from csire_bridge.lab.bench.intake import measure_intake

    with fresh_folder(place) as folder:
        report = measure_intake(folder, messages, _algorithm(rsa), batch, track)
    if as_json:
        print_json(asdict(report))
    else:
        out.print(_intake_table(report))


@_bench.command()
def roundtrip(
    orders: Annotated[int, typer.Option("--orders", min=1, help="How many orders, in each of the four ways.")] = 1000,
    batch: BatchOption = 32,
    rsa: RsaOption = False,
    database: Annotated[
        str | None, typer.Option("--database", help="An empty database; adds a row for our side on it.")
    ] = None,
    spread: Annotated[bool, typer.Option("--spread", help="Don't pin to cores; let the system place threads.")] = False,
    place: PlaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Carry orders out on a simulated head-end system, from the signed message to the delivered signed answer.

    Beside the bare work: parse, verify, XSD, a ready-made command, its event, sign the answer, three durable commits.
    Both sides have the same number of orders in flight: first a window of four batches, then one order at a time. Both
    are pinned to one processor core, as taskset pins a service, and the head-end system to another.

    Example:

        csire-bridge bench roundtrip --orders 1000
    """
    from csire_bridge.lab.bench.roundtrip import measure_round_trip

    with fresh_folder(place) as folder:
        report = measure_round_trip(folder, orders, _algorithm(rsa), batch, track, database, spread=spread)
    if as_json:
        print_json(asdict(report))
    else:
        out.print(_round_trip_table(report))


@_bench.command()
def webhook(
    messages: Annotated[int, typer.Option("--messages", min=1, help="How many messages, in each of the ways.")] = 2000,
    connections: Annotated[int, typer.Option("--connections", min=1, max=256, help="Kept-alive connections.")] = 16,
    batch: BatchOption = 64,
    rsa: RsaOption = False,
    place: PlaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Push signed messages to the service over HTTP, beside the same intake without HTTP.

    The service runs as one process and as two that share a database; each answer is a signed receipt that is stored.
    Intake is measured with --batch; with 16 connections the service itself can never share a commit among more than 16.

    Example:

        csire-bridge bench webhook --messages 2000 --connections 16
    """
    from csire_bridge.lab.bench.webhook import measure_webhook

    with fresh_folder(place) as folder:
        report = measure_webhook(folder, messages, connections, _algorithm(rsa), batch, track)
    if as_json:
        print_json(asdict(report))
    else:
        out.print(_webhook_table(report))


@_bench.command()
def share(
    orders: Annotated[int, typer.Option("--orders", min=1, help="How many orders, in each situation.")] = 500,
    place: PlaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the bridge's own share of an order's time in a running service, at half of its round trip's rate.

    In four situations: quiet, the hub hung, SID hung, a tenth of the meters slow. A missed aim is told and is no error;
    a lost order is one.

    Example:

        csire-bridge bench share --orders 500
    """
    from csire_bridge.lab.bench.share import measure_share

    with fresh_folder(place) as folder:
        report = measure_share(folder, orders, track)
    if as_json:
        print_json(asdict(report))
    else:
        out.print(_share_table(report))


def _algorithm(rsa: bool) -> Algorithm:
    return "rsa" if rsa else "ecdsa"


def _table(title: str, what: str, peak_rss_mib: float, early_rss_mib: float) -> Table:
    memory = f"peak memory {early_rss_mib:.0f} MiB after a tenth, {peak_rss_mib:.0f} MiB at the end"
    table = Table(title=title, caption=f"median of the rounds; {memory}")
    for heading in ("", what, "ratio to bare"):
        table.add_column(heading, justify="right" if heading else "left")
    return table


def _round_trip_table(report: RoundTripReport) -> Table:
    where = "one core" if report.kept_apart else "any core"
    title = f"Round trip: {report.orders} orders, {report.key_kind}, {report.rounds} rounds, both sides on {where}"
    table = _table(title, "orders/s", report.peak_rss_mib, report.early_rss_mib)
    window = f"{report.in_flight} orders in flight"
    table.add_row(f"bare work, {window}", f"{report.bare_per_second:.0f}", "1.00")
    table.add_row(
        f"bridge, {window}, batches of {report.batch}", f"{report.ours_per_second:.0f}", f"{report.ratio:.2f}"
    )
    if report.ours_on_database_per_second is not None:
        named = f"the same on the database that was named, {window}"
        table.add_row(named, f"{report.ours_on_database_per_second:.0f}", f"{report.ratio_on_database:.2f}")
    table.add_section()
    bare, ours = f"{report.bare_one_by_one_per_second:.0f}", f"{report.ours_one_by_one_per_second:.0f}"
    table.add_row("bare work, one order at a time", bare, "1.00")
    table.add_row("bridge, one order at a time", ours, f"{report.ratio_one_by_one:.2f}")
    return table


def _webhook_table(report: WebhookReport) -> Table:
    title = f"Webhook: {report.messages} messages, {report.key_kind}, {report.connections} connections"
    table = Table(title=title, caption=f"median of {report.rounds} rounds; batches of {report.batch} at most")
    for heading in ("", "messages/s", "ratio to intake", "p50", "p99"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row("intake in one process, no HTTP", f"{report.intake_per_second:.0f}", "1.00")
    rows = (
        ("service, one process", report.one_process_per_second, report.ratio, report.p50_ms, report.p99_ms),
        (
            "service, two processes",
            report.two_processes_per_second,
            report.ratio_two_processes,
            report.two_processes_p50_ms,
            report.two_processes_p99_ms,
        ),
    )
    for name, pace, part, p50, p99 in rows:
        table.add_row(name, f"{pace:.0f}", f"{part:.2f}", f"{p50:.1f} ms", f"{p99:.1f} ms")
    return table


def _share_table(report: ShareReport) -> Table:
    aim = f"p99 of the first two below {report.aim_seconds} s"
    seen = "met" if report.aim_met else "missed on this machine"
    table = Table(title="Own share: p50 / p99 in milliseconds", caption=f"aim: {aim} in all situations: {seen}")
    for heading in ("", "done", "orders/s", "receipt to command", "event to answer", "answer to delivery"):
        table.add_column(heading, justify="right" if heading else "left")
    for one in report.situations:
        spans = (one.receipt_to_command, one.event_to_answer, one.answer_to_delivery)
        done = f"{one.done} of {one.orders}"
        table.add_row(one.name, done, f"{one.sent_per_second:.0f}", *(_milliseconds(span) for span in spans))
    return table


def _milliseconds(span: Percentiles | None) -> str:
    return f"{span.p50 * 1000:.0f} / {span.p99 * 1000:.0f}" if span else "none"


def _intake_table(report: IntakeReport) -> Table:
    title = f"Intake: {report.messages} messages, {report.key_kind}, {report.rounds} rounds"
    table = _table(title, "messages/s", report.peak_rss_mib, report.early_rss_mib)
    table.add_row("bare work, a commit for each message", f"{report.bare_per_second:.0f}", "1.00")
    ours, single = f"{report.ours_per_second:.0f}", f"{report.ours_one_by_one_per_second:.0f}"
    table.add_row(f"bridge, batches of {report.batch}", ours, f"{report.ratio:.2f}")
    table.add_row("bridge, one message at a time", single, f"{report.ratio_one_by_one:.2f}")
    return table
