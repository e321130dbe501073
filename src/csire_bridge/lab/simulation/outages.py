"""Outages of the head-end system, of a concentrator with its meters, or of one meter; random by a seed."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

__all__ = ["METERS_PER_CONCENTRATOR", "Outages", "Stretch"]

METERS_PER_CONCENTRATOR = 100
_CONCENTRATORS_OUT = 0.05
_METERS_AWAY = 0.02
_AWAY_HOURS = 6.0
_LONGEST_AWAY = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``begin`` to ``end`` (UTC)."""

    begin: datetime
    end: datetime

    def meets(self, begin: datetime, end: datetime) -> bool:
        """Whether it has a moment in common with the time from ``begin`` to ``end``."""
        return self.begin <= end and begin < self.end


@dataclass
class Outages:
    """Outages of all three kinds; concentrators and meters are counted from 0."""

    system: list[Stretch] = field(default_factory=list)
    concentrators: dict[int, list[Stretch]] = field(default_factory=lambda: defaultdict(list))
    meters: dict[int, list[Stretch]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def drawn(cls, start: datetime, days: int, meters: int, seed: int) -> Outages:
        """Some in each run: a few concentrators fail for one to two hours, a few meters are away for some hours."""
        rng = random.Random(f"{seed}/outages")  # noqa: S311 - a simulation
        found = cls()
        length = timedelta(days=days)
        for place in range(-(-meters // METERS_PER_CONCENTRATOR)):
            if rng.random() < _CONCENTRATORS_OUT * days / 30:
                begin = start + length * rng.random()
                found.concentrators[place].append(Stretch(begin, begin + timedelta(hours=rng.uniform(1, 2))))
        for meter in range(meters):
            if rng.random() < _METERS_AWAY:
                begin = start + length * rng.random()
                away = min(timedelta(hours=rng.expovariate(1 / _AWAY_HOURS)), _LONGEST_AWAY)
                found.meters[meter].append(Stretch(begin, begin + away))
        return found

    def system_down(self, moment: datetime) -> datetime | None:
        """When (UTC) the system that is down at ``moment`` comes back; None when it is up."""
        return next((one.end for one in self.system if one.begin <= moment < one.end), None)

    def away(self, meter: int, moment: datetime) -> bool:
        """Whether the system, while it is up, can't reach the meter."""
        return any(one.begin <= moment < one.end for one in self._of(meter))

    def touch(self, meter: int, begin: datetime, end: datetime) -> bool:
        """Whether any outage kept the meter from being reached at some moment from ``begin`` to ``end``."""
        return any(one.meets(begin, end) for one in (*self.system, *self._of(meter)))

    def _of(self, meter: int) -> Iterable[Stretch]:
        place = meter // METERS_PER_CONCENTRATOR
        return (*self.concentrators.get(place, ()), *self.meters.get(meter, ()))
