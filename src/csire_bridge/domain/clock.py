"""Time is a parameter: whoever needs the time is handed a ``Clock``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

__all__ = ["WARSAW", "Clock", "aware_utc", "warsaw_midnight"]

Clock = Callable[[], datetime]
"""Gives the current moment as an aware UTC datetime."""

WARSAW = ZoneInfo("Europe/Warsaw")
"""The market's time zone: dates in messages are Polish dates."""


def aware_utc(moment: datetime) -> datetime:
    """Return ``moment`` in UTC; raise ValueError for a naive one, whose meaning nobody knows.

    The first and last hours of the calendar may have no UTC: ValueError as well.
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
