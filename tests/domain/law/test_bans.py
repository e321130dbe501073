"""Which days the law forbids: every day of two years, by a calendar that is worked out here once more."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.law.bans import Bans
from csire_bridge.domain.law.judge import Forbidden, Permitted, WaitForLaw, judge
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind
from csire_bridge.domain.protection import NOT_PROTECTED, ProtectedKind, Protection
from tests.support.defaults import LAW
from tests.support.law import is_forbidden, suspension

DAY = timedelta(days=1)
FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
ALL_DAYS = [FIRST + n * DAY for n in range((LAST - FIRST).days + 1)]
VULNERABLE = Protection.of(ProtectedKind.VULNERABLE)
VENTILATED = Protection.of(ProtectedKind.HOME_VENTILATION)
DEFENCE = Protection.of(ProtectedKind.NATIONAL_DEFENCE)


@pytest.mark.parametrize("protection", [VULNERABLE, VENTILATED, None], ids=["vulnerable", "ventilated", "unknown"])
def test_given_a_protected_household_then_each_day_of_two_years_is_open_or_forbidden_as_the_law_says(
    protection: Protection | None,
) -> None:
    bans = Bans(suspension(), protection, LAW)
    told = {day: bans.on(day) is not None for day in ALL_DAYS}
    assert told == {day: is_forbidden(day) for day in ALL_DAYS}


def test_given_a_protected_household_then_each_ban_ends_on_the_first_day_that_is_open() -> None:
    bans = Bans(suspension(), VULNERABLE, LAW)
    for day in ALL_DAYS:
        banned = bans.on(day)
        if banned is not None:
            then = day
            while is_forbidden(then):
                then += DAY
            assert banned.open_on == then, day


NAMED = {
    date(2026, 4, 6): "Easter Monday",
    date(2026, 4, 3): "Good Friday, the eve of a Saturday",
    date(2027, 3, 29): "Easter Monday, still in winter",
    date(2026, 6, 4): "Corpus Christi",
    date(2026, 6, 3): "the eve of Corpus Christi",
    date(2026, 6, 5): "the Friday after Corpus Christi",
    date(2027, 5, 27): "Corpus Christi",
    date(2026, 4, 30): "the eve of 1 May",
    date(2026, 5, 1): "1 May",
    date(2026, 5, 2): "2 May, a Saturday",
    date(2026, 5, 3): "3 May, a Sunday",
    date(2026, 8, 14): "the eve of 15 August",
    date(2026, 12, 23): "the eve of Christmas Eve",
    date(2026, 12, 24): "Christmas Eve, a day off since 2025",
    date(2027, 3, 31): "the last day of winter",
    date(2026, 10, 30): "a Friday in October",
    date(2026, 11, 2): "a Monday in November",
}
OPEN = [date(2026, 4, 1), date(2026, 6, 2), date(2026, 5, 4), date(2026, 10, 28), date(2027, 4, 1)]


@pytest.mark.parametrize("day", NAMED, ids=list(NAMED.values()))
def test_given_a_known_day_when_a_protected_household_is_to_be_suspended_then_it_is_forbidden(day: date) -> None:
    assert Bans(suspension(), VULNERABLE, LAW).on(day) is not None


@pytest.mark.parametrize("day", OPEN, ids=str)
def test_given_an_ordinary_day_when_a_protected_household_is_to_be_suspended_then_it_is_permitted(day: date) -> None:
    assert Bans(suspension(), VULNERABLE, LAW).on(day) is None


@pytest.mark.parametrize("protection", [VULNERABLE, VENTILATED, DEFENCE, None, NOT_PROTECTED], ids=repr)
@pytest.mark.parametrize("other", [k for k in DisconnectionKind if k is not DisconnectionKind.DEBT])
def test_given_a_disconnection_for_another_reason_than_debt_then_no_ban_concerns_it(
    protection: Protection | None, other: DisconnectionKind
) -> None:
    bans = Bans(suspension(disconnection_kind=other), protection, LAW)
    assert not any(bans.on(day) for day in ALL_DAYS)


@pytest.mark.parametrize("protection", [VULNERABLE, DEFENCE, None], ids=repr)
def test_given_a_connection_then_no_ban_concerns_it(protection: Protection | None) -> None:
    bans = Bans(suspension(kind=OrderKind.RECONNECT, disconnection_kind=None), protection, LAW)
    assert not any(bans.on(day) for day in ALL_DAYS)


def test_given_a_household_that_is_not_protected_then_no_day_is_forbidden() -> None:
    assert not any(Bans(suspension(), NOT_PROTECTED, LAW).on(day) for day in ALL_DAYS)


def test_given_an_object_of_national_defence_then_every_day_is_forbidden_and_no_end_is_told() -> None:
    banned = [Bans(suspension(), DEFENCE, LAW).on(day) for day in ALL_DAYS]
    assert all(one is not None and one.open_on is None for one in banned)


def test_given_a_protection_that_ends_then_it_holds_on_its_last_day_and_no_day_longer() -> None:
    bans = Bans(suspension(), Protection.of(ProtectedKind.VULNERABLE, date(2026, 12, 9)), LAW)
    banned = bans.on(date(2026, 12, 9))
    assert banned is not None
    assert banned.open_on == date(2026, 12, 10)
    assert bans.on(date(2026, 12, 10)) is None


NIGHTS = [
    # the night before, the night itself: clocks go forward on 29.03.2026, and back on 25.10.2026
    (datetime(2026, 10, 22, 21, 59, tzinfo=UTC), True, "Thursday 23:59, summer time"),
    (datetime(2026, 10, 22, 22, 0, tzinfo=UTC), False, "Friday 00:00, summer time"),
    (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), False, "Sunday 02:30, the first time"),
    (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), False, "Sunday 02:30, the second time"),
    (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), False, "Sunday 23:59, winter time"),
    (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), True, "Monday 00:00, winter time"),
    (datetime(2026, 3, 31, 21, 59, tzinfo=UTC), False, "31 March 23:59, summer time"),
    (datetime(2026, 3, 31, 22, 0, tzinfo=UTC), True, "1 April 00:00, summer time"),
    (datetime(2027, 3, 28, 0, 59, tzinfo=UTC), False, "the last minute before clocks go forward, in winter"),
]


@pytest.mark.parametrize(("moment", "goes", "name"), NIGHTS, ids=[name for _, _, name in NIGHTS])
def test_given_a_moment_by_the_polish_clock_then_its_polish_day_decides(
    moment: datetime, goes: bool, name: str
) -> None:
    assert isinstance(judge(suspension(), VULNERABLE, LAW, moment, moment), Permitted) is goes, name


def test_given_a_command_that_may_act_after_midnight_then_the_next_day_must_be_open_too() -> None:
    late = datetime(2026, 10, 22, 21, 57, tzinfo=UTC)
    assert isinstance(judge(suspension(), VULNERABLE, LAW, late, late + timedelta(minutes=2)), Permitted)
    verdict = judge(suspension(), VULNERABLE, LAW, late, late + timedelta(minutes=5))
    assert isinstance(verdict, WaitForLaw)
    assert verdict.until.astimezone(WARSAW) == datetime(2026, 10, 26, tzinfo=WARSAW)


@pytest.mark.parametrize("day", ALL_DAYS[::7])
def test_given_any_day_then_the_end_that_is_told_is_the_first_moment_at_which_the_order_may_go(day: date) -> None:
    noon = datetime.combine(day, datetime.min.time(), WARSAW).astimezone(UTC) + timedelta(hours=12)
    verdict = judge(suspension(), VULNERABLE, LAW, noon, noon)
    assert isinstance(verdict, Permitted) is not is_forbidden(day)
    if isinstance(verdict, WaitForLaw | Forbidden):
        assert verdict.until is not None
        assert isinstance(judge(suspension(), VULNERABLE, LAW, verdict.until, verdict.until), Permitted)
        before = verdict.until - timedelta(seconds=1)
        assert not isinstance(judge(suspension(), VULNERABLE, LAW, before, before), Permitted)
