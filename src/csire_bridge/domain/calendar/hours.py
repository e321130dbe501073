"""Hours of the week, by Polish clocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from csire_bridge.domain.calendar.working_days import Weekday

__all__ = ["ALL_DAY", "ALWAYS", "DAY_MINUTES", "NO_HOURS", "Hours", "Week"]

DAY_MINUTES = 24 * 60
_SHAPE = re.compile(r"([0-9]{2}):([0-9]{2})\s*-\s*([0-9]{2}):([0-9]{2})\Z")


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """From ``start`` up to, not including, ``end``: minutes of the day's clock; above 1440, of the next day's."""

    start: int
    end: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``08:00-15:00``, or ``22:00-06:00`` for hours over midnight; raise ValueError."""
        match = _SHAPE.match(text.strip())
        if not match:
            raise ValueError(f"{text!r} are no hours such as 08:00-15:00")
        hour, minute, end_hour, end_minute = map(int, match.groups())
        start, end = hour * 60 + minute, end_hour * 60 + end_minute
        if minute > 59 or end_minute > 59 or start >= DAY_MINUTES or end > DAY_MINUTES:
            raise ValueError(f"{text!r}: a day goes from 00:00 to 24:00")
        if start == end:
            raise ValueError(f"{text!r} are empty hours; write none for no hours, all-day for the whole day")
        return cls(start, end if end > start else end + DAY_MINUTES)

    def __str__(self) -> str:
        if self == ALL_DAY:
            return "all-day"
        end = self.end if self.end <= DAY_MINUTES else self.end - DAY_MINUTES
        return f"{self.start // 60:02}:{self.start % 60:02}-{end // 60:02}:{end % 60:02}"


ALL_DAY = Hours(0, DAY_MINUTES)


@dataclass(frozen=True, slots=True)
class Week:
    """The hours of each weekday, Monday first. Hours over midnight belong to the day on which they begin."""

    days: tuple[tuple[Hours, ...], ...]

    def __post_init__(self) -> None:
        if len(self.days) != len(Weekday):
            raise ValueError("a week has seven days")
        pieces = sorted(self._pieces())
        for (day, one), (other_day, other) in pairwise(pieces):
            if day is other_day and other.start < one.end:
                raise ValueError(f"hours of {day.name.lower()} overlap: {one} and {other}")

    @classmethod
    def of(cls, entries: Mapping[str, Sequence[Hours]]) -> Self:
        """The hours by names of days: ``monday``, ``monday-thursday``, ``every-day``; days not named have none.

        Raises ValueError for an unknown name, a day named twice, and hours that overlap.
        """
        found: dict[Weekday, tuple[Hours, ...]] = {}
        for name, hours in entries.items():
            for day in _days(name):
                if day in found:
                    raise ValueError(f"{day.name.lower()} is named twice")
                found[day] = tuple(sorted(hours))
        return cls(tuple(found.get(day, ()) for day in Weekday))

    def minutes(self, weekday: int) -> list[tuple[int, int]]:
        """The hours of a weekday that begin on it, cut at midnight."""
        return [(h.start, min(h.end, DAY_MINUTES)) for h in self.days[weekday]]

    def spilled(self, weekday: int) -> list[tuple[int, int]]:
        """The hours at the beginning of a weekday that began on the day before."""
        return [(0, h.end - DAY_MINUTES) for h in self.days[weekday - 1] if h.end > DAY_MINUTES]

    def __bool__(self) -> bool:
        return any(self.days)

    def __str__(self) -> str:
        if not self:
            return "no hours"
        runs: list[tuple[Weekday, Weekday, tuple[Hours, ...]]] = []
        for day in Weekday:
            if runs and runs[-1][2] == self.days[day]:
                runs[-1] = (runs[-1][0], day, self.days[day])
            else:
                runs.append((day, day, self.days[day]))
        return "; ".join(f"{_name(first, last)} {', '.join(map(str, hours))}" for first, last, hours in runs if hours)

    def _pieces(self) -> Iterator[tuple[Weekday, Hours]]:
        for day in Weekday:
            for start, end in (*self.spilled(day), *self.minutes(day)):
                yield day, Hours(start, end)


ALWAYS = Week(((ALL_DAY,),) * 7)
NO_HOURS = Week(((),) * 7)


def _name(first: Weekday, last: Weekday) -> str:
    if (first, last) == (Weekday.MONDAY, Weekday.SUNDAY):
        return "every-day"
    return first.name.lower() if first is last else f"{first.name.lower()}-{last.name.lower()}"


def _days(name: str) -> list[Weekday]:
    if name == "every-day":
        return list(Weekday)
    first, _, last = name.partition("-")
    try:
        begin, end = Weekday[first.upper()], Weekday[(last or first).upper()]
    except KeyError as error:
        raise ValueError(f"{name!r} is no day such as monday, monday-thursday or every-day") from error
    if end < begin:
        raise ValueError(f"{name!r} runs backwards: a week goes from monday to sunday")
    return [Weekday(n) for n in range(begin, end + 1)]
