"""Moments as people in Poland read them: Polish time with its offset; the doubled hour of October is marked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from csire_bridge.domain.clock import WARSAW

__all__ = ["came_twice_lately", "clock_time", "day", "doubled", "moment", "offset", "span", "utc"]

_HOUR = timedelta(hours=1)


def moment(at: datetime) -> str:
    """28.11.2026 19:18:05, in Polish time."""
    return f"{at.astimezone(WARSAW):%d.%m.%Y %H:%M:%S}"


def clock_time(at: datetime) -> str:
    """19:18, in Polish time."""
    return f"{at.astimezone(WARSAW):%H:%M}"


def offset(at: datetime) -> str:
    """+01:00: how far Polish time was ahead of UTC then."""
    text = f"{at.astimezone(WARSAW):%z}"
    return f"{text[:3]}:{text[3:]}"


def doubled(at: datetime) -> str | None:
    """``a`` or ``b`` where the same time of day came twice: the first or the second time. Else None."""
    local = at.astimezone(WARSAW)
    if local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
        return "b" if local.fold else "a"
    return None


def came_twice_lately(now: datetime) -> bool:
    """Whether the doubled hour of October lies in the last 60 days, so that people may still report of it."""
    return offset(now) < offset(now - timedelta(days=60))


def day(at: date | datetime) -> str:
    """28.11.2026; a moment's day is that in Poland."""
    local = at.astimezone(WARSAW) if isinstance(at, datetime) else at
    return f"{local:%d.%m.%Y}"


def utc(at: datetime) -> str:
    """2026-11-28T18:18:05Z."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def span(length: timedelta) -> str:
    """A length of time in its two largest units: 3 d 4 h, 5 min 10 s, 12 s; negative ones with a minus."""
    seconds = round(abs(length.total_seconds()))
    units = (("d", seconds // 86400), ("h", seconds // 3600 % 24), ("min", seconds // 60 % 60), ("s", seconds % 60))
    first = next((place for place, (_, count) in enumerate(units) if count), len(units) - 1)
    told = " ".join(f"{count} {unit}" for unit, count in units[first : first + 2] if count or first == len(units) - 1)
    return f"-{told}" if length < timedelta() else told
