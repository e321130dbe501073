"""Days off in Poland, and terms that count in days: year ends, 24 December, long weekends, clock-change nights."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csire_bridge.domain.calendar.working_days import LAW, Calendar, Weekday, after_days, after_working_days
from csire_bridge.domain.clock import WARSAW, at_wall_clock, start_of

days = st.dates(date(2024, 1, 1), date(2031, 12, 31))
moments = st.integers(0, 7 * 365 * 24 * 60).map(lambda m: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=m))


def polish(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "off"),
    [
        ("2024-12-24", False),  # a working day for the last time
        ("2025-12-24", True),
        ("2026-12-24", True),
        ("2025-12-25", True),
        ("2025-12-26", True),
        ("2026-12-31", False),
        ("2027-01-01", True),
        ("2026-01-06", True),
        ("2026-04-06", True),  # Easter Monday
        ("2026-06-04", True),  # Corpus Christi, a Thursday
        ("2026-06-05", False),
        ("2026-05-01", True),
        ("2026-05-02", True),  # only because it is a Saturday
        ("2025-05-02", False),  # a Friday between two public holidays
        ("2026-11-11", True),
        ("2026-11-21", True),
        ("2026-11-23", False),
    ],
)
def test_given_a_day_when_asked_then_it_is_off_or_not_as_in_the_polish_calendar(day: str, off: bool) -> None:
    assert LAW.is_day_off(date.fromisoformat(day)) is off


def test_given_own_days_and_another_weekend_when_asked_then_both_count() -> None:
    own = Calendar(frozenset({Weekday.SUNDAY}), frozenset({date(2026, 12, 31)}))
    assert own.is_day_off(date(2026, 12, 31))
    assert not own.is_day_off(date(2026, 11, 21))  # a Saturday
    assert own.is_day_off(date(2026, 11, 22))
    assert own.is_day_off(date(2026, 11, 11))


@pytest.mark.parametrize(
    ("day", "ahead", "before"),
    [
        ("2026-11-20", 1, True),  # Friday
        ("2026-11-19", 1, False),
        ("2026-11-19", 2, True),
        ("2026-11-10", 1, True),  # before Independence Day
        ("2026-12-31", 1, True),  # over the end of the year
        ("2025-12-23", 1, True),
        ("2024-12-23", 1, False),
        ("2026-11-20", 0, False),
    ],
)
def test_given_days_before_days_off_when_asked_then_they_are_found_over_month_and_year_ends(
    day: str, ahead: int, before: bool
) -> None:
    assert LAW.is_before_day_off(date.fromisoformat(day), ahead) is before


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-11-23T10:00", 1, "2026-11-24T10:00"),
        ("2026-11-20T10:00", 1, "2026-11-23T10:00"),  # Friday to Monday
        ("2026-11-21T10:00", 1, "2026-11-24T00:00"),  # Saturday: Monday is the working day
        ("2026-11-22T23:59", 1, "2026-11-24T00:00"),
        ("2026-11-23T00:00", 1, "2026-11-24T00:00"),  # all of Monday
        ("2026-11-20T00:00", 1, "2026-11-21T00:00"),  # all of Friday, and not the weekend
        ("2026-11-10T12:00", 1, "2026-11-12T12:00"),
        ("2025-12-23T15:30", 1, "2025-12-29T15:30"),  # 24, 25, 26 December and a weekend
        ("2024-12-23T15:30", 1, "2024-12-24T15:30"),
        ("2026-12-31T16:00", 1, "2027-01-04T16:00"),
        ("2026-04-03T09:00", 1, "2026-04-07T09:00"),  # Easter
        ("2026-06-03T09:00", 1, "2026-06-05T09:00"),
        ("2025-04-30T09:00", 2, "2025-05-05T09:00"),  # 2 May works, 1 and 3 May don't
        ("2026-03-27T02:30", 1, "2026-03-30T02:30"),  # clocks change in between
        ("2026-10-23T02:30", 1, "2026-10-26T02:30"),
        ("2026-11-23T10:00", 5, "2026-11-30T10:00"),
        ("2026-11-21T10:00", 5, "2026-11-28T00:00"),
    ],
)
def test_given_a_beginning_when_working_days_are_counted_then_the_end_is_the_strict_one(
    start: str, count: int, end: str
) -> None:
    assert after_working_days(polish(start), count) == polish(end)


@settings(deadline=None)
@given(moment=moments, count=st.integers(1, 8))
def test_given_any_moment_when_working_days_are_counted_then_just_so_many_working_days_of_time_lie_between(
    moment: datetime, count: int
) -> None:
    end = after_working_days(moment, count)
    day, local_end = moment.astimezone(WARSAW).date(), end.astimezone(WARSAW)
    worked = timedelta(0)  # by the wall clock, so that a day of 23 hours counts as one
    while day <= local_end.date():
        if not LAW.is_day_off(day):
            first = max(moment.astimezone(WARSAW).replace(tzinfo=None), datetime.combine(day, time(0)))
            last = min(local_end.replace(tzinfo=None), datetime.combine(day + timedelta(days=1), time(0)))
            worked += max(timedelta(0), last - first)
        day += timedelta(days=1)
    assert worked == timedelta(days=count)


@settings(deadline=None)
@given(moment=moments, count=st.integers(1, 5), more=st.timedeltas(timedelta(0), timedelta(days=9)))
def test_given_a_later_moment_when_working_days_are_counted_then_the_end_is_never_earlier(
    moment: datetime, count: int, more: timedelta
) -> None:
    assert after_working_days(moment, count) <= after_working_days(moment + more, count) + timedelta(hours=1)


@pytest.mark.parametrize(
    ("start", "later", "end"),
    [
        ("2026-03-28T02:30", False, "2026-03-29T00:30+00:00"),  # 02:30 never comes on the 29th
        ("2026-03-28T02:30", True, "2026-03-29T01:30+00:00"),
        ("2026-10-24T02:30", False, "2026-10-25T00:30+00:00"),  # 02:30 comes twice
        ("2026-10-24T02:30", True, "2026-10-25T01:30+00:00"),
        ("2026-10-24T12:00", True, "2026-10-25T11:00+00:00"),
    ],
)
def test_given_a_clock_change_night_when_a_day_is_counted_then_the_choice_of_the_caller_decides(
    start: str, later: bool, end: str
) -> None:
    assert after_days(polish(start), 1, later=later) == datetime.fromisoformat(end)


@given(day=days)
def test_given_any_day_when_its_start_is_asked_for_then_clocks_show_midnight(day: date) -> None:
    shown = start_of(day).astimezone(WARSAW)
    assert (shown.date(), shown.time()) == (day, time(0))
    assert at_wall_clock(datetime.combine(day, time(0)), later=True) == start_of(day)
