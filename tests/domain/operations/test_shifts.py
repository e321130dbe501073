"""Shifts begin at 6, 14 and 22 o'clock in Poland, also where clocks are changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from csire_bridge.domain.operations.shifts import DESK_ACTS, Shift
from csire_bridge.domain.people.acts import Act


@pytest.mark.parametrize(
    ("moment", "day", "number"),
    [
        (datetime(2026, 11, 23, 4, 59, tzinfo=UTC), date(2026, 11, 22), 2),
        (datetime(2026, 11, 23, 5, tzinfo=UTC), date(2026, 11, 23), 0),
        (datetime(2026, 11, 23, 12, 59, tzinfo=UTC), date(2026, 11, 23), 0),
        (datetime(2026, 11, 23, 13, tzinfo=UTC), date(2026, 11, 23), 1),
        (datetime(2026, 11, 23, 21, tzinfo=UTC), date(2026, 11, 23), 2),
        (datetime(2026, 11, 23, 23, 30, tzinfo=UTC), date(2026, 11, 23), 2),
    ],
)
def test_a_moment_belongs_to_the_shift_that_began_last(moment: datetime, day: date, number: int) -> None:
    shift = Shift.at(moment)
    assert shift == Shift(day, number)
    assert shift.since <= moment < shift.until
    assert shift.after.before == shift == shift.before.after


def test_the_night_in_which_clocks_go_back_has_nine_hours_and_the_other_one_seven() -> None:
    autumn, spring = Shift(date(2026, 10, 24), 2), Shift(date(2026, 3, 28), 2)
    assert autumn.until - autumn.since == timedelta(hours=9)
    assert spring.until - spring.since == timedelta(hours=7)


def test_a_book_has_acts_at_the_desk_and_no_readings_or_sign_ins() -> None:
    assert {Act.HOLD_SET, Act.ORDER_RETRY, Act.SHIFT_NOTE, Act.STOP_THROW} <= set(DESK_ACTS)
    assert not {Act.ORDER_READ, Act.LOGIN, Act.USER_ADD, Act.AUDIT_EXPORT} & set(DESK_ACTS)
