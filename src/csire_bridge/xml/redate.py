"""Moves the dates of a message, so that an old one can be sent today.

Element names are not used: dates and times are found in the bytes by their format.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

__all__ = ["FIRST_YEAR", "LAST_YEAR", "redate"]

FIRST_YEAR, LAST_YEAR = 2020, 2100
"""Years that are moved; a date outside is meant as it stands (a message from 2019, one from 2199)."""

# Not a part of a longer word or number, such as an identifier with hyphens.
_MOMENT = re.compile(
    rb"(?<![0-9A-Za-z.:-])(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2})(?=(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?(?![0-9A-Za-z:+-]))"
    rb"|(?=(?:Z|[+-]\d{2}:\d{2})?(?![0-9A-Za-z:+-])))"
)


def redate(raw: bytes, offset: timedelta) -> bytes:
    """Move every xs:dateTime in ``raw`` by ``offset`` and every xs:date by its whole days (rounded down).

    ``offset`` counts in whole seconds. The text of a dateTime's UTC offset and of its fraction of a second stays.
    Left as they are: years before 2020 and after 2100, days that no calendar has, and everything in UTF-16. Works on
    any bytes, XML or not; their length does not change.
    """
    seconds = timedelta(seconds=offset // timedelta(seconds=1))
    return _MOMENT.sub(lambda found: _moved(found, seconds), raw)


def _moved(found: re.Match[bytes], offset: timedelta) -> bytes:
    day, clock = found.group(1).decode("ascii"), found.group(2)
    try:
        if not FIRST_YEAR <= int(day[:4]) <= LAST_YEAR:
            return found.group(0)
        if clock is None:
            return (date.fromisoformat(day) + timedelta(days=offset.days)).isoformat().encode()
        # Local to whatever UTC offset follows in the text.
        return (datetime.fromisoformat(f"{day}T{clock.decode('ascii')}") + offset).isoformat().encode()
    except (ValueError, OverflowError):
        return found.group(0)
