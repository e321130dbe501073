"""Reads register values and tariff calendars from replies of the head-end system (HES)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from lxml import etree

from csire_bridge.channels.hes.reply_reader import Reply, moment_of, text_of
from csire_bridge.domain.errors import OutcomeUnknown
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.metering import MeterCalendars, ObisCode, RegisterReading, TariffCalendar

__all__ = ["calendars_of", "readings_of"]

_AGAIN = "read it again"
_TOO_MUCH = Decimal(10**12)
_LONGEST_UNIT = 16
"""What is kept of a reading; PostgreSQL refuses a row with more, and then whatever is written with it."""


def readings_of(meter: MeterNumber, registers: Sequence[ObisCode], reply: Reply) -> list[RegisterReading]:
    """The registers in a reply, in the order asked for; raises OutcomeUnknown if one of them is missing."""
    found = reply.message.find("{*}Payload/{*}MeterReadings/{*}MeterReading")
    if found is None or not meter.is_spelled(text_of(found, "Meter/Names/name")):
        raise OutcomeUnknown(f"the HES's answer has no readings of meter {meter}", _AGAIN)
    read = {each.register: each for each in (_reading(meter, one) for one in found.iterfind("{*}Readings"))}
    if missing := [register for register in registers if register not in read]:
        raise OutcomeUnknown(f"the HES did not read {', '.join(missing)} of meter {meter}", _AGAIN)
    return [read[register] for register in registers]


def _reading(meter: MeterNumber, reading: etree._Element) -> RegisterReading:
    kind = reading.find("{*}ReadingType")
    try:
        register = ObisCode.parse("" if kind is None else kind.get("ref", ""))
    except ValueError as error:
        raise OutcomeUnknown(
            f"the HES's answer for meter {meter} has a value of a kind that is not known: {error}", _AGAIN
        ) from error
    value, unit = Decimal(text_of(reading, "value")), text_of(reading, "unit")  # a decimal, by the schema
    if abs(value) >= _TOO_MUCH or len(unit) > _LONGEST_UNIT:
        raise OutcomeUnknown(f"the HES gave an impossible value of register {register} of meter {meter}", _AGAIN)
    return RegisterReading(meter, register, value, unit, moment_of(reading, "timeStamp", meter))


def calendars_of(meter: MeterNumber, reply: Reply) -> MeterCalendars:
    """The calendars in a reply; raises OutcomeUnknown when they are not there."""
    found = reply.message.find("{*}Payload/{*}TariffCalendars")
    if found is None or not meter.is_spelled(text_of(found, "meter")):
        raise OutcomeUnknown(f"the HES's answer has no calendars of meter {meter}", _AGAIN)
    waits = moment_of(found, "passive/activateAt", meter) if text_of(found, "passive/activateAt") else None
    passive = TariffCalendar(text_of(found, "passive/name"), waits)
    return MeterCalendars(meter, text_of(found, "active"), passive, moment_of(found, "readAt", meter))
