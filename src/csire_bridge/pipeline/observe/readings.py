"""What meters tell, held against our own clock before anybody concludes anything from it.

The head-end system is asked to read now. It may answer with what it read long ago, or with a time that is not there
yet. A reading from before ``since`` proves nothing, neither that something moved nor that it did not, and counts as
none. A time ahead of our own clock is replaced by the moment of the answer. Where the head-end system's clock is known
to be behind ours, its times are put forward by that.
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
from csire_bridge.pipeline.ports import HeadEnd

__all__ = ["OldReading", "read_calendar", "read_contactor", "read_registers"]


class OldReading(HeadEndUnreachable):
    """The head-end system has answered, but with a reading from before what it should prove: it was read at ``read_at``
    (UTC, by its own words).
    """

    def __init__(self, meter: MeterNumber, read_at: datetime, text: str) -> None:
        remedy = "it is read again by itself; where that goes on, have the head-end system corrected, or its clock"
        super().__init__(text, remedy, HeadEndScope.METER)
        self.meter = meter
        self.read_at = read_at


def read_contactor(
    head_end: HeadEnd, meter: MeterNumber, clock: Clock, since: datetime | None = None
) -> ContactorReading:
    """The contactor as it was at ``since`` (UTC) or later; without one, as it is now, give or take the clocks.

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
    """When that was by our clock; raises OldReading where it was before ``since``."""
    lag = min(head_end.clock_behind(now), CLOCK_TOLERANCE)
    if is_older(read_at, since, lag):
        raise OldReading(
            meter,
            read_at,
            f"the head-end system gave the {what} as read at {read_at:%Y-%m-%d %H:%M:%S} UTC, but only a reading since"
            f" {since:%Y-%m-%d %H:%M:%S} UTC proves anything",
        )
    return bounded(read_at + lag, now)
