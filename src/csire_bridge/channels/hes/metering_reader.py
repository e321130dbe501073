"""Reads register values and tariff calendars from replies of the head-end system (HES)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from lxml import etree

from csire_bridge.channels.hes.dialect.dialect import Part
from csire_bridge.channels.hes.dialect.places import text_at
from csire_bridge.channels.hes.reply_reader import Reply, block_of, moment_in
from csire_bridge.domain.errors import OutcomeUnknown
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.metering import MeterCalendars, ObisCode, RegisterReading, TariffCalendar
from csire_bridge.xml.schema.lexical import parse_decimal

__all__ = ["calendars_of", "readings_of"]

_AGAIN = "read it again"
_TOO_MUCH = Decimal(10**12)
_LONGEST_UNIT = 16
"""What is kept of a reading; PostgreSQL refuses a row with more, and then whatever is written with it."""


def readings_of(meter: MeterNumber, registers: Sequence[ObisCode], reply: Reply) -> list[RegisterReading]:
    """The registers in a reply, in the order asked for; raises OutcomeUnknown if one of them is missing."""
    spoken = reply.profile.dialect.reply
    found = block_of(meter, reply, spoken.readings, "readings")
    values = spoken.each_value.each(found) if spoken.each_value else iter(())
    read = {each.register: each for each in (_reading(meter, one, spoken.readings, reply) for one in values)}
    if missing := [register for register in registers if register not in read]:
        raise OutcomeUnknown(f"the HES did not read {', '.join(missing)} of meter {meter}", _AGAIN)
    return [read[register] for register in registers]


def _reading(meter: MeterNumber, reading: etree._Element, part: Part | None, reply: Reply) -> RegisterReading:
    texts = {name: text_at(reading, part.values[name]) if part else "" for name in ("register", "value", "unit")}
    try:
        register, value = ObisCode.parse(texts["register"]), parse_decimal(texts["value"])
    except ValueError as error:
        raise OutcomeUnknown(
            f"the HES's answer for meter {meter} has a value of a kind that is not known: {error}", _AGAIN
        ) from error
    if abs(value) >= _TOO_MUCH or len(texts["unit"]) > _LONGEST_UNIT:
        raise OutcomeUnknown(f"the HES gave an impossible value of register {register} of meter {meter}", _AGAIN)
    return RegisterReading(meter, register, value, texts["unit"], moment_in(reading, part, reply, meter))


def calendars_of(meter: MeterNumber, reply: Reply) -> MeterCalendars:
    """The calendars in a reply; raises OutcomeUnknown when they are not there."""
    part = reply.profile.dialect.reply.calendars
    found = block_of(meter, reply, part, "calendars")
    texts = {name: text_at(found, part.values[name]) if part else "" for name in ("active", "passive", "activate_at")}
    waits = moment_in(found, part, reply, meter, "activate_at") if texts["activate_at"] else None
    return MeterCalendars(
        meter, texts["active"], TariffCalendar(texts["passive"], waits), moment_in(found, part, reply, meter)
    )
