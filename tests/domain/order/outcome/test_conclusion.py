"""What may be concluded: an event says when, a reading says whether."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.identifiers import CorrelationId, MeterNumber
from csire_bridge.domain.meter.contactor import ContactorReading, ControlState, HeadEndEvent, HeadEndEventKind
from csire_bridge.domain.meter.evidence import as_fine_as, is_older
from csire_bridge.domain.order.order import OrderKind, OrderState, Outcome
from csire_bridge.domain.order.outcome.conclusion import conclude, execution_time

SUBMITTED = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
READ = SUBMITTED + timedelta(minutes=2)
SWITCHED = SUBMITTED + timedelta(minutes=1)
METER = MeterNumber("DEMO00000001")
FAILURES = (
    HeadEndEventKind.DISCONNECT_FAILED,
    HeadEndEventKind.CONNECT_FAILED,
    HeadEndEventKind.CANCELLED,
    HeadEndEventKind.PROCESSING_FAILED,
)
CONTACTOR_ORDERS = (OrderKind.DISCONNECT, OrderKind.RECONNECT)


def reading(output: bool, control: ControlState, at: datetime = READ) -> ContactorReading:
    return ContactorReading(METER, output, control, at)


def event(kind: HeadEndEventKind, at: datetime = SWITCHED, text: str = "") -> HeadEndEvent:
    return HeadEndEvent(CorrelationId("correlation"), METER, kind, "3.31.0.68", at, text=text)


OFF = reading(False, ControlState.DISCONNECTED)
ON = reading(True, ControlState.CONNECTED)
ARMED = reading(False, ControlState.READY_FOR_RECONNECTION)
CONTRADICTIONS = (
    reading(True, ControlState.DISCONNECTED),
    reading(True, ControlState.READY_FOR_RECONNECTION),
    reading(False, ControlState.CONNECTED),
)

moments = st.timedeltas(timedelta(days=-3), timedelta(days=3)).map(lambda d: SUBMITTED + d)
readings = st.builds(reading, st.booleans(), st.sampled_from(ControlState), moments)
events = st.none() | st.builds(
    HeadEndEvent,
    st.none() | st.text(max_size=5).map(CorrelationId),
    st.just(METER),
    st.sampled_from(HeadEndEventKind),
    st.text(max_size=8),
    moments,
    st.none() | st.sampled_from(ControlState),
    st.text(max_size=20),
)


@pytest.mark.parametrize(
    ("kind", "read", "said", "state", "outcome"),
    [
        (OrderKind.DISCONNECT, OFF, HeadEndEventKind.DISCONNECTED, OrderState.DONE, Outcome.DISCONNECTED),
        (OrderKind.DISCONNECT, OFF, None, OrderState.DONE, Outcome.DISCONNECTED),
        (OrderKind.DISCONNECT, OFF, HeadEndEventKind.DISCONNECT_FAILED, OrderState.DONE, Outcome.DISCONNECTED),
        (OrderKind.DISCONNECT, ON, HeadEndEventKind.DISCONNECTED, OrderState.UNKNOWN, Outcome.UNKNOWN),
        (OrderKind.DISCONNECT, ON, HeadEndEventKind.PROCESSED, OrderState.UNKNOWN, Outcome.UNKNOWN),
        (OrderKind.DISCONNECT, ON, None, OrderState.UNKNOWN, Outcome.UNKNOWN),
        (OrderKind.DISCONNECT, ON, HeadEndEventKind.DISCONNECT_FAILED, OrderState.REJECTED, Outcome.NOT_SWITCHED),
        (OrderKind.DISCONNECT, ARMED, HeadEndEventKind.DISCONNECTED, OrderState.UNKNOWN, Outcome.UNKNOWN),
        (OrderKind.RECONNECT, ON, HeadEndEventKind.CONNECTED, OrderState.DONE, Outcome.CONNECTED),
        (OrderKind.RECONNECT, ON, None, OrderState.DONE, Outcome.CONNECTED),
        (OrderKind.RECONNECT, OFF, HeadEndEventKind.CONNECTED, OrderState.UNKNOWN, Outcome.UNKNOWN),
        (OrderKind.RECONNECT, OFF, HeadEndEventKind.CONNECT_FAILED, OrderState.REJECTED, Outcome.NOT_SWITCHED),
        (OrderKind.RECONNECT, ARMED, HeadEndEventKind.ARMED, OrderState.ARMED, Outcome.ARMED),
        (OrderKind.RECONNECT, ARMED, HeadEndEventKind.CONNECTED, OrderState.ARMED, Outcome.ARMED),
        (OrderKind.RECONNECT, ARMED, None, OrderState.ARMED, Outcome.ARMED),
    ],
)
def test_given_a_reading_and_an_event_when_concluded_then_the_reading_decides(
    kind: OrderKind, read: ContactorReading, said: HeadEndEventKind | None, state: OrderState, outcome: Outcome
) -> None:
    found = conclude(kind, event(said) if said else None, read, SUBMITTED)
    assert (found.state, found.outcome) == (state, outcome)
    assert found.text


@pytest.mark.parametrize("kind", CONTACTOR_ORDERS)
@pytest.mark.parametrize("read", CONTRADICTIONS, ids=lambda r: f"{r.output_state}-{r.control_state.name}")
def test_given_two_attributes_that_contradict_each_other_when_concluded_then_nothing_is_known(
    kind: OrderKind, read: ContactorReading
) -> None:
    assert not (read.connected or read.disconnected or read.armed)
    assert conclude(kind, None, read, SUBMITTED).state is OrderState.UNKNOWN


@pytest.mark.parametrize("failure", FAILURES)
def test_given_a_failure_and_no_movement_when_concluded_then_the_head_ends_words_are_told(
    failure: HeadEndEventKind,
) -> None:
    found = conclude(OrderKind.DISCONNECT, event(failure, text="relay stuck"), ON, SUBMITTED)
    assert found.state is OrderState.REJECTED
    assert failure.value in found.text
    assert "relay stuck" in found.text


@given(kind=st.sampled_from(CONTACTOR_ORDERS), said=events, read=readings)
def test_given_any_event_when_concluded_then_done_means_that_the_reading_itself_shows_the_wanted_state(
    kind: OrderKind, said: HeadEndEvent | None, read: ContactorReading
) -> None:
    found = conclude(kind, said, read, SUBMITTED)
    shows = read.disconnected if kind is OrderKind.DISCONNECT else read.connected
    wanted = shows and not is_older(read.read_at, SUBMITTED)
    assert (found.state is OrderState.DONE) is wanted
    assert (found.executed_at is not None) is wanted
    if found.outcome is Outcome.DISCONNECTED:
        assert read.disconnected
    if found.outcome is Outcome.CONNECTED:
        assert read.connected


@given(kind=st.sampled_from([k for k in OrderKind if k not in CONTACTOR_ORDERS]), said=events, read=readings)
def test_given_an_order_that_moves_no_contactor_when_concluded_then_it_is_never_done(
    kind: OrderKind, said: HeadEndEvent | None, read: ContactorReading
) -> None:
    assert conclude(kind, said, read, SUBMITTED).state is not OrderState.DONE


# --- the time of execution

TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, READ),
        (event(HeadEndEventKind.DISCONNECTED), SWITCHED),
        (event(HeadEndEventKind.PROCESSED), SWITCHED),
        (event(HeadEndEventKind.CONNECTED), READ),
        (event(HeadEndEventKind.DISCONNECT_FAILED), READ),
        (event(HeadEndEventKind.DISCONNECTED, SUBMITTED), SUBMITTED),
        (event(HeadEndEventKind.DISCONNECTED, SUBMITTED - TICK), READ),
        (event(HeadEndEventKind.DISCONNECTED, SUBMITTED - timedelta(seconds=1)), READ),
        (event(HeadEndEventKind.DISCONNECTED, READ), READ),
        (event(HeadEndEventKind.DISCONNECTED, READ + TICK), READ),
        (event(HeadEndEventKind.DISCONNECTED, datetime(2000, 1, 1, tzinfo=UTC)), READ),
    ],
)
def test_given_an_event_when_asked_for_the_time_then_it_counts_only_where_it_is_believable(
    said: HeadEndEvent | None, expected: datetime
) -> None:
    assert execution_time(said, HeadEndEventKind.DISCONNECTED, OFF, SUBMITTED).at == expected


@given(said=events, expected=st.sampled_from(HeadEndEventKind))
def test_given_any_event_when_asked_for_the_time_then_it_lies_between_command_and_reading(
    said: HeadEndEvent | None, expected: HeadEndEventKind
) -> None:
    found = execution_time(said, expected, OFF, SUBMITTED).at
    assert SUBMITTED <= found <= READ


@pytest.mark.parametrize("kind", CONTACTOR_ORDERS)
@pytest.mark.parametrize("said", [None, *HeadEndEventKind])
def test_given_a_reading_from_before_the_command_when_concluded_then_it_proves_neither_done_nor_cannot(
    kind: OrderKind, said: HeadEndEventKind | None
) -> None:
    for output, control in ((False, ControlState.DISCONNECTED), (True, ControlState.CONNECTED)):
        for age in (timedelta(seconds=2), timedelta(minutes=3), timedelta(days=3)):
            old = reading(output, control, SUBMITTED - age)
            found = conclude(kind, event(said) if said else None, old, SUBMITTED, armed_counts=True)
            assert (found.state, found.executed_at) == (OrderState.UNKNOWN, None)
            assert "before the command" in found.text


@pytest.mark.parametrize(
    ("told", "command"),
    [
        (SUBMITTED, SUBMITTED),
        (SUBMITTED + timedelta(milliseconds=190), SUBMITTED + timedelta(milliseconds=190)),
        (SUBMITTED + timedelta(microseconds=190_001), SUBMITTED + timedelta(microseconds=190_925)),
    ],
)
def test_given_times_in_whole_seconds_when_compared_with_the_command_then_its_own_fractions_do_not_count(
    told: datetime, command: datetime
) -> None:
    assert as_fine_as(SUBMITTED + timedelta(microseconds=190_925), told) == command
