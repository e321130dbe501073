"""How old, and how far ahead of our own clock, a time may be that others tell.

Nothing that was seen before a command proves anything about it. And nothing happens in the future: a time that lies
ahead of our own clock is not used; what counts then is when we heard of it, by our own clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ["CLOCK_TOLERANCE", "GRAIN", "as_fine_as", "bounded", "is_older", "offset_in_words"]

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a meter's or a head-end system's clock may be off (DLMS UA: a few minutes are common)."""

GRAIN = timedelta(seconds=1)
"""Some tell the time in whole seconds."""

_HOUR = timedelta(hours=1)
_NEARLY = timedelta(minutes=2)
_POLISH_OFFSETS = (1, 2)


def is_older(told: datetime, since: datetime, lag: timedelta = timedelta()) -> bool:
    """Whether what was seen at ``told``, by their clock, comes before ``since``, by ours (both UTC).

    ``lag`` is how far their clock was measured to be behind ours at least; it is believed up to the tolerance only.
    Beside that there is no tolerance: a contactor may move twice within one.
    """
    return told < since - min(max(lag, timedelta()), CLOCK_TOLERANCE) - GRAIN


def as_fine_as(moment: datetime, told: datetime) -> datetime:
    """``moment`` cut down to the seconds or milliseconds in which ``told`` is told, so that both can be compared."""
    if told.microsecond % 1000:
        return moment
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000 if told.microsecond else 0)


def bounded(told: datetime, now: datetime) -> datetime:
    """A time that others tell (UTC), never later than ``now``; one that is beyond the tolerance counts as ``now``."""
    return min(told, now)


def offset_in_words(offset: timedelta) -> str:
    """How far their clock is from ours: ahead where it is positive."""
    minutes = round(abs(offset).total_seconds() / 60)
    where = "ahead of" if offset > timedelta() else "behind"
    words = f"{minutes // 60} h {minutes % 60:02} min {where} ours"
    hours = round(offset / _HOUR)
    if hours and abs(offset - hours * _HOUR) <= _NEARLY:
        if hours in _POLISH_OFFSETS:
            return f"{words}: it seems to send local time as UTC"
        if -hours in _POLISH_OFFSETS:
            return f"{words}: it seems to send UTC as local time"
        return f"{words}: whole hours, as with a wrong time zone"
    return words
