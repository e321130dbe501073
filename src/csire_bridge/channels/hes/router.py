"""Several head-end systems at once: each meter has one, which gets its commands and its questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from csire_bridge.channels.hes.client import HeadEndConnector
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import ContactorCommand, ContactorReading
from csire_bridge.domain.meter.metering import MeterCalendars, ObisCode, RegisterReading

__all__ = ["HeadEndRouter"]


class HeadEndRouter:
    """Passes each call on to the system of its meter. ``system_of`` gives the name of that system."""

    def __init__(self, connectors: Mapping[str, HeadEndConnector], system_of: Callable[[MeterNumber], str]) -> None:
        self._connectors = connectors
        self._system_of = system_of

    def close(self) -> None:
        """Close all connections."""
        for connector in self._connectors.values():
            connector.close()

    def system_of(self, meter: MeterNumber) -> str:
        """The name of the meter's system."""
        return self._system_of(meter)

    def systems(self) -> Mapping[str, HeadEndConnector]:
        """All systems by their names, the first one first."""
        return self._connectors

    def of(self, meter: MeterNumber) -> HeadEndConnector:
        """The system of a meter."""
        return self._connectors[self._system_of(meter)]

    def clock_shows(self, now: datetime) -> datetime | None:
        """The earliest time (UTC) that any of the clocks can show; None if one of them has told nothing yet."""
        told = [connector.clock_shows(now) for connector in self._connectors.values()]
        known = [moment for moment in told if moment is not None]
        return min(known) if len(known) == len(told) else None

    def clock_behind(self, now: datetime) -> timedelta:
        """By how much the clock that is most behind is behind ``now``, at least."""
        return max(connector.clock_behind(now) for connector in self._connectors.values())

    def clock_ahead(self, now: datetime) -> timedelta:
        """By how much the clock that is most ahead is ahead of ``now``, at least."""
        return max(connector.clock_ahead(now) for connector in self._connectors.values())

    def submit(self, command: ContactorCommand) -> None:
        """As ``HeadEndConnector.submit``."""
        self.of(command.meter).submit(command)

    def cancel(self, command: ContactorCommand) -> None:
        """As ``HeadEndConnector.cancel``."""
        self.of(command.meter).cancel(command)

    def read_contactor(self, meter: MeterNumber) -> ContactorReading:
        """As ``HeadEndConnector.read_contactor``."""
        return self.of(meter).read_contactor(meter)

    def read_registers(self, meter: MeterNumber, registers: Sequence[ObisCode]) -> list[RegisterReading]:
        """As ``HeadEndConnector.read_registers``."""
        return self.of(meter).read_registers(meter, registers)

    def read_calendar(self, meter: MeterNumber) -> MeterCalendars:
        """As ``HeadEndConnector.read_calendar``."""
        return self.of(meter).read_calendar(meter)

    def write_calendar(self, meter: MeterNumber, tariff: str, activate_at: datetime) -> None:
        """As ``HeadEndConnector.write_calendar``."""
        self.of(meter).write_calendar(meter, tariff, activate_at)

    def activate_calendar(self, meter: MeterNumber) -> None:
        """As ``HeadEndConnector.activate_calendar``."""
        self.of(meter).activate_calendar(meter)
