"""The plan of a round, derived from the seed and its number only, so that any round can be repeated."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass

from csire_bridge.lab.chaos.crash_points import STOP_POINTS, Crash, CrashPoint, Drama
from csire_bridge.lab.chaos.world.letters import What

__all__ = ["SCENES", "Plan", "database_of", "plan_round"]

_P = CrashPoint
_MIGRATION = (_P.IN_MIGRATION, _P.BEFORE_MIGRATED, _P.AFTER_MIGRATED)
_RETENTION = (_P.BEFORE_ARCHIVED, _P.AFTER_ARCHIVED, _P.BEFORE_PRUNED, _P.AFTER_PRUNED)
_RECALL = (_P.BEFORE_RECALL, _P.AFTER_RECALL, _P.BEFORE_CANCEL, _P.AFTER_CANCEL)
_CRASHES = tuple(point for point in CrashPoint if point not in (*_MIGRATION, *_RETENTION))
_LONG = (2.0, 2.5)  # on a busy machine too, a recall meets a command that is under way
_ANY_MOMENT_STEPS = 30
_STATEMENTS, _STATEMENTS_OLDER = 30, 3  # fewer than the migrations of an empty and an older database have

SCENES: Sequence[tuple[Drama, CrashPoint]] = (
    *((Drama.CRASH, point) for point in _CRASHES),
    *((Drama.MIGRATION, point) for point in _MIGRATION),
    *((Drama.RETENTION, point) for point in _RETENTION),
    *((Drama.TAKE_OVER, point) for point in STOP_POINTS),
)
"""Every drama with its first crash point; rounds go through all of them in turn, in an order of the seed's."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One round. ``crashes`` come one after the other, each with letters of its own and with ``extras`` among them.

    ``delay`` is how long the head-end system takes for a command, in seconds. ``older`` has a migration start from an
    older database with a message in it. ``longest`` has a stopped worker wait until the other one is through.
    """

    seed: int
    number: int
    drama: Drama
    crashes: tuple[Crash, ...]
    extras: tuple[tuple[What, ...], ...]
    delay: tuple[float, float]
    older: bool
    longest: bool

    @property
    def dice_seed(self) -> str:
        """The seed of all random choices in the round."""
        return f"{self.seed}/{self.number}"


def plan_round(seed: int, number: int, *, brief: bool = False) -> Plan:
    """The plan of round ``number`` (from 0). A ``brief`` round has one crash, at the first time."""
    scenes = list(SCENES)
    random.Random(seed).shuffle(scenes)  # noqa: S311 - repeatable, no secret
    drama, point = scenes[number % len(scenes)]
    dice = random.Random(f"{seed}/{number}")  # noqa: S311
    older = drama is Drama.MIGRATION and dice.random() < 0.5
    points = [point, *([] if brief else _further(drama, dice))]
    crashes = tuple(Crash(p, _nth(p, older, brief, dice)) for p in points)
    return Plan(
        seed=seed,
        number=number,
        drama=drama,
        crashes=crashes,
        extras=tuple(_extras(p, dice) for p in (*points, None)),
        delay=_LONG if point in _RECALL else (0.0, 0.15),
        older=older,
        longest=dice.random() < 0.5,
    )


def database_of(number: int, databases: int) -> int:
    """On which of so many databases round ``number`` is played: in turn, and each scene on another one next time."""
    return (number + number // len(SCENES)) % databases


def _further(drama: Drama, dice: random.Random) -> list[CrashPoint]:
    if drama is Drama.TAKE_OVER:
        return []
    further = {Drama.CRASH: _CRASHES, Drama.MIGRATION: _MIGRATION, Drama.RETENTION: _RETENTION}[drama]
    return dice.choices(further, k=dice.choice((0, 0, 1, 1, 2)))


def _nth(point: CrashPoint, older: bool, brief: bool, dice: random.Random) -> int:
    if point is _P.ANY_MOMENT:
        return dice.randint(1, _ANY_MOMENT_STEPS)
    if point is _P.IN_MIGRATION:
        return dice.randint(1, _STATEMENTS_OLDER if older else _STATEMENTS)
    once = brief or point in (*_MIGRATION, *_RECALL, *_RETENTION)
    return 1 if once else dice.choice((1, 1, 2, 3))


def _extras(point: CrashPoint | None, dice: random.Random) -> tuple[What, ...]:
    if point in _RECALL:
        return (What.RECALLED, What.RECALLED)
    return tuple(itertools.compress((What.OUTRUN, What.RECALLED, What.NOWHERE), dice.choices((0, 0, 1), k=3)))
