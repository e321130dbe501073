"""``csire-bridge stats law``: the figures that the regulator can ask for, of one month."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich import box
from rich.table import Table

from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption, out, print_json
from csire_bridge.cli.shared.operator_action import opened
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.calendar.polish_month import PolishMonth
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.law.figures import LATE, Fate, GroupShare, MonthFigures, Part
from csire_bridge.domain.law.model import ShareFigure
from csire_bridge.runtime.steady_clock import system_clock

__all__ = ["MonthOption", "figures_json", "law", "parse_month"]

MonthOption = Annotated[str, typer.Option("--month", help="The Polish month, such as 2026-11.")]
_COLUMNS = ("month", "station", "group", "meters", "too_large", "commands", *Fate, "share_percent", "below")


def parse_month(text: str) -> PolishMonth:
    """The month, or a sentence and exit code 2."""
    try:
        return PolishMonth.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def law(
    month: MonthOption,
    table: Annotated[
        str | None, typer.Option("--csv", metavar="FILE", help="Also write all groups as CSV; - is the output itself.")
    ] = None,
    database: DatabaseOption = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """The share of commands that came to the meters in time, for each group of meters of a station; and par. 8.

    Counts the commands that were first given in the month. Timeliness, completeness and correctness are of the hub's
    requests that were registered in it.

    Example:

        csire-bridge stats law --month 2026-11 --csv november.csv
    """
    from csire_bridge.service.wiring.settings_to_values import law_policy
    from csire_bridge.store.queries.law_figures import month_figures

    wanted, settings = parse_month(month), load_settings(config, database=database)
    rule = next(law_policy(settings).book.on(ShareFigure, wanted.last), None)
    if rule is None:
        raise ActionRefused(f"no rule of the law asks for shares in {wanted}", "look at the law file (docs/law.md)")
    with opened(settings, reads=True) as store, store.reading() as connection:
        found = month_figures(connection, wanted, rule, system_clock())
    if table == "-":
        _write_csv(found, sys.stdout)
        return
    if table is not None:
        with Path(table).open("w", encoding="utf-8", newline="") as stream:
            _write_csv(found, stream)
    if json_wanted:
        print_json(figures_json(found))
    else:
        for line in _lines(found):
            out.print(line, markup=False, highlight=False)
        if found.below:
            out.print(_table(found.below, f"Below {rule.percent} % within {rule.within}"))


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


def _write_csv(found: MonthFigures, stream: TextIO) -> None:
    lines = csv.writer(stream, delimiter=";", lineterminator="\n")
    lines.writerow(_COLUMNS)
    for group in found.groups:
        facts = _facts(group, found)
        share = "" if group.share is None else f"{group.share * 100:.2f}"
        facts |= {"month": found.month, "share_percent": share}
        lines.writerow([_field(facts[name]) for name in _COLUMNS])


def _field(value: object) -> str:
    """A spreadsheet must not take the name of a station for a formula."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _lines(found: MonthFigures) -> Iterator[str]:
    groups = [group for group in found.groups if group.station is not None and group.counted]
    yield f"{found.month}: {found.rule.words}"
    yield f"{len(groups)} groups with commands, {len(found.below)} below {found.rule.percent} %"
    everything = [group.fates for group in found.groups]
    causes = (f"{sum(fates.get(fate, 0) for fates in everything)} {fate}" for fate in LATE)
    counted, in_time = sum(g.counted for g in found.groups), sum(g.fates.get(Fate.IN_TIME, 0) for g in found.groups)
    yield f"all meters: {_part(Part(in_time, counted))} in time; late: {', '.join(causes)}"
    for fate, words in ((Fate.RUNNING, "not due yet"), (Fate.TAKEN_BACK, "taken back before they were delivered")):
        if count := sum(fates.get(fate, 0) for fates in everything):
            yield f"{count} commands do not count: {words}"
    for group in found.too_large:
        yield f"{_name(group)} has {group.meters} meters, more than the {found.rule.group} of one group: divide it"
    if unknown := found.without_station:
        yield f"no station is known of {unknown.meters} meters and {unknown.counted} commands: import it with a list"
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


def _table(groups: Sequence[GroupShare], title: str) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("station", "group", "meters", "commands", "share", *LATE):
        table.add_column(heading, justify="left" if heading in ("station", "group") else "right")
    for group in groups:
        share = "" if group.share is None else f"{group.share:.1%}"
        causes = (str(group.fates.get(fate, 0)) for fate in LATE)
        table.add_row(group.station or "", group.group or "", str(group.meters), str(group.counted), share, *causes)
    return table
