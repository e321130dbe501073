"""The report for the board as PDF: a month in figures, beside the month before and the published years."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from csire_bridge.console.language.languages import Language
from csire_bridge.console.language.moments import moment, offset
from csire_bridge.console.pages.figures.tables import FigureTable, Words, main_figures, report_tables
from csire_bridge.domain.figures.published import PUBLISHED
from csire_bridge.domain.law.figures import MonthFigures
from csire_bridge.domain.operations.statistics import Bucket
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.pdf.sheet import Align, Column
from csire_bridge.pdf.sheet import Sheet as Paper
from csire_bridge.store.figures.report import Report

__all__ = ["board_report"]

_LISTED = ("ends", "kinds", "sources", "suppliers", "clocks", "reasons", "series")
_MOST_GROUPS = 40


def board_report(
    found: Report, law: MonthFigures | None, words: Words, clocks: Mapping[str, str], installation: str = ""
) -> bytes:
    """The document. ``law`` are the regulator's figures of a month, ``clocks`` the names of the clocks;
    ``installation`` names this bridge."""
    _ = words.text
    title = _("Orders for electricity meters") + f": {found.now.period}"
    foot = f"csire-bridge {installation} · {_at(found.at)}".replace("  ", " ")
    paper = Paper(title, at=found.at, foot=foot, language=str(words.language))
    paper.small(_("As of") + f" {_at(found.at)}")
    paper.facts(main_figures(found.now, words))
    if found.beside is not None:
        paper.heading(_("For comparison") + f": {found.beside.period}")
        paper.facts(main_figures(found.beside, words))
    for kind in (OrderKind.DISCONNECT, OrderKind.RECONNECT):
        _buckets(paper, found, kind, words)
    for table in report_tables(found, words, clocks):
        if table.name in _LISTED and table.rows:
            _table(paper, table)
    if law is not None:
        _law(paper, law, words)
    return paper.done()


def _at(at: datetime) -> str:
    return f"{moment(at)} {offset(at)}"


def _buckets(paper: Paper, found: Report, kind: OrderKind, words: Words) -> None:
    _ = words.text
    one = found.now.by_kind.get(kind)
    if one is None or not one.timed:
        return
    paper.heading(_("Execution times") + f": {words.label(kind)}")
    shares = {bucket: one.share(bucket) or 0 for bucket in Bucket}
    paper.bars([(words.bucket(bucket), share, words.share(share).words) for bucket, share in shares.items()])
    columns = [Column(_("Period"), 2), *(Column(words.bucket(b), 1, Align.RIGHT) for b in Bucket)]
    paper.table(columns, list(_compared(found, kind, words)))


def _compared(found: Report, kind: OrderKind, words: Words) -> Iterator[list[str]]:
    _ = words.text
    for side in (found.now, found.beside):
        one = side.by_kind.get(kind) if side else None
        if side is not None and one is not None:
            yield [str(side.period), *(words.share(one.share(bucket)).words for bucket in Bucket)]
    for year in PUBLISHED:
        if year.kind is kind:
            yield [words.published(year), *(f"{year.shares[bucket]} %" for bucket in Bucket)]


def _table(paper: Paper, table: FigureTable) -> None:
    first, *others = table.columns
    paper.heading(table.title)
    columns = [Column(first, 2), *(Column(name, 1, Align.RIGHT) for name in others)]
    paper.table(columns, [[name, *(cell.words for cell in cells)] for name, cells in table.rows])


def _law(paper: Paper, law: MonthFigures, words: Words) -> None:
    _ = words.text
    rule = law.rule
    paper.heading(_("Commands delivered in time, by station (par. 16(5))"))
    paper.text(f"{rule.pl if words.language is Language.POLISH else rule.en} ({rule.source})")
    quality = law.quality
    groups = [group for group in law.groups if group.station is not None and group.counted]
    paper.facts(
        [
            (_("Groups of meters with commands"), words.number(len(groups))),
            (_("Groups below the share"), words.number(len(law.below))),
            (_("Timeliness"), words.part(quality.timeliness).words),
            (_("Completeness"), words.part(quality.completeness).words),
            (_("Correctness"), words.part(quality.correctness).words),
        ]
    )
    below = sorted(law.below, key=lambda group: group.share or 0)[:_MOST_GROUPS]
    if below:
        names = (_("Station"), _("Group"), _("Commands"), _("In time"))
        rows = [[g.station or "", g.group or "", words.number(g.counted), words.share(g.share).words] for g in below]
        paper.table([Column(name) for name in names], rows)
