"""Bounds of the days and moments that the bridge accepts; anything outside of them is a mistake, or means "none".

Some systems write 0001-01-01 or 9999-12-31 if there is no date. Such a day has no start in UTC, or no day after it, so
it is refused where it is read, before anything is calculated with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from csire_bridge.domain.message.message import OrderRequest, RegistryUpdate, Request, ResultNotice
from csire_bridge.domain.order.requests.operators_own import forbidden_to_others

__all__ = [
    "FIRST_DAY",
    "LAST_DAY",
    "LONGEST_STATION",
    "LONGEST_TARIFF",
    "MOST_POWER",
    "checked_day",
    "checked_moment",
    "out_of_bounds",
]

FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(9998, 12, 31)
LONGEST_STATION = 40
"""Characters of the name of an MV/LV station, and of a group of its meters."""
LONGEST_TARIFF = 10
"""Characters of a tariff group."""
_LONGEST: Mapping[type, Mapping[str, int]] = {
    OrderRequest: {"description": 250, "tariff_group": LONGEST_TARIFF, "end_reason": 16},
    RegistryUpdate: {
        "meter_kind": 10,
        "tariff_group": LONGEST_TARIFF,
        "station": LONGEST_STATION,
        "station_group": LONGEST_STATION,
    },
    ResultNotice: {"result_code": 16},
}
"""Characters of the texts that are kept of a message in columns of their own. Schemas that are laid over ours may allow
more; what is longer is refused where it is read, because PostgreSQL refuses the whole row."""
MOST_POWER = Decimal("9999999.9999")
"""kW."""
_DECIMALS = 4
_FIRST_MOMENT = datetime(FIRST_DAY.year, 1, 1, tzinfo=UTC)
_END = datetime(LAST_DAY.year + 1, 1, 1, tzinfo=UTC)


def checked_day(day: date) -> date:
    """The day; raises ValueError for one outside the bounds."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"{day} is no day between {FIRST_DAY} and {LAST_DAY}")
    return day


def checked_moment(moment: datetime) -> datetime:
    """An aware moment in UTC; raises ValueError for one outside the bounds, or without a time zone."""
    if moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} has no time zone, so nobody knows which moment it is")
    if not _FIRST_MOMENT <= moment < _END:
        raise ValueError(f"{moment.isoformat()} does not lie between {FIRST_DAY} and {LAST_DAY}")
    return moment.astimezone(UTC)


def out_of_bounds(reading: Request) -> Iterator[tuple[str, str]]:
    """The fields of a request that are out of bounds, each with what is wrong with it."""
    if isinstance(reading, OrderRequest):
        yield from forbidden_to_others(reading)
    for name, longest in _LONGEST.get(type(reading), {}).items():
        text = getattr(reading, name)
        if text is not None and len(text) > longest:
            words = name.replace("_", " ")
            yield name, f"the {words} has {len(text)} characters, more than the {longest} that are kept"
    power = getattr(reading, "contracted_power", None)
    if power is not None and not (0 <= power <= MOST_POWER and power == round(power, _DECIMALS)):
        yield "contracted_power", f"{power} kW is not from 0 to {MOST_POWER} with {_DECIMALS} decimals at most"
