"""Prints the result of a simulation for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from csire_bridge.cli.shared.console import duration, out
from csire_bridge.domain.figures.published import PUBLISHED
from csire_bridge.domain.operations.statistics import Bucket
from csire_bridge.domain.order.order import OrderState

if TYPE_CHECKING:
    from csire_bridge.lab.simulation.law import LawOutcome
    from csire_bridge.lab.simulation.outcome import KindOutcome, Spread
    from csire_bridge.lab.simulation.report import Report

__all__ = ["print_report"]

_POINTS = ("p50", "p90", "p99")


def print_report(report: Report) -> None:
    """The buckets of each kind beside the published years, how orders ended, and the aim."""
    for kind in report.kinds:
        out.print(_buckets(kind))
    out.print(_ends(report))
    if report.law.protected:
        out.print(_law_days(report.law))
    for line in _lines(report):
        out.print(line, markup=False, highlight=False)


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, title_justify="left")
    for heading in headings:
        table.add_column(heading, justify="right" if heading else "left")
    return table


def _buckets(kind: KindOutcome) -> Table:
    from csire_bridge.lab.simulation.outcome import Spread

    table = _table(f"{kind.kind}: execution times", "", "orders", *(bucket.value for bucket in Bucket), *_POINTS)
    for year in (year for year in PUBLISHED if year.kind is kind.kind):
        shares = (f"{year.shares[bucket]}%" for bucket in Bucket)
        table.add_row(f"published: {year.label}", "", *shares, *("" for _ in _POINTS))
    for label, seconds in (
        ("simulated, from registration", kind.registered),
        ("simulated, from the moment that the rules allow", kind.allowed),
        ("the same, at meters that could be reached", kind.reachable),
    ):
        table.add_row(label, *_cells(Spread.of(seconds)))
    return table


def _cells(spread: Spread) -> Iterator[str]:
    yield str(spread.count)
    for count in spread.buckets.values():
        yield f"{count / spread.count:.1%}" if spread.count else "-"
    for point in (spread.p50, spread.p90, spread.p99):
        yield "-" if point is None else duration(point)


_ENDS = {
    "done": OrderState.DONE,
    "cannot": OrderState.REJECTED,
    "superseded": OrderState.SUPERSEDED,
    "withdrawn": OrderState.WITHDRAWN,
    "field work": OrderState.FIELD_WORK,
    "parked": OrderState.PARKED,
}


def _ends(report: Report) -> Table:
    from csire_bridge.lab.simulation.report import still_open

    headings = ("orders", *_ENDS, "still open", "deadlines met", "in 15 min, reachable")
    table = _table("How orders ended", "", *headings)
    for kind in report.kinds:
        counts = [kind.orders, *(kind.ends[state] for state in _ENDS.values()), still_open(kind.ends)]
        met = f"{kind.deadlines_met} of {kind.deadlines}" if kind.deadlines else "-"
        in_time = f"{kind.in_time / kind.due:.1%} of {kind.due}" if kind.due else "-"
        table.add_row(kind.kind, *map(str, counts), met, in_time)
    return table


def _law_days(law: LawOutcome) -> Table:
    """Suspensions of protected households day by day, as the operator's rules alone would have it, and as it was."""
    table = _table("Suspensions for debt at protected households", "", "by the rules alone", "carried out")
    for day in sorted(law.without | law.done):
        table.add_row(f"{day:%a %Y-%m-%d}", str(law.without[day] or "-"), str(law.done[day] or "-"))
    return table


def _law_lines(law: LawOutcome) -> Iterator[str]:
    if law.protected:
        yield f"The law: {law.protected} of {law.suspensions} suspensions for debt concern protected households;"
        yield f"  it moved {law.moved} to a permitted day and refused {law.refused}; none fell on a forbidden day"


def _lines(report: Report) -> Iterator[str]:
    from csire_bridge.lab.simulation.report import AIM, LEFT_OUT

    play = report.play
    if report.due:
        verdict = "met" if report.aim_met else "NOT met"
        share = f"{report.in_time / report.due:.1%} of {report.due} suspensions and resumptions"
        yield f"Aim (over {AIM:.0%} within 15 minutes of the moment that the rules allow, reachable meters): {verdict}"
        yield f"  {share}"
    for kind in report.kinds:
        if kind.late:
            why = ", ".join(f"{count} {late}" for late, count in kind.late.most_common())
            yield f"  late {kind.kind}: {why}"
    if not any("cut a household off" in text for text in report.wrong):
        yield from _law_lines(report.law)
    if report.waited_for_cap:
        cap = play.policy.disconnections_per_hour
        yield f"The cap of {cap} disconnections an hour held {report.waited_for_cap} orders up"
        yield "  -> raise execution.disconnections_per_hour if that many are meant"
    orders = sum(kind.orders for kind in report.kinds)
    yield f"{play.head_end.commands} commands; the clock stopped at {play.clock():%Y-%m-%d %H:%M} UTC"
    pace = report.seconds / max(orders, 1) * 1000
    yield f"Took {duration(report.seconds)}, {pace:.1f} ms an order, {report.peak_rss_mib:.0f} MiB at most"
    yield f"Left out: {LEFT_OUT}"
