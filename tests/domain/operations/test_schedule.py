"""When ticks are due: late and missed ones are caught up once, over both clock-change nights."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.operations.schedule import Daily, Every

NIGHTLY = Daily(time(2, 30))
MINUTE = timedelta(minutes=1)


def runs(schedule: Daily, start: datetime, end: datetime, step: timedelta = MINUTE) -> list[datetime]:
    """When it is done if somebody looks in steps."""
    found: list[datetime] = []
    moment = start
    while moment < end:
        if schedule.is_due(start, found[-1] if found else None, moment):
            found.append(moment)
        moment += step
    return found


@pytest.mark.parametrize(
    ("start", "local"),
    [
        (datetime(2026, 11, 22, 23, tzinfo=UTC), "02:30"),
        (datetime(2026, 3, 28, 23, tzinfo=UTC), "01:30"),  # clocks go from 02:00 to 03:00
        (datetime(2026, 10, 24, 22, tzinfo=UTC), "02:30"),  # clocks go from 03:00 back to 02:00
    ],
)
def test_given_a_night_when_looked_at_each_minute_then_it_is_done_once_at_its_polish_time(
    start: datetime, local: str
) -> None:
    (done,) = runs(NIGHTLY, start, start + timedelta(hours=23))
    assert f"{done.astimezone(WARSAW):%H:%M}" == local


def test_given_the_night_on_which_the_hour_comes_twice_then_it_is_the_first_of_both() -> None:
    (done,) = runs(NIGHTLY, datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 22, tzinfo=UTC))
    assert done == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_given_a_service_that_was_away_for_a_week_when_it_is_back_then_it_is_caught_up_once() -> None:
    done_at = datetime(2026, 11, 16, 1, 30, tzinfo=UTC)
    back = datetime(2026, 11, 23, 14, tzinfo=UTC)
    assert NIGHTLY.is_due(done_at, done_at, back)
    assert not NIGHTLY.is_due(done_at, back, back + MINUTE)
    assert NIGHTLY.is_due(done_at, back, datetime(2026, 11, 24, 1, 30, tzinfo=UTC))


def test_given_a_tick_that_was_never_done_then_it_waits_for_its_time_unless_it_is_wanted_at_once() -> None:
    now = datetime(2026, 11, 23, 14, tzinfo=UTC)
    assert not NIGHTLY.is_due(now, None, now)
    assert Daily(time(2, 30), first_at_once=True).is_due(now, None, now)


def test_given_a_service_that_runs_by_day_only_then_each_night_is_caught_up_each_morning() -> None:
    since = morning = datetime(2026, 11, 23, 7, tzinfo=UTC)
    done = None
    for day in range(1, 4):
        morning = since + timedelta(days=day)
        assert NIGHTLY.is_due(since, done, morning)
        done = morning


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1)).map(lambda d: d.replace(tzinfo=UTC)),  # noqa: DTZ001
    st.times(),
    st.integers(1, 40),
)
def test_given_any_hour_and_any_days_then_it_is_done_once_for_each_polish_day(
    start: datetime, at: time, days: int
) -> None:
    schedule = Daily(at)
    moments = {schedule.newest(start + timedelta(hours=hour)) for hour in range(24 * days + 1)}
    assert days <= len(moments) <= days + 2
    assert len({moment.astimezone(WARSAW).date() for moment in moments}) == len(moments)


def test_given_a_pause_then_it_is_due_again_after_it_and_when_the_clock_was_set_back() -> None:
    now = datetime(2026, 11, 23, 14, tzinfo=UTC)
    every = Every(MINUTE)
    assert every.is_due(now, None, now)
    assert not every.is_due(now, now, now + MINUTE - timedelta.resolution)
    assert every.is_due(now, now, now + MINUTE)
    assert every.is_due(now, now, now - timedelta(hours=1))
