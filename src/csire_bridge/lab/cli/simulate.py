"""``csire-bridge simulate``: a month of orders through the real rules, on a simulated clock."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.shared.console import ConfigOption, ExitCode, JsonOption, err, print_json, with_progress
from csire_bridge.cli.shared.moments import MOMENT_HELP, parse_moment
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.rules.model import RuleSetVersion
from csire_bridge.lab.cli.simulate_tables import print_report
from csire_bridge.lab.simulation.scenario_names import ScenarioName
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.config.settings import Settings

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(simulate)


def simulate(
    orders: Annotated[int, typer.Option("--orders", min=1, help="How many orders.")] = 10_000,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="In how many days they arrive.")] = 30,
    scenario: Annotated[ScenarioName, typer.Option("--scenario", help="What is simulated.")] = ScenarioName.MONTH,
    seed: Annotated[int, typer.Option("--seed", help="Seed of all random choices.")] = 1,
    start: Annotated[
        str | None, typer.Option("--start", help=f"When it begins; the next month if not given. {MOMENT_HELP}")
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(
            "--rules", help="A rule file, in place of the rules in the database.", exists=True, dir_okay=False
        ),
    ] = None,
    per_hour: Annotated[
        int | None,
        typer.Option("--disconnections-per-hour", min=0, help="In place of the setting of that name."),
    ] = None,
    protected: Annotated[
        float, typer.Option("--protected", min=0, max=100, help="Percent of the households that the law protects.")
    ] = 10,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Worker processes that share the work.")] = 1,
    pulse: Annotated[
        float, typer.Option("--pulse", min=0, help="Work that falls due within this many seconds is done together.")
    ] = 30,
    database: Annotated[
        str | None, typer.Option("--database", help="An empty database to use; without it, a temporary one.")
    ] = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Replay a month of orders through the real rules and a simulated head-end system, on a simulated clock.

    Shows the five buckets beside what the operator measured by hand and automated. Settings, and the configurator's
    rules, are those of --config; nothing of its database is changed. Exit code 1 when an invariant was broken.

    Example:

        csire-bridge simulate --orders 100000 --days 30 --disconnections-per-hour 1000
    """
    from csire_bridge.lab.simulation.place import empty_database
    from csire_bridge.lab.simulation.play import Play
    from csire_bridge.lab.simulation.report import as_json, report_of
    from csire_bridge.lab.simulation.scenarios import make_scenario

    execution = None if per_hour is None else {"disconnections_per_hour": per_hour}
    settings = load_settings(config, execution=execution)
    begin = parse_moment(start, system_clock()) if start else _next_month(system_clock())
    versions = _rules_of_file(rules, settings, begin) if rules else _rules_of_database(settings)
    played = replace(
        make_scenario(scenario, orders, begin, days, seed),
        workers=workers,
        pulse=timedelta(seconds=pulse),
        protected=protected / 100,
    )
    with empty_database(database) as store:
        play = Play(played, settings, store)
        play.enter_rules(versions)
        before = time.perf_counter()
        for _ in with_progress(play.run(), "simulated days", played.days):
            pass
        report = report_of(play, time.perf_counter() - before)
    if json_wanted:
        print_json(as_json(report))
    else:
        print_report(report)
    for sentence in report.wrong:
        err.print(f"broken: {sentence}", style="red", markup=False, highlight=False)
    if report.wrong:
        raise typer.Exit(ExitCode.BAD_INPUT)


def _next_month(now: datetime) -> datetime:
    """The start (UTC) of the Polish month after that of ``now``."""
    today = now.astimezone(WARSAW)
    year, month = divmod(today.year * 12 + today.month, 12)
    return datetime(year, month + 1, 1, tzinfo=WARSAW).astimezone(UTC)


def _rules_of_file(file: Path, settings: Settings, start: datetime) -> list[RuleSetVersion]:
    from csire_bridge.config.files.rule_files import checked_rules
    from csire_bridge.service.wiring.settings_to_values import deadlines_of

    text = file.read_text("utf-8")
    checked_rules(text, file.name, deadlines_of(settings), start)
    return [RuleSetVersion(0, start, start, "simulation", "the rule file", text)]


def _rules_of_database(settings: Settings) -> Sequence[RuleSetVersion]:
    """Every rule set that was entered; none where there is no database yet."""
    from csire_bridge.store.database import Database

    with closing(Database(settings.database)) as store:
        if store.file and not store.file.is_file():
            return []
        store.require_current()
        with store.read_transaction() as tx:
            return tx.rule_sets.versions()
