"""Scenarios: who asks for what, and what goes wrong meanwhile. Everything follows from the seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from csire_bridge.domain.calendar.working_days import LAW
from csire_bridge.domain.clock import WARSAW, at_wall_clock
from csire_bridge.lab.simulation.head_end import Pace
from csire_bridge.lab.simulation.outages import METERS_PER_CONCENTRATOR, Outages, Stretch
from csire_bridge.lab.simulation.pattern import Asked, month, prepaid_evening
from csire_bridge.lab.simulation.scenario_names import ScenarioName
from csire_bridge.lab.simulators.faults.hes import HeadEndFaults

__all__ = ["Scenario", "make_scenario"]

_TAIL = timedelta(days=10)


@dataclass(frozen=True)
class Scenario:
    """A play: orders as they arrive between ``start`` and ``start`` + ``days`` (UTC), and what goes wrong.

    What falls due within one ``pulse`` is done together. It is played for ten days beyond the last arrival at most, so
    that what waits for an hour, a deadline or a person is seen to wait for it. ``workers`` share the work.
    ``protected`` is the share of households that the law protects.
    """

    name: str
    seed: int
    start: datetime
    days: int
    asked: Sequence[Asked]
    outages: Outages
    faults: HeadEndFaults = field(default_factory=HeadEndFaults.plan_value)
    pace: Pace = field(default_factory=Pace)
    pulse: timedelta = timedelta(seconds=30)
    workers: int = 1
    protected: float = 0.0

    @property
    def until(self) -> datetime:
        """When the play ends at the latest (UTC)."""
        return self.start + timedelta(days=self.days) + _TAIL


_Maker = Callable[[int, datetime, int, int], Scenario]


def make_scenario(name: str, orders: int, start: datetime, days: int, seed: int) -> Scenario:
    """The scenario of that name, one of ``ScenarioName``, with ``orders`` orders."""
    return _MAKERS[name](orders, start, days, seed)


def _month(orders: int, start: datetime, days: int, seed: int) -> Scenario:
    """A month as planned for, with one outage of the head-end system of one to two hours in working time."""
    rng = random.Random(f"{seed}/system")  # noqa: S311 - a simulation
    asked = month(orders, start, days, seed)
    outages = Outages.drawn(start, days, _meters(asked), seed)
    if days > 2:
        begin = _at_ten(start, days, rng) + timedelta(hours=rng.uniform(-1, 3))
        outages.system.append(Stretch(begin, begin + timedelta(hours=rng.uniform(1, 2))))
    return Scenario("month", seed, start, days, asked, outages)


def _outage(orders: int, start: datetime, days: int, seed: int) -> Scenario:
    """The head-end system is down from 10 to 12, and then half of the concentrators until 13:30."""
    asked = month(orders, start, days, seed)
    outages = Outages.drawn(start, days, _meters(asked), seed)
    ten = _at_ten(start, days, random.Random(f"{seed}/system"))  # noqa: S311 - a simulation
    outages.system.append(Stretch(ten, ten + timedelta(hours=2)))
    for place in range(0, -(-_meters(asked) // METERS_PER_CONCENTRATOR), 2):
        outages.concentrators[place].append(Stretch(ten + timedelta(hours=2), ten + timedelta(hours=3.5)))
    return Scenario("outage", seed, start, days, asked, outages)


def _evening(orders: int, start: datetime, _days: int, seed: int) -> Scenario:
    """Pairs of prepaid off and on, four for each meter, between 17:00 and 22:00 of one evening."""
    asked = prepaid_evening(orders // 2, start, seed)
    return Scenario("prepaid-evening", seed, start, 1, asked, Outages.drawn(start, 1, _meters(asked), seed))


_MAKERS: Mapping[str, _Maker] = MappingProxyType(
    {ScenarioName.MONTH: _month, ScenarioName.OUTAGE: _outage, ScenarioName.PREPAID_EVENING: _evening}
)


def _meters(asked: Sequence[Asked]) -> int:
    return max((one.meter for one in asked), default=-1) + 1


def _at_ten(start: datetime, days: int, rng: random.Random) -> datetime:
    """Ten o'clock of some working day."""
    first = start.astimezone(WARSAW).replace(tzinfo=None, hour=10, minute=0, second=0, microsecond=0)
    tens = [first + timedelta(days=n) for n in range(days)]
    working = [ten for ten in tens if not LAW.is_day_off(ten.date())] or tens
    return at_wall_clock(rng.choice(working), later=False)
