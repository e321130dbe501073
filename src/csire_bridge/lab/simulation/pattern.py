"""Who asks for what, and when: stories of customers, each at a meter of its own, random by a seed.

There are no published figures on how orders are spread over days and kinds. What is known is marked in ``STORIES``; the
rest is an assumption, made only here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

from csire_bridge.domain.calendar.working_days import LAW
from csire_bridge.domain.clock import WARSAW, at_wall_clock
from csire_bridge.domain.order.facts import OrderSource

__all__ = ["STORIES", "Asked", "Story", "StoryFacts", "Wish", "month", "prepaid_evening"]


class Wish(StrEnum):
    """What is asked for."""

    DEBT_OFF = "disconnect for debt"
    PAID_ON = "reconnect after payment"
    COMPLAINT_ON = "reconnect for a complaint"
    SHUT_DOWN = "shut down"
    PREPAID_OFF = "prepaid off"
    PREPAID_ON = "prepaid on"
    AGREEMENT_START = "agreement starts"
    AGREEMENT_END = "agreement ends"
    TARIFF = "tariff changes"


class Story(StrEnum):
    """What happens to one customer."""

    DEBT = "debt"
    COMPLAINT = "complaint"
    SHUT_DOWN = "shut-down"
    PREPAID = "prepaid"
    START = "agreement-start"
    END = "agreement-end"
    TARIFF = "tariff"


@dataclass(frozen=True, slots=True)
class StoryFacts:
    """``share`` of all stories; ``sid``: share that SID registers; ``when`` in words, and whether that is known."""

    share: float
    sid: float
    when: str
    source: str


_ASSUMED = "assumption"
STORIES: Mapping[Story, StoryFacts] = MappingProxyType(
    {
        Story.DEBT: StoryFacts(
            0.56,
            0.3,
            "documents on working days 8-15, most before noon; 85 % pay, 36 h later on the average, at any hour; "
            "6 % pay within minutes, while the disconnection may still wait",
            "reconnections round the clock: known; the rest: assumption",
        ),
        Story.COMPLAINT: StoryFacts(0.02, 0.0, "a disconnection as for debt; a complaint 20 h later", _ASSUMED),
        Story.SHUT_DOWN: StoryFacts(0.05, 0.5, "documents on working days 8-15", _ASSUMED),
        Story.PREPAID: StoryFacts(0.22, 0.0, "off every day 17-22; on after 45 min on the average", _ASSUMED),
        Story.START: StoryFacts(
            0.06, 0.3, "told 1 to 14 days ahead; 60 % for the first of a month", "on the date: known; rest: assumption"
        ),
        Story.END: StoryFacts(
            0.05, 0.3, "told 1 to 14 days ahead; 60 % for the first of a month", "on the date: known; rest: assumption"
        ),
        Story.TARIFF: StoryFacts(0.04, 0.0, "told 1 to 14 days ahead; 60 % for the first of a month", _ASSUMED),
    }
)

_DOCUMENTS = {8: 2.0, 9: 3.0, 10: 3.0, 11: 2.5, 12: 2.0, 13: 1.5, 14: 1.0}
_EVENING = {17: 1.0, 18: 1.5, 19: 2.0, 20: 2.0, 21: 1.5}
_LATEST_ARRIVAL = 60.0
"""Seconds between registration and arrival here: partners' queues are looked into every 20 to 60 s."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One order as it is asked for at meter ``meter`` (counted from 0). Moments are UTC, ``on`` is a Polish date."""

    registered_at: datetime
    arrives_at: datetime
    wish: Wish
    meter: int
    source: OrderSource
    on: date | None = None


def month(count: int, start: datetime, days: int, seed: int) -> list[Asked]:
    """``count`` orders that arrive in the ``days`` after ``start`` (UTC), in the order of their arrival."""
    teller = _Teller(random.Random(f"{seed}/pattern"), start, days)  # noqa: S311 - a simulation
    asked: list[Asked] = []
    for meter in range(count):  # each story has at least one order
        asked += teller.story(meter)
        if len(asked) >= count:
            break
    return sorted(asked[:count], key=lambda one: (one.arrives_at, one.meter))


def prepaid_evening(pairs: int, start: datetime, seed: int, pairs_per_meter: int = 4) -> list[Asked]:
    """``pairs`` of prepaid off and on within the five hours after 17:00 of the Polish day of ``start`` (UTC)."""
    rng = random.Random(f"{seed}/evening")  # noqa: S311 - a simulation
    day = start.astimezone(WARSAW).date()
    begin = at_wall_clock(datetime.combine(day, time(17)), later=False)
    asked: list[Asked] = []
    for number in range(pairs):
        meter, turn = divmod(number, pairs_per_meter)
        slot = 5 * 3600 / pairs_per_meter
        off = begin + timedelta(seconds=slot * (turn + rng.uniform(0, 0.5)))
        on = off + timedelta(seconds=rng.uniform(10, slot / 2))
        for moment, wish in ((off, Wish.PREPAID_OFF), (on, Wish.PREPAID_ON)):
            arrives_at = moment + timedelta(seconds=rng.uniform(0, 5))
            asked.append(Asked(moment, arrives_at, wish, meter, OrderSource.HUB))
    return sorted(asked, key=lambda one: (one.arrives_at, one.meter))


class _Teller:
    """Makes stories from one random source in a fixed order, so that a seed always gives the same ones."""

    def __init__(self, rng: random.Random, start: datetime, days: int) -> None:
        self._rng, self._start, self._end = rng, start, start + timedelta(days=days)
        first = start.astimezone(WARSAW).date()
        self._days = [first + timedelta(days=n) for n in range(days)]
        working = [day for day in self._days if not LAW.is_day_off(day)]
        self._working = working or self._days
        self._tell: Mapping[Story, Callable[[], Iterator[tuple[datetime, Wish, date | None]]]] = {
            Story.DEBT: self._debt,
            Story.COMPLAINT: self._complaint,
            Story.SHUT_DOWN: lambda: self._document(Wish.SHUT_DOWN),
            Story.PREPAID: self._prepaid,
            Story.START: lambda: self._dated(Wish.AGREEMENT_START),
            Story.END: lambda: self._dated(Wish.AGREEMENT_END),
            Story.TARIFF: lambda: self._dated(Wish.TARIFF),
        }

    def story(self, meter: int) -> list[Asked]:
        """The next story, at a meter of its own; what would be asked for after the end is left out."""
        rng = self._rng
        (story,) = rng.choices(list(STORIES), [facts.share for facts in STORIES.values()])
        source = OrderSource.SID if rng.random() < STORIES[story].sid else OrderSource.HUB
        told = []
        for moment, wish, on in self._tell[story]():
            arrives_at = moment + timedelta(seconds=rng.uniform(0, _LATEST_ARRIVAL))
            if arrives_at < self._end:
                told.append(Asked(moment, arrives_at, wish, meter, source, on))
        return told

    def _document(self, wish: Wish) -> Iterator[tuple[datetime, Wish, date | None]]:
        yield self._at(self._rng.choice(self._working), _DOCUMENTS), wish, None

    def _debt(self) -> Iterator[tuple[datetime, Wish, date | None]]:
        off = self._at(self._rng.choice(self._working), _DOCUMENTS)
        yield off, Wish.DEBT_OFF, None
        chance = self._rng.random()
        if chance < 0.06:
            yield off + timedelta(seconds=self._rng.uniform(61, 900)), Wish.PAID_ON, None
        elif chance < 0.85:
            yield off + timedelta(minutes=20, hours=self._rng.expovariate(1 / 36)), Wish.PAID_ON, None

    def _complaint(self) -> Iterator[tuple[datetime, Wish, date | None]]:
        off = self._at(self._rng.choice(self._working), _DOCUMENTS)
        yield off, Wish.DEBT_OFF, None
        yield off + timedelta(hours=1 + self._rng.expovariate(1 / 20)), Wish.COMPLAINT_ON, None

    def _prepaid(self) -> Iterator[tuple[datetime, Wish, date | None]]:
        off = self._at(self._rng.choice(self._days), _EVENING)
        yield off, Wish.PREPAID_OFF, None
        yield off + timedelta(minutes=3 + self._rng.expovariate(1 / 45)), Wish.PREPAID_ON, None

    def _dated(self, wish: Wish) -> Iterator[tuple[datetime, Wish, date | None]]:
        """A notice, and the date of which it tells: never after the last day, so that its end is seen."""
        told = self._rng.choice(self._working)
        ahead = told + timedelta(days=self._rng.randint(1, 14))
        firsts = [day for day in self._days if day.day == 1 and day > told]
        on = firsts[0] if firsts and self._rng.random() < 0.6 else min(ahead, self._days[-1])
        yield self._at(told, _DOCUMENTS), wish, on

    def _at(self, day: date, hours: Mapping[int, float]) -> datetime:
        """A moment on a Polish day, at an hour drawn by its weight."""
        (hour,) = self._rng.choices(list(hours), list(hours.values()))
        seconds = self._rng.uniform(0, 3600)
        moment = at_wall_clock(datetime.combine(day, time(hour)), later=False) + timedelta(seconds=seconds)
        return max(moment, self._start)
