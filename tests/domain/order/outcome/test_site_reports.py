"""Reports from site: what a reading lets pass, and that it never lets both "done" and "not done" pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import ContactorReading, ControlState
from csire_bridge.domain.meter.evidence import GRAIN
from csire_bridge.domain.order.order import Order, OrderKind, Outcome
from csire_bridge.domain.order.outcome.site_reports import check_moment, check_unmoved, is_fresh, proven
from tests.domain.metering_point.test_interlocks import DISCONNECT, NOW, RECONNECT

AGREEMENT = replace(DISCONNECT, kind=OrderKind.AGREEMENT_START)
SECOND = timedelta(seconds=1)
READINGS = st.builds(
    ContactorReading, st.just(MeterNumber("DEMO00000001")), st.booleans(), st.sampled_from(ControlState), st.just(NOW)
)


def passes(order: Order, reading: ContactorReading | None, *, armed_counts: bool = False) -> bool:
    try:
        proven(order, reading, armed_counts=armed_counts)
    except ActionRefused:
        return False
    return True


@given(order=st.sampled_from([DISCONNECT, RECONNECT]), reading=READINGS)
def test_given_any_reading_then_done_passes_only_where_both_attributes_say_so(
    order: Order, reading: ContactorReading
) -> None:
    wanted = reading.disconnected if order.kind is OrderKind.DISCONNECT else reading.connected
    assert passes(order, reading) is wanted


@given(order=st.sampled_from([DISCONNECT, RECONNECT]), reading=READINGS)
def test_given_any_reading_then_done_and_not_done_never_both_pass(order: Order, reading: ContactorReading) -> None:
    try:
        check_unmoved(order, reading)
    except ActionRefused:
        return
    assert not passes(order, reading)


def test_given_an_armed_contactor_then_a_connection_is_done_only_where_the_operator_says_that_it_counts() -> None:
    armed = ContactorReading(MeterNumber("DEMO00000001"), False, ControlState.READY_FOR_RECONNECTION, NOW)
    assert not passes(RECONNECT, armed)
    assert proven(RECONNECT, armed, armed_counts=True) is Outcome.ARMED
    assert not passes(DISCONNECT, armed, armed_counts=True)


@pytest.mark.parametrize(
    ("order", "outcome"),
    [
        (DISCONNECT, Outcome.DISCONNECTED),
        (RECONNECT, Outcome.CONNECTED),
        (AGREEMENT, None),
    ],
    ids=lambda value: str(getattr(value, "kind", value)),
)
def test_given_no_reading_then_the_outcome_is_what_was_reported(order: Order, outcome: Outcome | None) -> None:
    assert proven(order, None, armed_counts=False) is outcome


def test_given_moments_then_only_those_between_registration_and_now_pass() -> None:
    now = NOW + timedelta(hours=1)
    for good in (NOW, now):
        check_moment(DISCONNECT, good, now)
    for wrong in (NOW - SECOND, now + SECOND):
        with pytest.raises(ActionRefused):
            check_moment(DISCONNECT, wrong, now)


def test_given_a_reading_that_is_older_than_the_deed_then_it_is_stale() -> None:
    reading = ContactorReading(MeterNumber("DEMO00000001"), True, ControlState.CONNECTED, datetime.now(UTC))
    assert is_fresh(reading, reading.read_at + GRAIN)
    assert not is_fresh(reading, reading.read_at + GRAIN + SECOND)


def test_given_people_on_site_then_what_was_done_before_they_were_sent_or_before_the_last_command_is_refused() -> None:
    now, sent = NOW + timedelta(hours=3), NOW + timedelta(hours=2, seconds=40)
    check_moment(DISCONNECT, sent.replace(second=0), now, sent)
    with pytest.raises(ActionRefused, match="left to people on site"):
        check_moment(DISCONNECT, sent - timedelta(minutes=1), now, sent)
    given = replace(DISCONNECT, submitted_at=NOW + timedelta(hours=1))
    with pytest.raises(ActionRefused, match="the last command"):
        check_moment(given, NOW + timedelta(minutes=30), now)
