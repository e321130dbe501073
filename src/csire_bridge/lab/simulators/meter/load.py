"""What a simulated meter counts: energy that grows with time while the supply is on."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.identifiers import MeterNumber

__all__ = ["Load"]

_HOUR = 3600.0
_ZONE_1 = 0.6
_GIVEN_BACK = 0.1


@dataclass(slots=True)
class Load:
    """A household that takes ``watts`` for as long as it can; the energies are watt-hours, as counters never go back.

    Six tenths fall into tariff zone 1; a tenth as much is given back.
    """

    watts: float
    watt_hours: float
    since: datetime

    @classmethod
    def of(cls, number: MeterNumber, since: datetime) -> Load:
        """A load that always is the same for the same meter."""
        size = zlib.crc32(number.encode())
        return cls(watts=200.0 + size % 1800, watt_hours=1000.0 * (size % 20_000), since=since)

    def advance(self, now: datetime, supplied: bool) -> None:
        """Count up to ``now``; ``supplied`` is whether the supply was on since the last time."""
        passed = (now - self.since).total_seconds()
        if passed > 0:
            self.watt_hours += self.watts * passed / _HOUR if supplied else 0.0
            self.since = now

    def counters(self) -> dict[str, int]:
        """Whole watt-hours by OBIS code."""
        total = int(self.watt_hours)
        zone = int(self.watt_hours * _ZONE_1)
        back = int(self.watt_hours * _GIVEN_BACK)
        return {"1-0:1.8.0": total, "1-0:1.8.1": zone, "1-0:1.8.2": total - zone, "1-0:2.8.0": back}
