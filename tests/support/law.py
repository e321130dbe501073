"""Orders of which the law says something, and the days that it forbids, worked out without the product."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.order.order import DisconnectionKind, Order, OrderKind, OrderState

__all__ = ["is_day_off", "is_forbidden", "suspension"]

_DAY = timedelta(days=1)
_FIXED = [(1, 1), (1, 6), (5, 1), (5, 3), (8, 15), (11, 1), (11, 11), (12, 24), (12, 25), (12, 26)]


_AT = datetime(2026, 1, 1, tzinfo=UTC)
_SUSPENSION = Order(
    key=1,
    kind=OrderKind.DISCONNECT,
    state=OrderState.REGISTERED,
    metering_point=MeteringPointCode("590243856287817706"),
    process_instance=None,
    source_message=None,
    source_number=None,
    registered_at=_AT,
    not_before=_AT,
    version=1,
    disconnection_kind=DisconnectionKind.DEBT,
)


def suspension(**facts: object) -> Order:
    """A suspension for debt, or what ``facts`` make of it."""
    return replace(_SUSPENSION, **facts)  # type: ignore[arg-type]


def _easter(year: int) -> date:
    """Easter Sunday by the anonymous Gregorian algorithm, so that it does not come from the product's library."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    l = (32 + 2 * e + 2 * i - h - k) % 7  # noqa: E741 - as the algorithm names it
    m = (a + 11 * h + 22 * l) // 451
    month, day = divmod(h + l - 7 * m + 114, 31)
    return date(year, month, day + 1)


def is_day_off(day: date) -> bool:
    """Whether nobody works on a Polish day."""
    sunday = _easter(day.year)
    moving = {sunday, sunday + _DAY, sunday + 49 * _DAY, sunday + 60 * _DAY}
    return day.weekday() >= 5 or (day.month, day.day) in _FIXED or day in moving


def is_forbidden(day: date) -> bool:
    """Whether a protected household must not be suspended for debt on a Polish day."""
    winter = (day.month, day.day) >= (11, 1) or (day.month, day.day) <= (3, 31)
    return winter or is_day_off(day) or is_day_off(day + _DAY)
