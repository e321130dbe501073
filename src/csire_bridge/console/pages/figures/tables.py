"""The lists of a report, each once: for the page, for paper and for sheets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from csire_bridge.console.language.catalogs import translations
from csire_bridge.console.language.labels import label
from csire_bridge.console.language.languages import Language
from csire_bridge.console.language.moments import span
from csire_bridge.domain.figures.published import Published
from csire_bridge.domain.figures.summary import Summary
from csire_bridge.domain.law.book import LawBook
from csire_bridge.domain.law.clock_counts import ClockFate
from csire_bridge.domain.law.clocks import OWN_TERM
from csire_bridge.domain.law.figures import Part
from csire_bridge.domain.law.model import LawClock
from csire_bridge.domain.operations.statistics import Bucket
from csire_bridge.store.figures.report import Report, Side

__all__ = ["Cell", "FigureTable", "Words", "clock_names", "main_figures", "report_tables"]


def N_(text: str) -> str:  # noqa: N802 - as gettext names it
    """Mark a text for the catalogs."""
    return text


_OWN_TERM = N_("the operator's own term")


@dataclass(frozen=True, slots=True)
class Cell:
    """A value: its number for a sheet (None: there is none), and its words for people."""

    number: float | str | None
    words: str
    percent: bool = False


@dataclass(frozen=True, slots=True)
class FigureTable:
    """A list with its title; the first column of each row is what the row is about.

    ``more``: so many rows are left out.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    more: int = 0


class Words:
    """Texts, codes and numbers in a language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.text: Callable[[str], str] = translations(language).gettext

    def label(self, value: Enum) -> str:
        """The words for a code."""
        return label(value, self.language)

    def number(self, value: float, digits: int = 0) -> str:
        """A number with narrow spaces between thousands, and the language's comma."""
        text = f"{value:,.{digits}f}".replace(",", "\u202f")
        return text.replace(".", ",") if self.language is Language.POLISH else text

    def bucket(self, bucket: Bucket) -> str:
        """The times of a bucket."""
        _ = self.text
        named = {Bucket.UP_TO_15_MIN: _("up to 15 min"), Bucket.OVER_3_H: _("over 3 h")}
        return named.get(bucket, bucket.value.replace("-", "–"))

    def published(self, year: Published) -> str:
        """What a published year is called."""
        _ = self.text
        how = _("automated") if year.automated else _("by hand")
        return f"{how}, {year.months}"

    def count(self, value: int) -> Cell:
        """How many."""
        return Cell(value, self.number(value))

    def share(self, value: float | None) -> Cell:
        """A share from 0 to 1 in percent."""
        return Cell(value, "–" if value is None else f"{self.number(value * 100, 1)} %", percent=True)

    def part(self, part: Part) -> Cell:
        """So many of so many, in percent."""
        return self.share(part.share)

    def seconds(self, value: float | None) -> Cell:
        """A time."""
        return Cell(value, "–" if value is None else span(timedelta(seconds=round(value))))


def main_figures(side: Side, words: Words) -> list[tuple[str, str]]:
    """The figures that a person looks at first."""
    _ = words.text
    total = side.total
    return [
        (_("Orders registered"), words.number(total.orders)),
        (_("Done"), words.number(total.done)),
        (_("Still open"), words.number(total.open)),
        (_("Done within 15 minutes"), words.share(total.share(Bucket.UP_TO_15_MIN)).words),
        (_("In time, of those with a deadline"), words.part(total.in_time).words),
        (_("Done by the first command"), words.part(total.first).words),
        (_("Half of them took up to"), words.seconds(total.p50).words),
    ]


def clock_names(book: LawBook, words: Words) -> Mapping[str, str]:
    """What the clocks are called: the sentence of the law, with its place."""
    own = {OWN_TERM: words.text(_OWN_TERM)}
    polish = words.language is Language.POLISH
    return own | {one.name: f"{one.pl if polish else one.en} ({one.source.place})" for one in book.of(LawClock)}


def report_tables(found: Report, words: Words, clocks: Mapping[str, str]) -> Iterator[FigureTable]:
    """Every list of a report; ``clocks`` are the names of ``clock_names``."""
    _ = words.text
    now = found.now
    kinds = {words.label(kind): one for kind, one in now.by_kind.items()}
    yield _times("kinds", _("By kind of order"), _("Kind"), kinds, words)
    sources = {words.label(source): one for source, one in now.by_source.items()}
    yield _times("sources", _("By who asked"), _("Source"), sources, words)
    suppliers = {name or _("no supplier"): one for name, one in now.by_supplier.items()}
    yield _times("suppliers", _("By supplier"), _("Supplier"), suppliers, words)
    yield _ends(now, words)
    yield _clocks(now.total, words, clocks)
    yield _reasons(now.total, words)
    yield _series(now, words)
    yield _hours(now.total, words)


def _times(name: str, title: str, what: str, rows: Mapping[str, Summary], words: Words) -> FigureTable:
    _ = words.text
    columns = [what, _("Executed"), *(words.bucket(bucket) for bucket in Bucket), "p50", "p90", "p99"]
    return FigureTable(name, title, columns, [(key, _time_cells(one, words)) for key, one in rows.items()])


def _time_cells(one: Summary, words: Words) -> list[Cell]:
    shares = (words.share(one.share(bucket)) for bucket in Bucket)
    return [words.count(one.timed), *shares, *(words.seconds(value) for value in (one.p50, one.p90, one.p99))]


def _ends(side: Side, words: Words) -> FigureTable:
    _ = words.text
    columns = [
        _("Kind"),
        _("Registered"),
        _("Done"),
        _("Cannot"),
        _("Withdrawn"),
        _("Superseded"),
        _("Open"),
        _("In time"),
        _("First command"),
    ]
    rows = [(words.label(kind), _end_cells(one, words)) for kind, one in side.by_kind.items()]
    all_of_them = (_("all"), _end_cells(side.total, words))
    return FigureTable("ends", _("How orders ended"), columns, [*rows, all_of_them])


def _end_cells(one: Summary, words: Words) -> list[Cell]:
    counts = (one.orders, one.done, one.cannot, one.withdrawn, one.superseded, one.open)
    return [*map(words.count, counts), words.part(one.in_time), words.part(one.first)]


def _clocks(total: Summary, words: Words, names: Mapping[str, str]) -> FigureTable:
    _ = words.text
    columns = [_("Clock"), *(words.label(fate) for fate in ClockFate)]
    fates = {names.get(rule, rule): fates for rule, fates in total.clocks.items()}
    rows = [(name, [words.count(of[fate]) for fate in ClockFate]) for name, of in fates.items()]
    return FigureTable("clocks", _("Clocks of the law and own terms"), columns, rows)


def _reasons(total: Summary, words: Words) -> FigureTable:
    _ = words.text
    found = [*total.refused.items(), *total.undelivered.items()]
    rows = [
        (words.label(why), [words.count(count), words.share(count / total.orders if total.orders else None)])
        for why, count in sorted(found, key=lambda one: -one[1])
    ]
    columns = [_("Reason"), _("Orders"), _("Of all registered")]
    return FigureTable("reasons", _("Why orders failed, or a command was not delivered"), columns, rows)


def _series(side: Side, words: Words) -> FigureTable:
    _ = words.text
    columns = [
        _("Day") if side.by_day else _("Month"),
        _("Registered"),
        _("Done"),
        _("Done within 15 minutes"),
        _("In time"),
    ]
    rows = [
        (
            begin.isoformat() if side.by_day else f"{begin:%Y-%m}",
            [
                words.count(one.orders),
                words.count(one.done),
                words.share(one.share(Bucket.UP_TO_15_MIN)),
                words.part(one.in_time),
            ],
        )
        for begin, one in side.series.items()
    ]
    title = _("By day of registration") if side.by_day else _("By month of registration")
    return FigureTable("series", title, columns, rows)


def _hours(total: Summary, words: Words) -> FigureTable:
    _ = words.text
    days = [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]
    columns = [_("Hour"), *days, _("Registered"), _("Executed")]
    rows = [
        (
            f"{hour:02}",
            [
                *(words.count(total.hours.get((day, hour), 0)) for day in range(7)),
                words.count(sum(total.hours.get((day, hour), 0) for day in range(7))),
                words.count(total.executed.get(hour, 0)),
            ],
        )
        for hour in range(24)
    ]
    return FigureTable("hours", _("Registered by weekday and hour, executed by hour"), columns, rows)
