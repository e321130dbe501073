"""``csire-bridge chaos``: kills the bridge with -9 at chosen moments, and checks that nothing is lost or done twice."""

from __future__ import annotations

import os
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from csire_bridge.cli.shared.console import ExitCode, JsonOption, err, out, print_json, with_progress
from csire_bridge.lab.chaos.crash_points import MEANINGS

if TYPE_CHECKING:
    from csire_bridge.lab.chaos.play import Outcome
    from csire_bridge.lab.chaos.world.databases import Databases

__all__ = ["add_to"]

_ROUNDS_AT_ONCE = 2  # for each core: a round mostly waits for leases and meters


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(chaos)


def chaos(
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="How many rounds.")] = 200,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of all random choices; a random one if not given.")
    ] = None,
    number: Annotated[int | None, typer.Option("--round", min=0, help="Run only this round of the seed.")] = None,
    postgresql: Annotated[
        str | None,
        typer.Option("--postgresql", help="Use this PostgreSQL server, whose user may create databases, not our own."),
    ] = None,
    sqlite_only: Annotated[bool, typer.Option("--sqlite-only", help="Leave PostgreSQL out.")] = False,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, max=64, help="Rounds at the same time.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Kill the bridge with SIGKILL at chosen moments, start it again, and check that nothing was lost or done twice.

    Every round has a fresh database, a simulated hub and head-end system that survive the kill, and messages of all
    kinds. Exit code 1 if anything was wrong; each such round is shown with the command that repeats it.

    Example:

        csire-bridge chaos --rounds 200 --seed 7
    """
    from csire_bridge.lab.chaos.checks.invariants import Expectations
    from csire_bridge.lab.chaos.matrix import run_rounds
    from csire_bridge.lab.chaos.world.databases import PostgresDatabases, SqliteFiles
    from csire_bridge.lab.simulators.postgres import PostgresServer

    start = random.SystemRandom().randrange(10**6) if seed is None else seed
    numbers = range(rounds) if number is None else [number]
    with ExitStack() as last:
        place = last.enter_context(tempfile.TemporaryDirectory(prefix="csire-bridge-chaos-", dir=Path.cwd()))
        databases: list[Databases] = [SqliteFiles()]
        if not sqlite_only:
            address = postgresql or last.enter_context(PostgresServer()).address("postgres")
            databases.append(PostgresDatabases(address))
        at_once = min(len(numbers), jobs or _ROUNDS_AT_ONCE * (os.cpu_count() or 1))
        played = run_rounds(start, numbers, databases, expect=Expectations(), jobs=at_once, place=Path(place))
        outcomes = list(with_progress(played, f"seed {start}", len(numbers)))
    _tell(start, outcomes, sqlite_only, as_json=as_json)
    if any(outcome.found for outcome in outcomes):
        raise typer.Exit(ExitCode.BAD_INPUT)


def _tell(seed: int, outcomes: Sequence[Outcome], sqlite_only: bool, *, as_json: bool) -> None:
    from csire_bridge.lab.chaos.matrix import tally

    wrong = [outcome for outcome in outcomes if outcome.found]
    if as_json:
        lines = [asdict(line) for line in tally(outcomes)]
        print_json({"seed": seed, "rounds": len(outcomes), "points": lines, "wrong": [_as_values(o) for o in wrong]})
        return
    out.print(_table(seed, outcomes))
    for outcome in wrong:
        err.print(_sentence(outcome, sqlite_only), style="red", markup=False, highlight=False)


def _as_values(outcome: Outcome) -> dict[str, object]:
    plan = outcome.plan
    crashes = [str(crash) for crash in plan.crashes]
    facts = {"round": plan.number, "database": outcome.database, "drama": plan.drama, "crashes": crashes}
    return {**facts, "found": outcome.found, "log": outcome.log}


def _sentence(outcome: Outcome, sqlite_only: bool) -> str:
    plan = outcome.plan
    head = f"round {plan.number} ({plan.drama}: {', '.join(map(str, plan.crashes))}; {outcome.database}):"
    found = "".join(f"\n  {text}" for text in outcome.found)
    only = " --sqlite-only" if sqlite_only else ""
    return f"{head}{found}\n  to repeat it: csire-bridge chaos --seed {plan.seed} --round {plan.number}{only}"


def _table(seed: int, outcomes: Sequence[Outcome]) -> Table:
    from csire_bridge.lab.chaos.matrix import tally

    kinds = Counter(outcome.database for outcome in outcomes)
    on = ", ".join(f"{count} on {kind}" for kind, count in kinds.items())
    kills = sum(len(outcome.killed) for outcome in outcomes)
    seconds = sum(outcome.seconds for outcome in outcomes) / max(len(outcomes), 1)
    table = Table(
        title=f"Chaos: {len(outcomes)} rounds ({on}), seed {seed}, {kills} kills",
        caption=f"a round took {seconds:.1f} s on the average; in a take-over a worker is stopped instead of killed",
    )
    for heading in ("", "killed", "what that moment is", "rounds", "kills", "not reached", "found"):
        table.add_column(heading, justify="right" if heading in ("rounds", "kills", "not reached") else "left")
    drama = None
    for line in tally(outcomes):
        if drama is not None and line.drama is not drama:
            table.add_section()
        drama = line.drama
        found = f"{line.wrong} rounds wrong" if line.wrong else "nothing"
        counts = (str(line.rounds), str(line.killed), str(line.missed))
        table.add_row(line.drama, line.point, MEANINGS[line.point], *counts, found)
    return table
