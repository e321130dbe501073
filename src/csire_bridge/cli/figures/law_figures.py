"""``csire-bridge stats law``: the figures that the regulator can ask for, of one month."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from csire_bridge.cli.shared.console import out, print_json
from csire_bridge.cli.shared.list_command import Listing, list_command
from csire_bridge.cli.shared.table import Column, choose, print_table
from csire_bridge.domain.calendar.polish_month import PolishMonth
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.law.figures import LATE, Fate, GroupShare, MonthFigures, Part
from csire_bridge.domain.law.model import ShareFigure
from csire_bridge.domain.words import counted
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.sheets.spreadsheet import Sheet

__all__ = ["MonthOption", "figures_json", "law", "parse_month"]

MonthOption = Annotated[str, typer.Option("--month", help="The Polish month, such as 2026-11.")]


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A group of meters with the month in which it counts."""

    group: GroupShare
    figures: MonthFigures


def _fate(fate: Fate) -> Callable[[ListedGroup], int]:
    return lambda row: row.group.fates.get(fate, 0)


GROUP_COLUMNS: Sequence[Column[ListedGroup]] = (
    Column("month", lambda row: str(row.figures.month)),
    Column("station", lambda row: row.group.station),
    Column("group", lambda row: row.group.group),
    Column("meters", lambda row: row.group.meters, right=True),
    Column("too_large", lambda row: row.group.is_too_large(row.figures.rule)),
    Column("commands", lambda row: row.group.counted, right=True),
    *(Column(fate.value, _fate(fate), right=True) for fate in Fate),
    Column(
        "share_percent",
        lambda row: None if row.group.share is None else round(row.group.share * 100, 2),
        people=lambda row: f"{row.group.share:.1%}",
        shape="0.00",
        right=True,
    ),
    Column("below", lambda row: row.group.is_below(row.figures.rule)),
)
QUALITY_COLUMNS: Sequence[Column[tuple[str, Part]]] = (
    Column("figure", lambda row: row[0]),
    Column("count", lambda row: row[1].count, right=True),
    Column("of", lambda row: row[1].of, right=True),
    Column("share", lambda row: row[1].share, people=lambda row: f"{row[1].share:.2%}", shape="0.00%", right=True),
)
_BELOW = ("station", "group", "meters", "commands", "share_percent", *LATE)


def parse_month(text: str) -> PolishMonth:
    """The month, or a sentence and exit code 2."""
    try:
        return PolishMonth.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@list_command(GROUP_COLUMNS)
def law(listing: Listing, month: MonthOption) -> None:
    """The share of commands that came to the meters in time, for each group of meters of a station; and par. 8.

    Counts the commands that were first given in the month. Timeliness, completeness and correctness are of the hub's
    requests that were registered in it. People see the groups that are below; a file has all of them.

    Example:

        csire-bridge stats law --month 2026-11 --csv november.csv
    """
    from csire_bridge.service.wiring.settings_to_values import law_policy
    from csire_bridge.store.queries.law_figures import month_figures

    wanted, settings = parse_month(month), listing.settings()
    rule = next(law_policy(settings).book.on(ShareFigure, wanted.last), None)
    if rule is None:
        raise ActionRefused(f"no rule of the law asks for shares in {wanted}", "look at the law file (docs/law.md)")
    with listing.reading() as tx:
        found = month_figures(tx.connection, wanted, rule, system_clock())
    groups = Sheet("groups", choose(GROUP_COLUMNS, listing.names), [ListedGroup(one, found) for one in found.groups])
    if listing.json_wanted:
        print_json(figures_json(found))
    elif not listing.written(groups, Sheet("quality", QUALITY_COLUMNS, [*_parts(found).items()])):
        for line in _lines(found):
            out.print(line, markup=False, highlight=False)
        if found.below:
            shown = choose(GROUP_COLUMNS, listing.names or ",".join(_BELOW))
            rows = [ListedGroup(one, found) for one in found.below]
            print_table(shown, rows, f"Below {rule.percent} % within {rule.within}", whole=listing.names is not None)


def figures_json(found: MonthFigures) -> dict[str, Any]:
    """For programs; shares from 0 to 1, null where nothing counts."""
    return {
        "month": found.month,
        "rule": found.rule.version,
        "source": str(found.rule.source),
        "groups": [_facts(group, found) for group in found.groups],
        "quality": {
            name: {"count": part.count, "of": part.of, "share": part.share} for name, part in _parts(found).items()
        },
    }


def _facts(group: GroupShare, found: MonthFigures) -> dict[str, Any]:
    return {
        "station": group.station,
        "group": group.group,
        "meters": group.meters,
        "too_large": group.is_too_large(found.rule),
        "commands": group.counted,
        **{fate.value: group.fates.get(fate, 0) for fate in Fate},
        "share": group.share,
        "below": group.is_below(found.rule),
    }


def _lines(found: MonthFigures) -> Iterator[str]:
    groups = [group for group in found.groups if group.station is not None and group.counted]
    yield f"{found.month}: {found.rule.words}"
    yield f"{counted(len(groups), 'group')} with commands, {len(found.below)} below {found.rule.percent} %"
    everything = [group.fates for group in found.groups]
    causes = (f"{sum(fates.get(fate, 0) for fates in everything)} {fate}" for fate in LATE)
    commands, in_time = sum(g.counted for g in found.groups), sum(g.fates.get(Fate.IN_TIME, 0) for g in found.groups)
    yield f"all meters: {_part(Part(in_time, commands))} in time; late: {', '.join(causes)}"
    for fate, words in ((Fate.RUNNING, "not due yet"), (Fate.TAKEN_BACK, "taken back before they were delivered")):
        if count := sum(fates.get(fate, 0) for fates in everything):
            yield f"{counted(count, 'command does', 'commands do')} not count: {words}"
    for group in found.too_large:
        has = f"{_name(group)} has {counted(group.meters, 'meter')}"
        yield f"{has}, more than the {found.rule.group} of one group: divide it"
    if unknown := found.without_station:
        orders = counted(unknown.counted, "command")
        yield f"no station is known of {counted(unknown.meters, 'meter')} and {orders}: import it with a list"
    for name, part in _parts(found).items():
        yield f"{name}: {_part(part)}"


def _parts(found: MonthFigures) -> dict[str, Part]:
    quality = found.quality
    return {
        "timeliness": quality.timeliness,
        "completeness": quality.completeness,
        "correctness": quality.correctness,
    }


def _part(part: Part) -> str:
    return "nothing to count" if part.share is None else f"{part.share:.2%} ({part.count} of {part.of})"


def _name(group: GroupShare) -> str:
    return f"station {group.station}" + (f", group {group.group}" if group.group else "")
