"""Days off and working days in Poland.

A day off is a Saturday, a Sunday or a public holiday (Act of 18 January 1951 on days off work; 24 December since
2025), or a day that the operator names itself. Legal terms in working days ignore the operator's own days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from functools import cache

from csire_bridge.domain.clock import WARSAW, at_wall_clock

__all__ = ["LAW", "Calendar", "Weekday", "after_days", "after_working_days", "public_holidays"]

_DAY = timedelta(days=1)


class Weekday(IntEnum):
    """As ``date.weekday`` counts them."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


@cache
def public_holidays(year: int) -> frozenset[date]:
    """Polish public holidays of a year; none is known after 2100."""
    import holidays  # noqa: PLC0415 - half as long to import as all of the domain; most commands need no calendar

    return frozenset(holidays.country_holidays("PL", years=year))


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are off: public holidays, those of the ``weekend``, and the operator's own ``extra`` days."""

    weekend: frozenset[Weekday] = frozenset({Weekday.SATURDAY, Weekday.SUNDAY})
    extra: frozenset[date] = frozenset()

    def is_day_off(self, day: date) -> bool:
        """Whether nobody works on ``day``."""
        return day.weekday() in self.weekend or day in public_holidays(day.year) or day in self.extra

    def is_before_day_off(self, day: date, days: int) -> bool:
        """Whether one of the ``days`` days after ``day`` is off."""
        return any(self.is_day_off(day + n * _DAY) for n in range(1, days + 1))

    def next_working_day(self, day: date) -> date:
        """The first working day after ``day``."""
        day += _DAY
        while self.is_day_off(day):
            day += _DAY
        return day


LAW = Calendar()
"""The days by which deadlines of the law count."""


def after_days(moment: datetime, days: int, *, later: bool) -> datetime:
    """The moment (UTC) when Polish clocks show the same time ``days`` calendar days after ``moment`` (aware).

    ``later`` chooses between two moments of a clock-change night.
    """
    return at_wall_clock(_local(moment) + days * _DAY, later=later)


def after_working_days(moment: datetime, days: int) -> datetime:
    """The end (UTC) of ``days`` working days (1 or more) that begin at ``moment`` (aware): the strict interpretation.

    One working day after Friday 10:00 is Monday 10:00. A term that begins on a day off counts from the start of the
    next working day, so one working day ends when that day ends.
    """
    local = _local(moment)
    day, clock = local.date(), local.time()
    if LAW.is_day_off(day):
        day, clock = LAW.next_working_day(day), time(0)
    whole = clock == time(0)
    for _ in range(days - whole):
        day = LAW.next_working_day(day)
    return at_wall_clock(datetime.combine(day + _DAY if whole else day, clock), later=False)


def _local(moment: datetime) -> datetime:
    return moment.astimezone(WARSAW).replace(tzinfo=None)
