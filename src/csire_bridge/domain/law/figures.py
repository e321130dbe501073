"""The figures that the regulator can ask for, as values: what was counted, and the shares that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from csire_bridge.domain.law.model import ShareFigure

__all__ = ["LATE", "Fate", "GroupShare", "MonthFigures", "Part", "Quality"]


class Fate(StrEnum):
    """What became of a command: delivered in time; or the cause of its being late or never delivered.

    ``WAITING``: nothing failed, it waited until it was too late. ``RUNNING``: its time is not over yet. ``TAKEN_BACK``:
    it was withdrawn or superseded before it was delivered. Neither of the last two counts.
    """

    IN_TIME = "in-time"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed-out"
    WAITING = "waiting"
    RUNNING = "running"
    TAKEN_BACK = "taken-back"


LATE = (Fate.REFUSED, Fate.UNREACHABLE, Fate.TIMED_OUT, Fate.WAITING)
"""The causes of being late."""


@dataclass(frozen=True, slots=True)
class GroupShare:
    """The commands to one group of meters of a station (None: not known) in a month.

    ``group`` None: the station is not divided. ``meters`` is how many meters the registry knows in it today.
    """

    station: str | None
    group: str | None
    meters: int
    fates: Mapping[Fate, int]

    @property
    def late(self) -> int:
        """How many were delivered too late, or not at all."""
        return sum(self.fates.get(fate, 0) for fate in LATE)

    @property
    def counted(self) -> int:
        """How many count: those in time and those that are late."""
        return self.fates.get(Fate.IN_TIME, 0) + self.late

    @property
    def share(self) -> float | None:
        """The share that was delivered in time, from 0 to 1; None where none counts."""
        return self.fates.get(Fate.IN_TIME, 0) / self.counted if self.counted else None

    def is_below(self, rule: ShareFigure) -> bool:
        """Whether too few were delivered in time."""
        return self.fates.get(Fate.IN_TIME, 0) * 100 < rule.percent * self.counted

    def is_too_large(self, rule: ShareFigure) -> bool:
        """Whether the group has more meters than the law allows for one; without a station it is none."""
        return self.station is not None and self.meters > rule.group


@dataclass(frozen=True, slots=True)
class Part:
    """So many of so many."""

    count: int
    of: int

    @property
    def share(self) -> float | None:
        """From 0 to 1; None of nothing."""
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Quality:
    """How the hub's requests of a month were handled (regulation on market processes, par. 8; Dz.U. 2022 poz. 234).

    ``timeliness``: of those with a deadline that were carried out or whose deadline is past, how many were carried out
    by then. ``completeness``: of all, how many were answered, and the hub's channel took the answer. ``correctness``:
    of the answers on which the hub gave its result, how many it never contested.
    """

    timeliness: Part
    completeness: Part
    correctness: Part


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """The figures of one Polish month (``YYYY-MM``) by the ``rule`` of the law that was in force on its last day."""

    month: str
    rule: ShareFigure
    groups: Sequence[GroupShare]
    quality: Quality

    @property
    def below(self) -> list[GroupShare]:
        """Groups of a known station in which too few commands were delivered in time."""
        return [group for group in self.groups if group.station is not None and group.is_below(self.rule)]

    @property
    def too_large(self) -> list[GroupShare]:
        """Groups with more meters than the law allows for one."""
        return [group for group in self.groups if group.is_too_large(self.rule)]

    @property
    def without_station(self) -> GroupShare | None:
        """The meters whose station is not known, and their commands; None where there are none."""
        return next((group for group in self.groups if group.station is None), None)
