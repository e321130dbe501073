"""Parses values as XML Schema 1.0 defines them (part 2, second edition, chapter 3); nothing else parses them.

Python's own functions accept other forms (``2026-W48-1``, ``20261130``, ``1e3``, digits of other scripts) and refuse
some that XML Schema has (``24:00:00``, more than six digits after the second).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from csire_bridge.domain.bounds import checked_day, checked_moment
from csire_bridge.domain.clock import WARSAW

__all__ = ["SPACE", "collapsed", "parse_boolean", "parse_date", "parse_decimal", "parse_moment", "parse_polish_date"]

SPACE = " \t\r\n"
"""What XML calls white space; Python's own ``strip`` takes away more."""

_DAY = r"(-?[0-9]{4,})-([0-9]{2})-([0-9]{2})"
_ZONE = r"(Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?"
_DATE = re.compile(_DAY + _ZONE)
_DATE_TIME = re.compile(_DAY + r"T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?" + _ZONE)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_SPACES = re.compile(f"[{SPACE}]+")
_LONGEST = 80
_MOST_DIGITS = 40


def collapsed(text: str) -> str:
    """Apply the facet ``whiteSpace=collapse``, which all types except strings have."""
    return _SPACES.sub(" ", text).strip(" ")


def parse_boolean(text: str) -> bool:
    """xs:boolean; raises ValueError."""
    try:
        return _BOOLEANS[text.strip(SPACE)]
    except KeyError:
        raise ValueError(f"{_shown(text)} is neither true nor false") from None


def parse_decimal(text: str) -> Decimal:
    """xs:decimal, which has no exponent; raises ValueError."""
    stripped = text.strip(SPACE)
    if not _DECIMAL.fullmatch(stripped) or len(stripped) > _MOST_DIGITS:
        raise ValueError(f"{_shown(text)} is no decimal number such as 12.5")
    return Decimal(stripped)


def parse_date(text: str) -> date:
    """xs:date as a Polish calendar date; raises ValueError.

    An offset is ignored: dates of the market are Polish dates, whatever offset the sender writes.
    """
    match = _DATE.fullmatch(text.strip(SPACE))
    if not match:
        raise ValueError(f"{_shown(text)} is no date such as 2026-01-31")
    return _day(*match.groups()[:3])


def parse_moment(text: str, placed: Callable[[datetime], datetime] | None = None) -> datetime:
    """xs:dateTime in UTC, to the microsecond; raises ValueError, also for one without an offset.

    Without an offset the moment is ambiguous: the sender's time zone, ours, or UTC. ``placed`` turns such a time
    (naive) into an aware one, where somebody has said which zone it is in; it may raise ValueError.
    """
    match = _DATE_TIME.fullmatch(text.strip(SPACE))
    if not match:
        raise ValueError(f"{_shown(text)} is no date and time such as 2026-01-31T12:00:00+01:00")
    year, month, day, *clock, fraction, zone = match.groups()
    if zone is None and placed is None:
        raise ValueError(f"{_shown(text)} has no offset such as Z or +01:00, so nobody knows which moment it is")
    hour, minute, second = map(int, clock)
    microsecond = int((fraction or "")[:6].ljust(6, "0"))
    over = timedelta(0)
    at_the_end = not (minute or second or (fraction or "").strip("0"))
    if hour == 24 and at_the_end:  # the end of a day is the start of the next one
        hour, over = 0, timedelta(days=1)
    on = _day(year, month, day)
    local = datetime(on.year, on.month, on.day, hour, minute, second, microsecond) + over  # noqa: DTZ001 - placed below
    if zone is None and placed is not None:
        return checked_moment(placed(local))
    return checked_moment(local.replace(tzinfo=_zone(zone or "Z")))


def parse_polish_date(text: str) -> date:
    """The Polish date of an xs:dateTime, which may differ from the date in its text; raises ValueError."""
    return parse_moment(text).astimezone(WARSAW).date()


def _day(year: str, month: str, day: str) -> date:
    """A date; XML Schema 1.0 has no year 0000 and no extra leading zeros; years above 9999 are out of our bounds."""
    if len(year) > 4:
        raise ValueError(f"the year {year[:_LONGEST]} lies outside the calendar")
    return checked_day(date(int(year), int(month), int(day)))


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-offset if text[0] == "-" else offset)


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")
