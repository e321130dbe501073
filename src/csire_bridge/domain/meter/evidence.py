"""Rules for times told by others: how old, and how far ahead of our own clock, they may be.

A reading from before a command proves nothing about the command. And nothing happens in the future: a time that is
ahead of our own clock is not used; then the moment at which we received it, by our own clock, counts instead.
"""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ["CLOCK_TOLERANCE", "GRAIN", "REPLY_TOLERANCE", "as_fine_as", "bounded", "is_older", "offset_in_words"]

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a meter's or a head-end system's clock may be off (DLMS UA: a few minutes are common)."""

REPLY_TOLERANCE = timedelta(minutes=1)
"""How far the clock of a head-end system's replies may be off before a person is told: a server's clock is set."""

GRAIN = timedelta(seconds=1)
"""Some tell the time in whole seconds."""

_HOUR = timedelta(hours=1)
_NEARLY = timedelta(minutes=2)
_POLISH_OFFSETS = (1, 2)


def is_older(told: datetime, since: datetime) -> bool:
    """Whether a reading taken at ``told`` by their clock is older than ``since`` by ours (both UTC).

    There is no tolerance, because a contactor may move twice within it.
    """
    return told < since - GRAIN


def as_fine_as(moment: datetime, told: datetime) -> datetime:
    """``moment`` truncated to the precision of ``told`` (seconds or milliseconds), so that both can be compared."""
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
