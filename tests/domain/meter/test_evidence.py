"""Evidence: what is older than a command proves nothing, and nothing lies ahead of our own clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.errors import HeadEndScope, HeadEndUnreachable
from csire_bridge.domain.identifiers import CorrelationId, MeterNumber
from csire_bridge.domain.meter.contactor import ContactorReading, ControlState
from csire_bridge.domain.meter.evidence import CLOCK_TOLERANCE, GRAIN, offset_in_words
from csire_bridge.domain.meter.metering import (
    ENERGY_REGISTERS,
    MeterCalendars,
    ObisCode,
    RegisterReading,
    TariffCalendar,
)
from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.domain.order.steps import OrderStep, StepKind, StepState
from csire_bridge.pipeline.agreement.actions import StepDone, perform
from csire_bridge.pipeline.execute.read_back import ReadBack, read_back
from csire_bridge.pipeline.observe.readings import read_calendar, read_contactor, read_registers
from csire_bridge.pipeline.ports.head_end import HeadEnd
from tests.domain.metering_point.test_interlocks import DISCONNECT, RECONNECT
from tests.support.defaults import EXECUTION

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
METER = MeterNumber("DEMO00000001")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ages = st.timedeltas(timedelta(days=-3), timedelta(days=3))


def clock() -> datetime:
    return NOW


@dataclass
class OffHeadEnd:
    """Answers with times that are ``off`` ours: negative ones are of the past."""

    off: timedelta
    on: bool = False
    ahead: timedelta = timedelta()
    behind: timedelta = timedelta()
    written: list[str] = field(default_factory=list)

    def of(self, _meter: MeterNumber) -> OffHeadEnd:
        return self

    def clock_shows(self, _now: datetime) -> datetime | None:
        return None

    def clock_behind(self, _now: datetime) -> timedelta:
        return self.behind

    def clock_ahead(self, _now: datetime) -> timedelta:
        return self.ahead

    def read_contactor(self, meter: MeterNumber) -> ContactorReading:
        return ContactorReading(meter, self.on, ControlState(int(self.on)), NOW + self.off)

    def read_registers(self, meter: MeterNumber, registers: Sequence[ObisCode]) -> list[RegisterReading]:
        return [RegisterReading(meter, register, Decimal(1), "kWh", NOW + self.off) for register in registers]

    def read_calendar(self, meter: MeterNumber) -> MeterCalendars:
        passive = TariffCalendar("G12", NOW + DAY) if self.written else TariffCalendar("")
        return MeterCalendars(meter, "G11", passive, NOW + self.off)

    def write_calendar(self, _meter: MeterNumber, tariff: str, _activate_at: datetime) -> None:
        self.written.append(tariff)

    def cancel(self, _command: object) -> None:
        """Dropped."""


def head_end(off: timedelta, *, on: bool = False) -> HeadEnd:
    return cast(HeadEnd, OffHeadEnd(off, on))


@given(off=ages, given_ago=st.timedeltas(timedelta(0), timedelta(days=1)))
def test_given_any_reading_since_a_command_when_asked_for_then_it_is_not_older_and_never_in_the_future(
    off: timedelta, given_ago: timedelta
) -> None:
    since = NOW - given_ago
    reads: list[Callable[[], datetime]] = [
        lambda: read_contactor(head_end(off), METER, clock, since).read_at,
        lambda: read_registers(head_end(off), METER, ENERGY_REGISTERS, clock, since)[0].read_at,
        lambda: read_calendar(head_end(off), METER, clock, since).read_at,
    ]
    for read in reads:
        try:
            read_at = read()
        except HeadEndUnreachable as error:
            assert error.scope is HeadEndScope.METER, "an old reading does not show the whole system down"
            assert NOW + off < since
        else:
            assert since - GRAIN <= read_at <= NOW


@given(off=ages)
def test_given_any_reading_of_now_when_asked_for_then_it_is_of_now_give_or_take_the_clocks(off: timedelta) -> None:
    try:
        reading = read_contactor(head_end(off), METER, clock)
    except HeadEndUnreachable:
        assert off < -CLOCK_TOLERANCE
    else:
        assert NOW - CLOCK_TOLERANCE - GRAIN <= reading.read_at <= NOW
        assert reading.told_at == NOW + off


@pytest.mark.parametrize("order", [DISCONNECT, RECONNECT])
@pytest.mark.parametrize("on", [False, True])
@pytest.mark.parametrize("age", [2 * GRAIN, MINUTE, DAY * 3])
def test_given_a_reading_from_before_the_command_when_read_back_then_the_contactor_counts_as_unread(
    order: Order, on: bool, age: timedelta
) -> None:
    given_order = replace(
        order,
        state=OrderState.SUBMITTED,
        meter=METER,
        correlation_id=CorrelationId("c"),
        submitted_at=NOW - MINUTE,
        expires_at=NOW + MINUTE,
    )
    asked = ReadBack(given_order, None, NOW + MINUTE)
    outcome = read_back(head_end(-MINUTE - age, on=on), asked, EXECUTION, clock)
    assert isinstance(outcome.result, HeadEndUnreachable)
    assert "only a reading since 2026-11-28 08:59:00 UTC proves anything" in outcome.result.text


@pytest.mark.parametrize("age", [2 * GRAIN, MINUTE, MINUTE * 3])
def test_given_replies_of_a_clock_that_is_behind_when_a_right_one_stamps_an_old_reading_then_that_proves_nothing(
    age: timedelta,
) -> None:
    odd = cast(HeadEnd, OffHeadEnd(-MINUTE - age, behind=4 * MINUTE))
    for read in (
        lambda: read_contactor(odd, METER, clock, NOW - MINUTE),
        lambda: read_registers(odd, METER, ENERGY_REGISTERS, clock, NOW - MINUTE),
        lambda: read_calendar(odd, METER, clock, NOW - MINUTE),
    ):
        with pytest.raises(HeadEndUnreachable, match="proves anything"):
            read()


def test_given_replies_of_a_clock_that_is_behind_when_read_back_then_the_reading_proves_its_own_time_and_no_later() -> (
    None
):
    given_order = replace(
        DISCONNECT,
        state=OrderState.SUBMITTED,
        meter=METER,
        correlation_id=CorrelationId("c"),
        submitted_at=NOW - 10 * MINUTE,
        expires_at=NOW - MINUTE,
    )
    odd = cast(HeadEnd, OffHeadEnd(-2 * MINUTE, behind=4 * MINUTE))
    outcome = read_back(odd, ReadBack(given_order, None, NOW + MINUTE), EXECUTION, clock)
    assert isinstance(outcome.result, ContactorReading)
    assert outcome.asked_at == NOW - 2 * MINUTE


@pytest.mark.parametrize("age", [MINUTE * 2, MINUTE * 30, MINUTE * 119])
def test_given_a_system_that_is_two_hours_ahead_when_it_gives_an_old_reading_then_that_proves_nothing(
    age: timedelta,
) -> None:
    ahead = timedelta(hours=2)
    odd = cast(HeadEnd, OffHeadEnd(ahead - age, ahead=ahead))
    with pytest.raises(HeadEndUnreachable, match="only a reading since"):
        read_contactor(odd, METER, clock, NOW - MINUTE)
    fresh = read_contactor(cast(HeadEnd, OffHeadEnd(ahead, ahead=ahead)), METER, clock, NOW - MINUTE)
    assert (fresh.read_at, fresh.told_at) == (NOW, NOW + ahead)


@pytest.mark.parametrize("ahead", [MINUTE, timedelta(hours=2)])
def test_given_replies_that_are_ahead_and_readings_that_are_right_when_read_then_the_readings_count(
    ahead: timedelta,
) -> None:
    right = cast(HeadEnd, OffHeadEnd(timedelta(), ahead=ahead))
    assert read_contactor(right, METER, clock, NOW - MINUTE).read_at == NOW


@pytest.mark.parametrize("kind", [StepKind.CONNECT, StepKind.ACTIVATE])
def test_given_a_reading_from_before_a_step_fell_due_when_it_is_done_then_it_is_not_ended_by_that(
    kind: StepKind,
) -> None:
    now_due = replace(step(kind), not_before=NOW - MINUTE)
    order = replace(RECONNECT, kind=OrderKind.AGREEMENT_START, tariff_group="G11")
    with pytest.raises(HeadEndUnreachable, match="only a reading since"):
        perform(head_end(-2 * MINUTE, on=True), order, now_due, METER, clock)
    performed = perform(head_end(-MINUTE / 2, on=True), order, now_due, METER, clock)
    assert isinstance(performed, StepDone)


def step(kind: StepKind) -> OrderStep:
    return OrderStep(key=1, order=1, position=1, kind=kind, state=StepState.WAITING, not_before=NOW - MINUTE)


@pytest.mark.parametrize("kind", [StepKind.READ, StepKind.TARIFF, StepKind.ACTIVATE, StepKind.CONNECT])
def test_given_old_readings_when_a_step_is_done_then_it_is_not_ended_by_them(kind: StepKind) -> None:
    order = replace(DISCONNECT, kind=OrderKind.AGREEMENT_START, tariff_group="G11")
    with pytest.raises(HeadEndUnreachable, match="proves anything"):
        perform(head_end(-3 * DAY, on=True), order, step(kind), METER, clock)


def test_given_registers_ahead_of_our_clock_when_read_then_the_moment_of_the_answer_counts() -> None:
    result = perform(head_end(2 * timedelta(hours=1)), DISCONNECT, step(StepKind.READ), METER, clock)
    assert isinstance(result, StepDone)
    assert {reading.read_at for reading in result.readings} == {NOW}


def test_given_a_calendar_that_was_read_before_it_was_written_when_read_back_then_it_proves_nothing() -> None:
    order = replace(DISCONNECT, kind=OrderKind.PARAMETRISATION, tariff_group="G12")
    with pytest.raises(HeadEndUnreachable, match="proves anything"):
        perform(head_end(-MINUTE), order, step(StepKind.TARIFF), METER, clock)


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (timedelta(hours=2), "2 h 00 min ahead of ours: it seems to send local time as UTC"),
        (timedelta(hours=1, seconds=20), "1 h 00 min ahead of ours: it seems to send local time as UTC"),
        (timedelta(hours=-2), "2 h 00 min behind ours: it seems to send UTC as local time"),
        (timedelta(hours=7), "7 h 00 min ahead of ours: whole hours, as with a wrong time zone"),
        (timedelta(minutes=17), "0 h 17 min ahead of ours"),
        (timedelta(hours=1, minutes=30), "1 h 30 min ahead of ours"),
    ],
)
def test_given_an_offset_then_it_is_named_and_whole_hours_are_recognised(offset: timedelta, words: str) -> None:
    assert offset_in_words(offset) == words
