"""When something may be sent: hours of the week, days off, the days before them, and times when nothing may be sent.

A moment is open if clocks in Poland show an open time. So when clocks go back in autumn, an hour may be open twice;
when they go forward in spring, the skipped hour opens nothing. Hours over midnight need both days to be permitted: the
day on which they begin and the day of the moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from csire_bridge.domain.calendar.hours import ALWAYS, DAY_MINUTES, NO_HOURS, Week
from csire_bridge.domain.calendar.working_days import Calendar
from csire_bridge.domain.clock import WARSAW, start_of

__all__ = ["ANY_TIME", "HORIZON_DAYS", "DateRange", "OpenTimes", "Pause", "Window"]

HORIZON_DAYS = 2 * 366
"""How far ahead an open moment is looked for; beyond it, "never" is said."""

_DAY = timedelta(days=1)
_KEPT = 4096
_Minutes = Sequence[tuple[int, int]]
_Open = tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class Window:
    """When something may be sent.

    ``on_days_off`` says whether days off are as good as others; ``days_before_days_off`` is the number of days just
    before a day off on which nothing is sent.
    """

    week: Week = ALWAYS
    on_days_off: bool = True
    days_before_days_off: int = 0

    def takes(self, day: date, calendar: Calendar) -> bool:
        """Whether anything may be sent on ``day`` at all, regardless of hours."""
        if not self.on_days_off and calendar.is_day_off(day):
            return False
        return not calendar.is_before_day_off(day, self.days_before_days_off)


ANY_TIME = Window()


@dataclass(frozen=True, slots=True)
class DateRange:
    """Days from ``first`` to ``last``, both included; ``yearly`` ones repeat every year, also across New Year."""

    first: date
    last: date
    yearly: bool = False

    def __contains__(self, day: date) -> bool:
        if not self.yearly:
            return self.first <= day <= self.last
        first, last, at = ((d.month, d.day) for d in (self.first, self.last, day))
        return first <= at <= last if first <= last else at >= first or at <= last


@dataclass(frozen=True, slots=True)
class Pause:
    """When nothing may be sent, whatever a window says: hours, whole days of ``dates``, and days as in ``Window``."""

    week: Week = NO_HOURS
    dates: tuple[DateRange, ...] = ()
    on_days_off: bool = False
    days_before_days_off: int = 0

    def holds_all(self, day: date, calendar: Calendar) -> bool:
        """Whether nothing may be sent on the whole ``day``."""
        if any(day in dates for dates in self.dates) or (self.on_days_off and calendar.is_day_off(day)):
            return True
        return calendar.is_before_day_off(day, self.days_before_days_off)


class OpenTimes:
    """A window minus a pause, by a calendar. Caches what it has calculated; safe for several threads."""

    def __init__(self, window: Window, calendar: Calendar, pause: Pause | None = None) -> None:
        self._window, self._calendar, self._pause = window, calendar, pause
        self._always = window == ANY_TIME and pause is None
        self._days: dict[date, _Open] = {}
        self._firsts: dict[date, datetime | None] = {}

    def next_open(self, moment: datetime) -> datetime | None:
        """The first open moment (UTC) at or after ``moment`` (UTC); None when none comes within ``HORIZON_DAYS``."""
        if self._always:
            return moment
        day = moment.astimezone(WARSAW).date()
        for start, end in self.of_day(day):
            if moment < end:
                return max(start, moment)
        return self._first_after(day)

    def of_day(self, day: date) -> _Open:
        """The open times (UTC; the end is not included) of a Polish day, in order."""
        known = self._days.get(day)
        if known is None:
            if len(self._days) >= _KEPT:
                self._days.clear()
            known = self._days[day] = _by_utc(day, self.minutes(day))
        return known

    def minutes(self, day: date) -> _Minutes:
        """The open times of a Polish day as its clock shows them: minutes from midnight."""
        if not self._window.takes(day, self._calendar):
            return []
        week, weekday = self._window.week, day.weekday()
        spilled = week.spilled(weekday) if self._window.takes(day - _DAY, self._calendar) else []
        return _without([*spilled, *week.minutes(weekday)], self._paused(day))

    def _paused(self, day: date) -> _Minutes:
        if self._pause is None:
            return []
        if self._pause.holds_all(day, self._calendar):
            return [(0, DAY_MINUTES)]
        return [*self._pause.week.spilled(day.weekday()), *self._pause.week.minutes(day.weekday())]

    def _first_after(self, day: date) -> datetime | None:
        try:
            return self._firsts[day]
        except KeyError:
            days = (day + n * _DAY for n in range(1, HORIZON_DAYS + 1))
            first = next((times[0][0] for times in map(self.of_day, days) if times), None)
        if len(self._firsts) >= _KEPT:
            self._firsts.clear()
        self._firsts[day] = first
        return first


def _without(minutes: _Minutes, taken: _Minutes) -> _Minutes:
    for cut, until in taken:
        left = [(start, min(end, cut)) for start, end in minutes]
        right = [(max(start, until), end) for start, end in minutes]
        minutes = sorted(piece for piece in (*left, *right) if piece[0] < piece[1])
    return minutes


def _by_utc(day: date, minutes: _Minutes) -> _Open:
    """The moments (UTC) at which the clock shows ``minutes``; on a clock-change day, for each UTC offset."""
    midnight = datetime.combine(day, time(0))
    found = []
    for begin, end in _stretches(day):
        zero = begin + (midnight - begin.astimezone(WARSAW).replace(tzinfo=None))
        for start, stop in minutes:
            opens, closes = max(begin, zero + timedelta(minutes=start)), min(end, zero + timedelta(minutes=stop))
            if opens < closes:
                found.append((opens, closes))
    return tuple(sorted(found))


def _stretches(day: date) -> list[tuple[datetime, datetime]]:
    """The day in UTC, split where the clocks change."""
    begin, end = start_of(day), start_of(day + _DAY)
    offset = _offset(begin)
    if _offset(end) == offset:
        return [(begin, end)]
    low, high = 0, int((end - begin).total_seconds()) // 60
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(begin + timedelta(minutes=middle)) == offset else (low, middle)
    change = begin + timedelta(minutes=high)
    return [(begin, change), (change, end)] if change < end else [(begin, end)]


def _offset(moment: datetime) -> timedelta | None:
    return moment.astimezone(WARSAW).utcoffset()
