"""What a meter counts, and the tariff calendar that it counts by.

Registers are COSEM class 3, calendars class 20 "Activity calendar" (IEC 62056-6-2), object 0.0.13.0.0.255.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self

from csire_bridge.domain.identifiers import MeterNumber

__all__ = ["ENERGY_REGISTERS", "MeterCalendars", "ObisCode", "RegisterReading", "TariffCalendar"]

_OBIS = re.compile(r"(?:(\d{1,3})-(\d{1,3}):)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\*255)?\Z")


class ObisCode(str):
    """Which register, such as ``1-0:1.8.0``: medium, channel, quantity, processing, tariff (IEC 62056-6-1)."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the code in full, electricity and channel 0 where it says neither; or raise ValueError."""
        found = _OBIS.match(text)
        parts = [int(part) for part in found.groups(default="-1")] if found else [256]
        if max(parts) > 255:
            raise ValueError(f"{text!r} is not an OBIS code such as 1.8.0 or 1-0:1.8.0")
        medium, channel = (1, 0) if parts[0] < 0 else parts[:2]
        return cls(f"{medium}-{channel}:{parts[2]}.{parts[3]}.{parts[4]}")


ENERGY_REGISTERS = tuple(map(ObisCode.parse, ("1.8.0", "1.8.1", "1.8.2", "2.8.0")))
"""Active energy: taken in all and in each of two tariff zones, and given back."""


@dataclass(frozen=True, slots=True)
class RegisterReading:
    """What a register said at ``read_at`` (UTC); ``unit`` is as the head-end system names it, such as kWh."""

    meter: MeterNumber
    register: ObisCode
    value: Decimal
    unit: str
    read_at: datetime


@dataclass(frozen=True, slots=True)
class TariffCalendar:
    """A calendar by its name, which is the tariff group; it takes effect at ``activate_at`` (UTC), None: never set."""

    name: str
    activate_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MeterCalendars:
    """The active calendar of a meter at ``read_at`` (UTC), and the passive one that waits; the reading proves both."""

    meter: MeterNumber
    active: str
    passive: TariffCalendar
    read_at: datetime

    def waits(self, tariff: str, activate_at: datetime) -> bool:
        """Whether exactly this change waits in the meter; a meter stores hundredths of a second."""
        moment = self.passive.activate_at
        near = moment is not None and abs((moment - activate_at).total_seconds()) < 0.02
        return self.passive.name == tariff and near
