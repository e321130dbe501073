"""Readings of meters, whose times are checked against our own clock before anything is concluded from them.

The head-end system is asked to read now, but may answer with an old reading, or with a time in the future. A reading
from before ``since`` proves nothing, neither that something moved nor that it did not, and counts as none. A time ahead
of our own clock is moved back by what the head-end system's clock is known to be ahead of ours, and is replaced by the
moment of the answer if it is still ahead. No reading proves more because the clock of the replies is behind ours:
readings may be stamped by another clock, so an old reading and one of a clock that is behind look alike. If it is
behind, the meter is read again until the difference has passed, and only then the time that we tell is moved forward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import HeadEndScope, HeadEndUnreachable
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import ContactorReading
from csire_bridge.domain.meter.evidence import CLOCK_TOLERANCE, bounded, is_older
from csire_bridge.domain.meter.metering import MeterCalendars, ObisCode, RegisterReading
from csire_bridge.pipeline.ports.head_end import HeadEnd

__all__ = ["OldReading", "read_calendar", "read_contactor", "read_registers"]


class OldReading(HeadEndUnreachable):
    """The head-end system answered, but its reading is too old to prove anything: ``read_at`` (UTC, as told)."""

    def __init__(self, meter: MeterNumber, read_at: datetime, text: str) -> None:
        remedy = "it is read again by itself; where that goes on, have the head-end system corrected, or its clock"
        super().__init__(text, remedy, HeadEndScope.METER)
        self.meter = meter
        self.read_at = read_at


def read_contactor(
    head_end: HeadEnd, meter: MeterNumber, clock: Clock, since: datetime | None = None
) -> ContactorReading:
    """The contactor as it was at ``since`` (UTC) or later; if None, as it is now, within the clocks' tolerance.

    Raises what the head-end system's port does, and OldReading where the reading is older.
    """
    asked_at = clock()
    reading = head_end.read_contactor(meter)
    since = since or asked_at - CLOCK_TOLERANCE
    read_at = _ours(head_end, meter, reading.read_at, clock(), since, f"contactor of meter {meter}")
    return replace(reading, read_at=read_at, told_at=reading.read_at)


def read_registers(
    head_end: HeadEnd, meter: MeterNumber, registers: Sequence[ObisCode], clock: Clock, since: datetime | None = None
) -> list[RegisterReading]:
    """The registers as they were at ``since`` (UTC) or later; see ``read_contactor``."""
    asked_at = clock()
    readings = head_end.read_registers(meter, registers)
    now, since = clock(), since or asked_at - CLOCK_TOLERANCE
    return [
        replace(r, read_at=_ours(head_end, meter, r.read_at, now, since, f"register {r.register} of meter {meter}"))
        for r in readings
    ]


def read_calendar(head_end: HeadEnd, meter: MeterNumber, clock: Clock, since: datetime | None = None) -> MeterCalendars:
    """The calendars as they were at ``since`` (UTC) or later; see ``read_contactor``."""
    asked_at = clock()
    calendars = head_end.read_calendar(meter)
    since = since or asked_at - CLOCK_TOLERANCE
    read_at = _ours(head_end, meter, calendars.read_at, clock(), since, f"calendars of meter {meter}")
    return replace(calendars, read_at=read_at)


def _ours(
    head_end: HeadEnd, meter: MeterNumber, read_at: datetime, now: datetime, since: datetime, what: str
) -> datetime:
    """The time of reading by our clock; raises OldReading if it is before ``since``."""
    system = head_end.of(meter)
    lag, told = min(system.clock_behind(now), CLOCK_TOLERANCE), read_at
    if read_at > now:
        read_at -= system.clock_ahead(now)
    if is_older(read_at, since):
        raise OldReading(
            meter,
            read_at,
            f"the head-end system gave the {what} as read at {told:%Y-%m-%d %H:%M:%S} UTC, but only a reading since"
            f" {since:%Y-%m-%d %H:%M:%S} UTC proves anything",
        )
    return bounded(read_at + lag, now)
