"""``csire-bridge configurator``: when which orders are sent, since when, by whom and why."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.rules.as_json import preview_json, version_json
from csire_bridge.cli.rules.as_text import (
    MOVED_COLUMNS,
    VERSION_COLUMNS,
    buckets_table,
    not_sent_words,
)
from csire_bridge.cli.shared.arguments import OptionalByOption
from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption, out, print_json
from csire_bridge.cli.shared.list_command import Listing, list_command
from csire_bridge.cli.shared.moments import MOMENT_HELP, local, parse_future, parse_moment
from csire_bridge.cli.shared.operator_action import act_of, opened
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.cli.shared.table import print_table
from csire_bridge.domain.rules.decide import Rules
from csire_bridge.domain.rules.model import RuleSetVersion
from csire_bridge.domain.rules.timeline import in_force
from csire_bridge.domain.rules.words import rule_set_words
from csire_bridge.domain.words import counted
from csire_bridge.domain.written_text import written_text
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.store.queries.rule_preview import Preview

__all__ = ["add_to"]

_app = typer.Typer(help="Rules for sending orders.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The rules (YAML).", exists=True, dir_okay=False)]
WhyOption = Annotated[str, typer.Option("--why", help="Why; the history keeps it.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_app, name="configurator")


@_app.callback()
def group() -> None:
    """Rules for when orders are sent: show, enter, preview, history."""


@_app.command("set")
def enter(
    file: FileArgument,
    why: WhyOption,
    since: Annotated[str, typer.Option("--from", help=f"From when the rules are in force. {MOMENT_HELP}")],
    by: OptionalByOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Enter a rule set that is in force from a moment on. A contradictory one is refused, with the reason.

    Example:

        csire-bridge configurator set rules.yaml --from "2026-11-23 00:00" --by "Anna Nowak" --why "no Fridays"
    """
    from csire_bridge.config.files.rule_files import read_rules
    from csire_bridge.pipeline.operator.rule_actions import activate_rules
    from csire_bridge.service.wiring.settings_to_values import deadlines_of

    settings = load_settings(config, database=database)
    act = act_of(settings, by, why)
    moment = parse_future(since, act.at)
    text = _text_of(file)
    with opened(settings) as store, store.transaction() as tx:
        key = activate_rules(tx, text, moment, deadlines_of(settings), act, file.name)
    out.print(f"rule set {key} holds from {local(moment)}", highlight=False)
    _print_lines(rule_set_words(read_rules(text, file.name)))


@_app.command()
def show(
    at: Annotated[str, typer.Option("--at", help=f"At which moment. {MOMENT_HELP}")] = "now",
    export: Annotated[
        Path | None, typer.Option("--export", help="Also write the rules to this file, which must not exist.")
    ] = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """The rules that are in force at a moment.

    Example:

        csire-bridge configurator show --at "2026-12-24 12:00" --export rules.yaml
    """
    from csire_bridge.config.files.rule_files import DEFAULT_TEXT, read_rules

    moment = parse_moment(at, system_clock())
    found = in_force(_versions(load_settings(config, database=database).database), moment)
    text = found.text if found else DEFAULT_TEXT
    if found:
        entered = f"entered {local(found.entered_at)} by {found.entered_by}: {found.why}"
        _print_lines([f"Rule set {found.key}, since {local(found.valid_from)}, {entered}"])
    else:
        _print_lines(["No rule set holds then; this is the default"])
    _print_lines(rule_set_words(read_rules(text, "the stored rules")))
    if export:
        _export(export, text)


@_app.command()
@list_command(VERSION_COLUMNS)
def history(listing: Listing) -> None:
    """Every rule set that was entered: from when, by whom, and why.

    Example:

        csire-bridge configurator history
    """
    versions = _versions(listing.settings().database)
    now_in_force = in_force(versions, system_clock())
    listing.show(
        VERSION_COLUMNS,
        [(version, version == now_in_force) for version in versions],
        title="Rule sets",
        nothing="no rule set was entered: the default holds",
        facts=lambda: [version_json(v, v == now_in_force) for v in versions],
    )


@_app.command()
def preview(
    file: FileArgument,
    since: Annotated[str, typer.Option("--from", help=f"From when the rules would be in force. {MOMENT_HELP}")] = "now",
    days: Annotated[int, typer.Option(min=1, max=3660, help="Include executed orders of this many days.")] = 92,
    most: Annotated[int, typer.Option(min=1, help="List at most this many orders.")] = 100,
    database: DatabaseOption = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """What a rule file would change. Nothing is entered.

    Lists waiting orders that would be sent at another time, and the five buckets of past orders as they would have
    been.

    Example:

        csire-bridge configurator preview rules.yaml --from "2026-11-23 00:00"
    """
    from csire_bridge.config.files.rule_files import checked_rules
    from csire_bridge.pipeline.execute.gates.rule_cache import timeline_of
    from csire_bridge.service.wiring.settings_to_values import deadlines_of, law_policy
    from csire_bridge.store.database import Database
    from csire_bridge.store.queries.rule_preview import Question
    from csire_bridge.store.queries.rule_preview import preview as previewed
    from csire_bridge.store.repositories.orders.rule_sets import RuleSets

    settings, now = load_settings(config, database=database), system_clock()
    deadlines, moment = deadlines_of(settings), parse_future(since, now)
    rules = Rules(checked_rules(_text_of(file), file.name, deadlines, moment))
    with closing(Database(settings.database)) as store:
        store.require_current()
        with store.reading() as connection:
            timeline = timeline_of(RuleSets(connection).versions())
            asked = Question(rules, moment, timeline, now, deadlines, law_policy(settings), days, most)
            found = previewed(connection, asked)
    if json_wanted:
        print_json(preview_json(found))
    else:
        _print_preview(found, days)


def _print_preview(found: Preview, days: int) -> None:
    if found.moved:
        print_table(MOVED_COLUMNS, found.moved, "Orders that wait and would move")
    more = f", {len(found.moved)} of them listed" if found.changed > len(found.moved) else ""
    moving = counted(found.changed, "waiting order")
    _print_lines([f"{moving} would move{more}; {found.late} of them past their deadline"])
    if not found.all_waiting:
        _print_lines([f"Only the {found.waiting} oldest of the orders that wait were looked at."])
    if not found.past:
        _print_lines([f"no order was executed in the last {counted(days, 'day')}"])
        return
    out.print(buckets_table(found.past))
    _print_lines(not_sent_words(found.past))
    if found.past_step > 1:
        _print_lines([f"Of the executed orders every {found.past_step}th was looked at."])
    _print_lines(["Orders are shown later than they were, never earlier: what held them up then stays in their times."])


def _versions(address: str) -> list[RuleSetVersion]:
    from csire_bridge.store.database import Database
    from csire_bridge.store.repositories.orders.rule_sets import RuleSets

    with closing(Database(address)) as store:
        store.require_current()
        with store.reading() as connection:
            return RuleSets(connection).versions()


def _text_of(file: Path) -> str:
    try:
        return written_text(file.read_bytes())
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file} is not UTF-8") from error


def _export(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise typer.BadParameter(f"{file} is there already") from error


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        out.print(line, markup=False, highlight=False)
