"""What the head-end system's clock shows at least, whatever its replies say and our own clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.meter.head_end_clock import HeadEndClock
from tests.support.defaults import EXECUTION

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
POLICY = EXECUTION


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_given_no_reply_that_tells_a_time_then_nothing_is_known_and_the_guess_is_cautious() -> None:
    assert HeadEndClock().shows(NOW, 5.0) is None
    assert POLICY.shown(NOW, None) == NOW - timedelta(minutes=5)


def test_given_a_clock_behind_ours_then_it_goes_on_from_its_last_reply_by_our_counter() -> None:
    clock = HeadEndClock()
    clock.heard(NOW - MINUTE, 100.0, 100.0)
    assert clock.shows(NOW, 100.0) == NOW - MINUTE
    assert clock.shows(NOW + seconds(30), 130.0) == NOW - seconds(30)


def test_given_that_our_clock_is_set_forward_then_theirs_has_not_moved() -> None:
    clock = HeadEndClock()
    clock.heard(NOW, 100.0, 100.0)
    assert clock.shows(NOW + timedelta(hours=2), 101.0) == NOW + seconds(1)


def test_given_a_clock_ahead_of_ours_or_one_that_takes_local_time_for_utc_then_no_command_ends_early() -> None:
    clock = HeadEndClock()
    clock.heard(NOW + timedelta(hours=2), 100.0, 100.0)
    assert clock.shows(NOW + seconds(1), 101.0) == NOW + seconds(1)


def test_given_replies_that_are_behind_then_it_is_known_for_sure_by_the_one_that_is_the_most() -> None:
    clock = HeadEndClock()
    assert clock.behind(NOW, 100.0) == seconds(0)
    clock.heard(NOW - 4 * MINUTE, 100.0, 100.0)
    assert clock.behind(NOW, 100.0) == 4 * MINUTE
    clock.heard(NOW - MINUTE, 100.0, 100.0)
    assert clock.behind(NOW, 100.0) == MINUTE
    assert clock.shows(NOW, 100.0) == NOW - 4 * MINUTE, "commands end by the one that is the least"


def test_given_replies_that_are_ahead_then_it_is_known_for_sure_by_the_one_that_is_the_least() -> None:
    clock = HeadEndClock()
    assert clock.ahead(NOW, 100.0) == seconds(0)
    clock.heard(NOW + timedelta(hours=2), 90.0, 100.0)
    assert clock.ahead(NOW, 100.0) == timedelta(hours=2)
    clock.heard(NOW + MINUTE, 100.0, 100.0)
    assert clock.ahead(NOW, 100.0) == MINUTE
    clock.heard(NOW - MINUTE, 100.0, 100.0)
    assert clock.ahead(NOW, 100.0) == seconds(0)


def test_given_several_machines_then_the_one_that_is_the_latest_counts_until_nobody_has_heard_of_it_for_long() -> None:
    clock = HeadEndClock()
    for count in range(41):
        late = MINUTE if count == 2 else seconds(0)
        clock.heard(NOW + seconds(60 * count) - late, 60.0 * count, 60.0 * count)
        shown = clock.shows(NOW + timedelta(days=1), 60.0 * count)
        assert shown is not None
        behind = NOW + seconds(60 * count) - shown
        assert behind in (seconds(0), MINUTE)
        if 2 <= count <= 10:
            assert behind == MINUTE
        if count > 22:
            assert behind == seconds(0)


@pytest.mark.parametrize("told", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_given_a_time_at_the_end_of_the_calendar_then_it_is_taken_as_it_is(told: datetime) -> None:
    clock = HeadEndClock()
    clock.heard(told, 100.0, 100.0)
    shown = clock.shows(NOW, 101.0)
    assert shown is not None
    assert shown <= NOW


@given(
    skew=st.timedeltas(timedelta(hours=-3), timedelta(hours=3)),
    delays=st.lists(st.floats(0, 60), min_size=1, max_size=20),
    step=st.timedeltas(timedelta(hours=-3), timedelta(hours=3)),
    later=st.floats(0, 10_000),
)
def test_given_any_skew_delay_and_step_then_neither_what_it_shows_nor_how_far_it_is_behind_is_said_to_be_more(
    skew: timedelta, delays: list[float], step: timedelta, later: float
) -> None:
    clock, counter = HeadEndClock(), 1000.0
    for delay in delays:
        told = NOW + seconds(counter + delay / 2) + skew
        asked, counter = counter, counter + delay
        clock.heard(told, asked, counter)
    counter += later
    shown = clock.shows(NOW + seconds(counter) + step, counter)
    assert shown is not None
    ours, theirs = NOW + seconds(counter) + step, NOW + seconds(counter) + skew
    assert shown <= theirs + seconds(0.001)
    assert clock.behind(ours, counter) <= max(ours - theirs, seconds(0)) + seconds(0.001)
