"""Contactors as they were seen: which states an order explains, and which claimed times the readings allow."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.identifiers import CorrelationId, MeterNumber
from csire_bridge.domain.meter.contactor import ContactorReading, ControlState, HeadEndEvent, HeadEndEventKind
from csire_bridge.domain.order.order import OrderKind, OrderState
from csire_bridge.domain.order.outcome.conclusion import conclude, execution_time
from csire_bridge.domain.order.outcome.supply import Sighting, Supply, claimed, explained, outdated, seen, shown

METER = MeterNumber("DEMO00000001")
GIVEN = datetime(2026, 11, 28, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ON, OFF, READY = Supply.ON, Supply.OFF, Supply.READY
CUT, CONNECT = OrderKind.DISCONNECT, OrderKind.RECONNECT


def at(minutes: float) -> datetime:
    return GIVEN + minutes * MINUTE


def reading(state: Supply, minutes: float) -> ContactorReading:
    control = {ON: ControlState.CONNECTED, OFF: ControlState.DISCONNECTED, READY: ControlState.READY_FOR_RECONNECTION}
    return ContactorReading(METER, state is ON, control[state], at(minutes))


def event(kind: HeadEndEventKind, minutes: float, contactor: ControlState | None = None) -> HeadEndEvent:
    return HeadEndEvent(CorrelationId("c"), METER, kind, "code", at(minutes), contactor)


def sighting(state: Supply, first: float, last: float, other: float | None = None) -> Sighting:
    moment = None if other is None else at(other)
    return Sighting(meter=METER, state=state, first_seen_at=at(first), last_seen_at=at(last), other_seen_at=moment)


# --- what an order explains


@pytest.mark.parametrize(
    ("state", "left", "asked", "is_explained"),
    [
        (ON, None, (), True),
        (ON, ON, (), True),
        (ON, OFF, (), False),
        (ON, READY, (), True),  # the customer pressed the button
        (OFF, None, (), False),
        (OFF, ON, (), False),
        (OFF, OFF, (), True),
        (OFF, READY, (), False),
        (READY, None, (), False),
        (READY, ON, (), False),
        (READY, OFF, (), False),
        (READY, READY, (), True),
        (ON, OFF, (CONNECT,), True),
        (READY, OFF, (CONNECT,), True),
        (OFF, OFF, (CONNECT,), True),
        (OFF, ON, (CONNECT,), False),  # it was told to be on, and nobody asked for a disconnection since
        (OFF, None, (CONNECT,), True),  # whoever asks for a connection knows that it is off
        (READY, None, (CONNECT,), True),
        (OFF, ON, (CUT,), True),
        (OFF, None, (CUT,), True),
        (ON, OFF, (CUT,), False),
        (READY, ON, (CUT,), False),
        (OFF, ON, (CUT, CONNECT), True),
    ],
)
def test_given_a_state_of_a_contactor_then_it_is_known_whether_an_order_explains_it(
    state: Supply, left: Supply | None, asked: tuple[OrderKind, ...], is_explained: bool
) -> None:
    assert explained(state, left, asked) is is_explained


def test_given_supply_that_is_off_then_it_is_never_explained_where_no_order_asked_for_it() -> None:
    for state, left, asked in itertools.product((OFF, READY), (None, ON), ((), (OrderKind.AGREEMENT_END,))):
        assert not explained(state, left, asked)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (event(HeadEndEventKind.CONNECTED, 0), ON),
        (event(HeadEndEventKind.DISCONNECTED, 0), OFF),
        (event(HeadEndEventKind.ARMED, 0), READY),
        (event(HeadEndEventKind.PROCESSED, 0), None),
        (event(HeadEndEventKind.PROCESSED, 0, ControlState.DISCONNECTED), OFF),
        (event(HeadEndEventKind.DISCONNECT_FAILED, 0, ControlState.CONNECTED), None),
        (event(HeadEndEventKind.CANCELLED, 0), None),
    ],
)
def test_given_an_event_then_it_claims_a_state_only_where_it_tells_of_a_movement(
    said: HeadEndEvent, state: Supply | None
) -> None:
    assert claimed(said) is state


def test_given_an_event_of_before_the_last_reading_then_it_says_nothing_of_how_things_stand() -> None:
    known = sighting(ON, 0, 5)
    assert outdated(event(HeadEndEventKind.DISCONNECTED, 5), known)
    assert not outdated(event(HeadEndEventKind.DISCONNECTED, 5.1), known)
    assert not outdated(event(HeadEndEventKind.DISCONNECTED, 5), None)


def test_given_attributes_that_contradict_each_other_then_they_show_no_state() -> None:
    assert shown(ContactorReading(METER, True, ControlState.DISCONNECTED, GIVEN)) is None
    assert [shown(reading(state, 0)) for state in Supply] == list(Supply)


# --- what is known after a look


@given(st.lists(st.tuples(st.sampled_from(Supply), st.integers(0, 100)), min_size=1))
def test_given_any_looks_then_what_is_known_is_that_of_the_latest_ones(looks: list[tuple[Supply, int]]) -> None:
    known = None
    for state, minutes in looks:
        known = seen(known, METER, state, at(minutes))
    assert known is not None
    assert known.last_seen_at == max(at(minutes) for _, minutes in looks)
    assert known.first_seen_at <= known.last_seen_at
    assert known.other_seen_at is None or known.other_seen_at <= known.first_seen_at


# --- which claimed time the readings allow


@pytest.mark.parametrize(
    ("claim", "before", "expected", "source"),
    [
        (2, None, 2, "event"),
        (-1, None, 4, "before the command"),
        (5, None, 4, "seen so earlier"),
        (2, sighting(ON, -90, -60), 2, "event"),
        (2, sighting(ON, -90, 1), 2, "event"),
        (2, sighting(ON, -90, 3), 4, "seen otherwise at 2026-11-28 09:03:00"),
        (2, sighting(OFF, -90, -60, -95), 4, "seen so before the command"),
        (2, sighting(OFF, -90, 1, -95), 4, "seen so before the command"),
        (2, sighting(OFF, 3, 3.5, 1), 2, "event"),
        (2, sighting(OFF, 3, 3.5, 2.5), 3, "seen otherwise at 2026-11-28 09:02:30"),
        (3.2, sighting(OFF, 3, 3.5, 1), 3, "seen so earlier"),
        (None, sighting(OFF, 3, 3.5, 1), 3, "reading"),
        (None, sighting(OFF, -90, -60), 4, "reading"),
    ],
)
def test_given_a_claimed_time_then_it_counts_only_where_the_readings_around_it_allow_it(
    claim: float | None, before: Sighting | None, expected: float, source: str
) -> None:
    said = None if claim is None else event(HeadEndEventKind.DISCONNECTED, claim)
    found = execution_time(said, HeadEndEventKind.DISCONNECTED, reading(OFF, 4), GIVEN, before)
    assert found.at == at(expected)
    assert source in found.source


moves = st.lists(st.tuples(st.floats(-30, 30), st.sampled_from(Supply)), max_size=6)
looks = st.lists(st.floats(-30, 30), max_size=6)
lies = st.none() | st.tuples(
    st.floats(-60, 60), st.sampled_from([HeadEndEventKind.DISCONNECTED, HeadEndEventKind.PROCESSED])
)


@given(moves=moves, looks=looks, lie=lies, last=st.floats(0, 30))
def test_given_a_head_end_that_lies_about_times_when_done_then_the_time_is_a_reading_or_lies_where_it_can_have_moved(
    moves: list[tuple[float, Supply]], looks: list[float], lie: tuple[float, HeadEndEventKind] | None, last: float
) -> None:
    def stood(minutes: float) -> Supply:
        return max(((m, s) for m, s in moves if m <= minutes), default=(0, ON), key=lambda move: move[0])[1]

    before = None
    earlier = sorted(look for look in looks if look < last)
    for look in earlier:
        before = seen(before, METER, stood(look), at(look))
    said = None if lie is None else event(lie[1], lie[0])
    found = conclude(CUT, said, reading(stood(last), last), GIVEN, before=before)
    if found.state is not OrderState.DONE:
        return
    assert found.executed_at is not None and found.executed_from is not None
    assert GIVEN <= found.executed_at <= at(last)
    readings = {at(look) for look in [*earlier, last]}
    if found.executed_at in readings | {GIVEN}:
        return
    assert found.executed_from == "event of the head-end system"
    around = [look for look in earlier if at(look) > found.executed_at]
    assert all(stood(look) is OFF for look in around), "no reading after it showed the contactor not yet moved"
    known_before = [look for look in earlier if at(look) <= found.executed_at]
    assert not known_before or stood(known_before[-1]) is not OFF, "it was seen otherwise before"
