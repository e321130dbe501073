"""A period of whole Polish days, and the periods that people compare it with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from csire_bridge.domain.calendar.polish_month import PolishMonth
from csire_bridge.domain.clock import WARSAW, start_of

__all__ = ["LONGEST_DAYS", "Period"]

_DAY = timedelta(days=1)
LONGEST_DAYS = 3700
"""Ten years."""


@dataclass(frozen=True, slots=True)
class Period:
    """From the day ``first`` to the day ``last``, both included. Raises ValueError if it ends before it begins."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"the period ends on {self.last}, before it begins on {self.first}")
        if self.days > LONGEST_DAYS:
            raise ValueError(f"a period has {LONGEST_DAYS} days at most")

    @classmethod
    def of_month(cls, month: PolishMonth) -> Self:
        """A whole month."""
        return cls(month.first, month.last)

    @classmethod
    def this_month(cls, now: datetime) -> Self:
        """The month of a moment (UTC), from its first to its last day."""
        return cls.of_month(PolishMonth(now.astimezone(WARSAW).date().replace(day=1)))

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def begin(self) -> datetime:
        """When it begins (UTC)."""
        return start_of(self.first)

    @property
    def end(self) -> datetime:
        """When it is over (UTC)."""
        return start_of(self.last + _DAY)

    @property
    def is_months(self) -> bool:
        """Whether it is made of whole months."""
        return self.first.day == 1 and (self.last + _DAY).day == 1

    @property
    def before(self) -> Period:
        """The period just before it, of as many months where it is made of months, else of as many days."""
        last = self.first - _DAY
        if not self.is_months:
            return Period(last - (self.days - 1) * _DAY, last)
        return Period(_months_earlier(self.first, self._count_of_months), last)

    @property
    def year_before(self) -> Period:
        """The same period of the year before; 28 February where that has no 29th."""
        if self.is_months:
            first = _months_earlier(self.first, 12)
            return Period(first, _months_earlier(self.last + _DAY, 12) - _DAY)
        return Period(_year_earlier(self.first), _year_earlier(self.last))

    @property
    def _count_of_months(self) -> int:
        after = self.last + _DAY
        return (after.year - self.first.year) * 12 + after.month - self.first.month

    def months(self) -> Iterator[date]:
        """The first days of the whole months in it."""
        month = self.first if self.first.day == 1 else _next_month(self.first)
        while (after := _next_month(month)) - _DAY <= self.last:
            yield month
            month = after

    def each_day(self) -> Iterator[date]:
        """Every day, in order."""
        return (self.first + n * _DAY for n in range(self.days))

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        if self.is_months and self._count_of_months == 1:
            return f"{self.first:%Y-%m}"
        return f"{self.first} - {self.last}"


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _months_earlier(first: date, months: int) -> date:
    at = first.year * 12 + first.month - 1 - months
    return date(at // 12, at % 12 + 1, 1)


def _year_earlier(day: date) -> date:
    return day.replace(year=day.year - 1, day=min(day.day, 28) if day.month == 2 else day.day)
