"""When something may be sent, held against an oracle that looks at every minute's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from csire_bridge.domain.calendar.hours import ALL_DAY, ALWAYS, NO_HOURS, Hours, Week
from csire_bridge.domain.calendar.windows import ANY_TIME, DateRange, OpenTimes, Pause, Window
from csire_bridge.domain.calendar.working_days import LAW, Calendar
from csire_bridge.domain.clock import WARSAW
from tests.support.chance import examples

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
OFFICE = Week.of({"monday-thursday": [Hours.parse("08:00-15:00")]})
NIGHTS = Week.of({"every-day": [Hours.parse("22:00-06:00")]})


def polish(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW).astimezone(UTC)


def week(**hours: str) -> Week:
    return Week.of({name.replace("_", "-"): [Hours.parse(text)] for name, text in hours.items()})


# --- hours and weeks


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [("08:00-15:00", 480, 900), ("00:00-24:00", 0, 1440), ("22:00-06:00", 1320, 1800), ("22:00-00:00", 1320, 1440)],
)
def test_given_hours_when_read_then_they_are_minutes_of_the_day(text: str, start: int, end: int) -> None:
    assert Hours.parse(text) == Hours(start, end)


@pytest.mark.parametrize("text", ["", "8-15", "08:00", "24:00-06:00", "08:60-09:00", "08:00-24:01", "08:00-08:00", "x"])
def test_given_nonsense_when_read_as_hours_then_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"hours|day"):
        Hours.parse(text)


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ({"monday": ["08:00-12:00", "11:00-15:00"]}, "hours of monday overlap: 08:00-12:00 and 11:00-15:00"),
        ({"monday": ["22:00-06:00"], "tuesday": ["05:00-07:00"]}, "hours of tuesday overlap"),
        ({"sunday": ["22:00-06:00"], "monday": ["05:00-07:00"]}, "hours of monday overlap"),
        ({"monday-thursday": ["08:00-12:00"], "tuesday": ["08:00-12:00"]}, "tuesday is named twice"),
        ({"thursday-monday": ["08:00-12:00"]}, "runs backwards"),
        ({"mon": ["08:00-12:00"]}, "no day such as"),
    ],
)
def test_given_a_week_that_contradicts_itself_when_made_then_it_is_refused(
    entries: dict[str, list[str]], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        Week.of({name: [Hours.parse(text) for text in texts] for name, texts in entries.items()})


def test_given_hours_that_touch_when_made_into_a_week_then_they_are_no_overlap() -> None:
    touching = [Hours.parse("12:00-15:00"), Hours.parse("08:00-12:00")]
    assert str(Week.of({"monday": touching})) == "monday 08:00-12:00, 12:00-15:00"
    assert str(ALWAYS) == "every-day all-day"
    assert str(NO_HOURS) == "no hours"
    assert str(OFFICE) == "monday-thursday 08:00-15:00"


# --- tables


@pytest.mark.parametrize(
    ("window", "at", "opens"),
    [
        (ANY_TIME, "2026-12-25T03:00", "2026-12-25T03:00"),
        (Window(OFFICE), "2026-11-23T07:59", "2026-11-23T08:00"),
        (Window(OFFICE), "2026-11-23T08:00", "2026-11-23T08:00"),
        (Window(OFFICE), "2026-11-23T14:59", "2026-11-23T14:59"),
        (Window(OFFICE), "2026-11-23T15:00", "2026-11-24T08:00"),
        (Window(OFFICE), "2026-11-19T15:00", "2026-11-23T08:00"),  # Thursday to Monday
        (Window(OFFICE), "2026-11-11T09:00", "2026-11-11T09:00"),  # a public holiday: nobody said not to
        (Window(OFFICE, on_days_off=False), "2026-11-11T09:00", "2026-11-12T08:00"),
        (Window(OFFICE, False, 1), "2026-11-09T15:00", "2026-11-12T08:00"),  # the 10th is before a day off
        (Window(OFFICE, False, 1), "2026-04-02T15:00", "2026-04-07T08:00"),  # Easter
        (Window(OFFICE, False, 1), "2025-12-22T15:00", "2025-12-29T08:00"),  # 24 December is off
        (Window(OFFICE, False, 1), "2024-12-22T15:00", "2024-12-23T08:00"),  # and was not in 2024
        (Window(OFFICE, False, 1), "2024-12-23T15:00", "2024-12-30T08:00"),
        (Window(OFFICE, False, 1), "2026-12-30T15:00", "2027-01-04T08:00"),  # the year's end
        (Window(week(monday_friday="08:00-15:00"), False), "2025-04-30T15:00", "2025-05-02T08:00"),
        (Window(week(monday_friday="08:00-15:00"), False, 1), "2025-04-29T15:00", "2025-05-05T08:00"),
        (Window(week(friday="22:00-06:00")), "2026-11-21T05:59", "2026-11-21T05:59"),
        (Window(week(friday="22:00-06:00")), "2026-11-21T06:00", "2026-11-27T22:00"),
        (Window(week(friday="22:00-06:00"), False), "2026-11-20T23:59", "2026-11-20T23:59"),
        (Window(week(friday="22:00-06:00"), False), "2026-11-21T00:00", "2026-11-27T22:00"),  # Saturday is off
        (Window(week(sunday="22:00-06:00"), False), "2026-11-20T12:00", None),  # begins on a day off, always
        (Window(week(sunday="22:00-06:00")), "2026-12-31T12:00", "2027-01-03T22:00"),
        (Window(week(saturday="22:00-06:00")), "2026-11-22T05:30", "2026-11-22T05:30"),
        (Window(NO_HOURS), "2026-11-23T08:00", None),
        (Window(week(friday="08:00-15:00"), False, 1), "2026-11-23T08:00", None),
    ],
)
def test_given_a_window_when_asked_for_the_next_open_moment_then_it_is_this_one(
    window: Window, at: str, opens: str | None
) -> None:
    assert OpenTimes(window, LAW).next_open(polish(at)) == (polish(opens) if opens else None)


@pytest.mark.parametrize(
    ("hours", "at", "opens"),
    [
        # 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC
        ("02:15-02:45", "2026-03-29T00:00+00:00", "2026-03-30T00:15+00:00"),  # never comes that night
        ("02:30-05:00", "2026-03-29T00:00+00:00", "2026-03-29T01:00+00:00"),
        ("01:00-03:00", "2026-03-29T00:59+00:00", "2026-03-29T00:59+00:00"),
        ("01:00-03:00", "2026-03-29T01:00+00:00", "2026-03-29T23:00+00:00"),
        ("22:00-02:30", "2026-03-29T00:59+00:00", "2026-03-29T00:59+00:00"),
        ("22:00-02:30", "2026-03-29T01:00+00:00", "2026-03-29T20:00+00:00"),
        # 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC
        ("02:15-02:45", "2026-10-25T00:00+00:00", "2026-10-25T00:15+00:00"),
        ("02:15-02:45", "2026-10-25T00:45+00:00", "2026-10-25T01:15+00:00"),  # and once more
        ("02:15-02:45", "2026-10-25T01:45+00:00", "2026-10-26T01:15+00:00"),
        ("22:00-02:30", "2026-10-25T00:30+00:00", "2026-10-25T01:00+00:00"),
        ("02:30-06:00", "2026-10-25T00:59+00:00", "2026-10-25T00:59+00:00"),
        ("02:30-06:00", "2026-10-25T01:00+00:00", "2026-10-25T01:30+00:00"),
        ("23:00-24:00", "2026-10-25T12:00+00:00", "2026-10-25T22:00+00:00"),
    ],
)
def test_given_a_clock_change_night_when_asked_then_open_is_what_the_clock_shows(
    hours: str, at: str, opens: str
) -> None:
    times = OpenTimes(Window(week(every_day=hours)), LAW)
    assert times.next_open(datetime.fromisoformat(at)) == datetime.fromisoformat(opens)


@pytest.mark.parametrize(
    ("pause", "at", "opens"),
    [
        (Pause(NIGHTS), "2026-11-23T22:00", "2026-11-24T06:00"),
        (Pause(NIGHTS), "2026-11-23T21:59", "2026-11-23T21:59"),
        (Pause(on_days_off=True, days_before_days_off=1), "2026-11-20T00:00", "2026-11-23T00:00"),
        (Pause(on_days_off=True), "2025-12-24T12:00", "2025-12-29T00:00"),
        (
            Pause(dates=(DateRange(date(2000, 11, 1), date(2000, 3, 31), yearly=True),)),
            "2026-12-31T12:00",
            "2027-04-01",
        ),
        (Pause(dates=(DateRange(date(2026, 11, 23), date(2026, 11, 24)),)), "2026-11-23T12:00", "2026-11-25T00:00"),
        (Pause(dates=(DateRange(date(2000, 1, 1), date(2000, 12, 31), yearly=True),)), "2026-11-23T12:00", None),
        (Pause(ALWAYS), "2026-11-23T12:00", None),
    ],
)
def test_given_a_pause_when_asked_then_nothing_in_it_is_open(pause: Pause, at: str, opens: str | None) -> None:
    assert OpenTimes(ANY_TIME, LAW, pause).next_open(polish(at)) == (polish(opens) if opens else None)


# --- the oracle

minutes = st.integers(0, 95).map(lambda quarter: quarter * 15)
spans = st.tuples(minutes, st.integers(1, 48)).map(lambda s: Hours(s[0], min(s[0] + s[1] * 15, 2880)))
weeks = st.lists(st.one_of(st.none(), spans), min_size=7, max_size=7).map(
    lambda days: _legal([() if hours is None else (hours,) for hours in days])
)
calendars = st.builds(
    Calendar,
    st.frozensets(st.sampled_from(list(LAW.weekend)), max_size=2),
    st.frozensets(st.dates(date(2026, 3, 20), date(2026, 4, 10)), max_size=3),
)
windows = st.builds(Window, weeks, st.booleans(), st.integers(0, 2))
pauses = st.one_of(
    st.none(),
    st.builds(
        Pause,
        st.one_of(st.just(NO_HOURS), weeks),
        st.just((DateRange(date(2000, 12, 30), date(2000, 1, 2), yearly=True),)),
        st.booleans(),
        st.integers(0, 1),
    ),
)
# Around what is hard: both clock-change nights, the end of the year, Easter, Corpus Christi.
starts = st.tuples(
    st.sampled_from([date(2026, 3, 27), date(2026, 10, 23), date(2026, 12, 23), date(2026, 4, 2), date(2026, 6, 2)]),
    st.integers(0, 3 * 24 * 60),
).map(lambda s: datetime(s[0].year, s[0].month, s[0].day, tzinfo=UTC) + s[1] * MINUTE)


def _legal(days: list[tuple[Hours, ...]]) -> Week:
    """Hours over midnight give way to those of the next day."""
    cut = []
    for index, hours in enumerate(days):
        following = days[(index + 1) % 7]
        latest = 1440 + (following[0].start if following else 1440)
        cut.append(tuple(Hours(h.start, min(h.end, latest, 2880)) for h in hours))
    return Week(tuple(cut))


def shown_open(window: Window, calendar: Calendar, pause: Pause | None, moment: datetime) -> bool:
    """The rule in the plainest words: look at the clock on the wall, and at yesterday's hours."""
    wall = moment.astimezone(WARSAW)
    today, minute = wall.date(), wall.hour * 60 + wall.minute

    def sends(day: date) -> bool:
        if calendar.is_day_off(day) and not window.on_days_off:
            return False
        return not any(calendar.is_day_off(day + n * DAY) for n in range(1, window.days_before_days_off + 1))

    def within(hours: Week, day: date, at: int) -> bool:
        return any(h.start <= at < h.end for h in hours.days[day.weekday()])

    if not sends(today):
        return False
    yesterday = today - DAY
    late = sends(yesterday) and within(window.week, yesterday, minute + 1440)
    if not (within(window.week, today, minute) or late):
        return False
    if pause is None:
        return True
    if within(pause.week, today, minute) or within(pause.week, yesterday, minute + 1440):
        return False
    if any(today in dates for dates in pause.dates) or (pause.on_days_off and calendar.is_day_off(today)):
        return False
    return not any(calendar.is_day_off(today + n * DAY) for n in range(1, pause.days_before_days_off + 1))


@settings(max_examples=examples(150), deadline=None)
@given(window=windows, calendar=calendars, pause=pauses, start=starts)
@example(Window(NIGHTS), LAW, None, datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
def test_given_any_rules_when_asked_then_the_next_open_moment_is_that_of_a_minute_by_minute_look(
    window: Window, calendar: Calendar, pause: Pause | None, start: datetime
) -> None:
    found = OpenTimes(window, calendar, pause).next_open(start)
    looked = (start + n * MINUTE for n in range(4 * 24 * 60))
    expected = next((moment for moment in looked if shown_open(window, calendar, pause, moment)), None)
    if expected is None:
        assert found is None or found >= start + 4 * DAY
        assert found is None or shown_open(window, calendar, pause, found)
    else:
        assert found == expected


@settings(max_examples=examples(60), deadline=None)
@given(window=windows, calendar=calendars, start=starts, step=st.timedeltas(timedelta(0), 6 * DAY))
def test_given_any_rules_when_asked_twice_then_later_never_opens_earlier_and_an_open_moment_is_its_own(
    window: Window, calendar: Calendar, start: datetime, step: timedelta
) -> None:
    times = OpenTimes(window, calendar)
    first, second = times.next_open(start), times.next_open(start + step)
    if first is not None:
        assert first >= start
        assert times.next_open(first) == first
    if first is not None and second is not None:
        assert first <= second
        if start + step <= first:
            assert first == second


def test_given_a_day_of_each_length_when_open_all_day_then_its_pieces_fill_it() -> None:
    times = OpenTimes(Window(week(every_day="00:00-24:00"), days_before_days_off=0), LAW, Pause())
    lengths = {date(2026, 3, 29): 23, date(2026, 10, 25): 25, date(2026, 11, 23): 24}
    for day, hours in lengths.items():
        assert sum((end - start for start, end in times.of_day(day)), timedelta(0)) == timedelta(hours=hours)
    assert Hours.parse("00:00-24:00") == ALL_DAY
