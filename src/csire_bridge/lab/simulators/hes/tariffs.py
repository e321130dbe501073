"""Registers and tariff calendars at the simulated head-end system; meters are reached while the caller waits."""

from __future__ import annotations

from decimal import Decimal

from csire_bridge.channels.hes.profile import HeadEndCodes
from csire_bridge.domain.meter.metering import ObisCode
from csire_bridge.lab.simulators.hes.field import Field
from csire_bridge.lab.simulators.hes.messages import Refusal, Request
from csire_bridge.lab.simulators.meter.calendar import Calendars

__all__ = ["Tariffs"]

_NAME_BYTES = 32


class Tariffs:
    """Each method raises ``Refusal`` when the meter can't be reached or refuses."""

    def __init__(self, field: Field, codes: HeadEndCodes) -> None:
        self._field, self._codes = field, codes

    def means(self, request: Request) -> bool:
        """Whether a control is about the tariff programme."""
        return request.code == self._codes.tariff

    def registers(self, request: Request) -> list[tuple[Decimal, str]]:
        """Value and unit of each register that is asked for."""
        try:
            codes = [ObisCode.parse(register) for register in request.registers]
        except ValueError as error:
            raise Refusal("2.6", str(error)) from error
        if not codes:
            raise Refusal("2.6", "no register is asked for")
        with self._field.reached(request.meter, request.verb, "2.6") as (client, address):
            return client.read_registers(address, codes)

    def calendars(self, request: Request) -> Calendars:
        """Both calendars."""
        with self._field.reached(request.meter, request.verb) as (client, address):
            return client.read_calendar(address)

    def carry_out(self, request: Request) -> None:
        """Create: write the passive calendar. Change: activate it now."""
        if request.verb == "create" and not 0 < len(request.tariff.encode()) <= _NAME_BYTES:
            raise Refusal("2.12", f"a calendar's name has 1 to {_NAME_BYTES} bytes")
        with self._field.reached(request.meter, request.verb) as (client, address):
            if request.verb == "create":
                client.write_calendar(address, request.tariff, request.activate_at)
            else:
                client.activate_calendar(address)
