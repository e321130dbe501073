"""Moments: aware UTC inside, Polish days at the edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.clock import WARSAW, aware_utc, warsaw_midnight


def test_given_a_naive_moment_when_asked_for_utc_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        aware_utc(datetime(2026, 11, 23))  # noqa: DTZ001 - the naive one is the point


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-1))),
    ],
)
def test_given_a_moment_at_the_end_of_the_calendar_when_asked_for_utc_then_it_is_a_value_error(
    moment: datetime,
) -> None:
    with pytest.raises(ValueError, match="outside the calendar"):
        aware_utc(moment)


@pytest.mark.parametrize(
    ("moment", "midnight"),
    [
        ("2026-11-23T22:59:59", "2026-11-22T23:00"),
        ("2026-11-23T23:00:00", "2026-11-23T23:00"),
        ("2026-03-29T12:00:00", "2026-03-28T23:00"),  # the day has 23 hours
        ("2026-03-30T12:00:00", "2026-03-29T22:00"),
        ("2026-10-25T12:00:00", "2026-10-24T22:00"),  # the day has 25 hours
        ("2026-10-25T00:30:00", "2026-10-24T22:00"),
        ("2026-10-25T01:30:00", "2026-10-24T22:00"),
    ],
)
def test_given_a_moment_when_its_polish_day_starts_then_both_clock_changes_are_kept(moment: str, midnight: str) -> None:
    found = warsaw_midnight(datetime.fromisoformat(moment).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(midnight).replace(tzinfo=UTC)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - a range
def test_given_any_moment_when_its_polish_day_starts_then_it_is_the_same_polish_date_at_zero(moment: datetime) -> None:
    start = warsaw_midnight(moment)
    assert start <= moment < start + timedelta(hours=25)
    local = start.astimezone(WARSAW)
    assert (local.date(), local.hour, local.minute) == (moment.astimezone(WARSAW).date(), 0, 0)
