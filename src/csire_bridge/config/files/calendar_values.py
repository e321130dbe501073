"""Dates and weekdays as people write them in YAML files."""

from __future__ import annotations

import re
from datetime import date

from csire_bridge.domain.bounds import checked_day
from csire_bridge.domain.calendar.windows import DateRange
from csire_bridge.domain.calendar.working_days import Weekday

__all__ = ["read_date", "read_dates", "read_weekday"]

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_MONTH_DAY = re.compile(r"[0-9]{2}-[0-9]{2}\Z")
_LEAP_YEAR = 2000


def read_date(value: object) -> date:
    """A date such as ``2026-12-31``; raise ValueError."""
    if not isinstance(value, str) or not _DATE.match(value):
        raise ValueError(f"{value!r} is no date such as 2026-12-31")
    return checked_day(date.fromisoformat(value))


def read_dates(value: object) -> DateRange:
    """One day or two with ``..`` between them; without a year they come back every year; raise ValueError."""
    first, _, last = value.partition("..") if isinstance(value, str) else ("", "", "")
    first, last = first.strip(), (last or first).strip()
    yearly = bool(_MONTH_DAY.match(first) and _MONTH_DAY.match(last))
    begin, end = (read_date(f"{_LEAP_YEAR}-{text}" if yearly else text) for text in (first, last))
    if end < begin and not yearly:
        raise ValueError(f"{value!r} ends before it begins")
    return DateRange(begin, end, yearly)


def read_weekday(value: object) -> Weekday:
    """A weekday by its English name; raise ValueError."""
    try:
        return Weekday[str(value).upper()]
    except KeyError as error:
        raise ValueError(f"{value!r} is no day such as saturday") from error
