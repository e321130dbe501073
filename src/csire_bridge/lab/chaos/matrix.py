"""Runs many rounds, several at a time, and sums up the results for each crash point."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from csire_bridge.lab.chaos.checks.invariants import Expectations
from csire_bridge.lab.chaos.crash_points import Crash, CrashPoint, Drama
from csire_bridge.lab.chaos.plan import database_of, plan_round
from csire_bridge.lab.chaos.play import Outcome, play
from csire_bridge.lab.chaos.world.databases import Databases

__all__ = ["Line", "run_rounds", "tally"]


@dataclass(frozen=True, slots=True)
class Line:
    """The result for one crash point.

    In how many ``rounds`` it was planned, how often it killed (in a take-over: stopped), how often it was never
    reached, and in how many of its rounds something was wrong.
    """

    drama: Drama
    point: CrashPoint
    rounds: int
    killed: int
    missed: int
    wrong: int


def run_rounds(
    seed: int,
    numbers: Iterable[int],
    databases: Sequence[Databases],
    *,
    expect: Expectations,
    jobs: int,
    place: Path | None = None,
    brief: bool = False,
) -> Iterator[Outcome]:
    """Play rounds, ``jobs`` at a time, in processes of their own; each outcome as soon as it is there.

    Rounds go over ``databases`` in turn; what is played in a round depends on the seed and its number only.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", "csire_bridge.lab.chaos.warm"])
    tasks = iter(numbers)
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:

        def hand_in(number: int) -> Future[Outcome]:
            plan = plan_round(seed, number, brief=brief)
            return pool.submit(play, plan, databases[database_of(number, len(databases))], expect, place)

        open_rounds = {hand_in(number) for number in islice(tasks, jobs)}
        while open_rounds:
            over, open_rounds = wait(open_rounds, return_when=FIRST_COMPLETED)
            open_rounds |= {hand_in(number) for number in islice(tasks, len(over))}
            yield from (future.result() for future in over)


def tally(outcomes: Sequence[Outcome]) -> list[Line]:
    """A line for each drama and crash point that was planned, in their order."""
    planned = {(outcome.plan.drama, crash.point) for outcome in outcomes for crash in outcome.plan.crashes}
    order = [(drama, point) for drama in Drama for point in CrashPoint if (drama, point) in planned]
    return [_line(drama, point, [o for o in outcomes if o.plan.drama is drama]) for drama, point in order]


def _line(drama: Drama, point: CrashPoint, outcomes: Sequence[Outcome]) -> Line:
    with_it = [o for o in outcomes if any(crash.point is point for crash in o.plan.crashes)]
    return Line(
        drama,
        point,
        rounds=len(with_it),
        killed=sum(_count(o.killed, point) for o in with_it),
        missed=sum(_count(o.missed, point) for o in with_it),
        wrong=sum(1 for o in with_it if o.found),
    )


def _count(crashes: Sequence[Crash], point: CrashPoint) -> int:
    return sum(1 for crash in crashes if crash.point is point)
