"""Time is a parameter: code that needs the time gets a ``Clock``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

__all__ = ["WARSAW", "Clock", "at_wall_clock", "aware_utc", "start_of", "warsaw_midnight"]

Clock = Callable[[], datetime]
"""Gives the current moment as an aware UTC datetime."""

WARSAW = ZoneInfo("Europe/Warsaw")
"""The market's time zone: dates in messages are Polish dates."""


def aware_utc(moment: datetime) -> datetime:
    """Return ``moment`` in UTC; raise ValueError for a naive one, which has no time zone.

    Also raises ValueError for a moment that does not exist in UTC (first and last hours of the calendar).
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{moment.isoformat()} lies outside the calendar") from error


def warsaw_midnight(moment: datetime) -> datetime:
    """The start of the Polish day of ``moment``, in UTC."""
    local = moment.astimezone(WARSAW)
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)


def start_of(day: date) -> datetime:
    """The start of a Polish day, in UTC."""
    return datetime.combine(day, time(0), tzinfo=WARSAW).astimezone(UTC)


def at_wall_clock(local: datetime, *, later: bool) -> datetime:
    """The moment (UTC) at which Polish clocks show ``local`` (naive).

    In the two clock-change nights a clock time occurs twice, or never; then ``later`` chooses the later or the earlier
    of the two possible moments. Raises ValueError at the very ends of the calendar, where there is no such moment.
    """
    try:
        both = [local.replace(tzinfo=WARSAW, fold=fold).astimezone(UTC) for fold in (0, 1)]
    except OverflowError as error:
        raise ValueError(f"{local} lies outside of the calendar") from error
    return max(both) if later else min(both)
