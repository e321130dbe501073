"""Clocks: which run for an order, from when, until when, and that the strictest one drives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.config.settings import load_settings
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.law.clocks import OWN_TERM, clocks_of, deadline_of, nearer, with_deadline
from csire_bridge.domain.order.deadlines import CountFrom, Term, Unit
from csire_bridge.domain.order.order import DisconnectionKind, Order, OrderKind, ReconnectionReason
from csire_bridge.service.wiring.settings_to_values import deadlines_of
from tests.support.defaults import DEADLINES
from tests.support.law import is_day_off, suspension
from tests.support.rules import polish

DAY = timedelta(days=1)
PREPAID = suspension(disconnection_kind=DisconnectionKind.PREPAID)
ON = suspension(kind=OrderKind.RECONNECT, disconnection_kind=None)
TOPPED_UP = replace(ON, reconnection_reason=ReconnectionReason.PREPAID_TOPPED_UP)
COMPLAINT = replace(ON, reconnection_reason=ReconnectionReason.COMPLAINT)
DEBT = suspension()
TARIFF = suspension(kind=OrderKind.PARAMETRISATION, disconnection_kind=None)
HIGH, NORMAL = "undelivered-high-priority", "undelivered-normal-priority"
LOOSENED = [{"rule": "prepaid-working-day", "by": "Anna Nowak", "why": "the board, 3.11.2026"}]


@pytest.mark.parametrize(
    ("order", "undelivered", "rules"),
    [
        (PREPAID, False, ["prepaid-working-day"]),
        (PREPAID, True, ["prepaid-working-day", NORMAL]),
        (TOPPED_UP, False, ["prepaid-working-day"]),
        (TOPPED_UP, True, ["prepaid-working-day", HIGH]),
        (COMPLAINT, False, ["complaint-supply-back"]),
        (COMPLAINT, True, [HIGH, "complaint-supply-back"]),
        (ON, False, []),
        (ON, True, [HIGH]),
        (DEBT, False, []),
        (DEBT, True, [NORMAL]),
        (TARIFF, False, []),
        (TARIFF, True, [NORMAL]),
    ],
)
def test_given_an_order_of_a_working_day_then_these_clocks_run_the_strictest_first(
    order: Order, undelivered: bool, rules: list[str]
) -> None:
    running = clocks_of(replace(order, registered_at=polish("2026-11-23T10:00")), DEADLINES, undelivered=undelivered)
    assert [clock.rule for clock in running] == rules
    assert all("Dz.U." in clock.words for clock in running), "each names its source"


def independent_end(begin: datetime, working_days: int) -> datetime:
    """The end of so many working days by the Polish clock, worked out without the product; naive local moments."""
    day, clock = begin.date(), begin.time()
    while is_day_off(day):
        day, clock = day + DAY, time(0)
    for _ in range(working_days - (clock == time(0))):
        day += DAY
        while is_day_off(day):
            day += DAY
    return datetime.combine(day + DAY if clock == time(0) else day, clock)


def utc(local: datetime) -> datetime:
    return local.replace(tzinfo=WARSAW).astimezone(UTC)


@pytest.mark.parametrize("clock", [time(0, 0), time(10, 30), time(23, 59)])
def test_given_every_day_of_two_years_then_each_clock_ends_as_worked_out_by_hand(clock: time) -> None:
    for n in range(730):
        local = datetime.combine(date(2026, 1, 1) + n * DAY, clock)
        at = utc(local)
        assert deadline_of(replace(PREPAID, registered_at=at), DEADLINES) == utc(independent_end(local, 1)), local
        assert deadline_of(replace(COMPLAINT, registered_at=at), DEADLINES) == utc(local + 3 * DAY), local
        assert deadline_of(replace(DEBT, registered_at=at), DEADLINES, undelivered=True) == utc(
            independent_end(local, 3)
        ), local
        assert deadline_of(replace(ON, registered_at=at), DEADLINES, undelivered=True) == at + timedelta(hours=24), (
            local
        )


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("2026-03-28T12:00", "2026-03-29T13:00"),  # the night has an hour less
        ("2026-10-24T12:00", "2026-10-25T11:00"),  # and this one an hour more
    ],
)
def test_given_a_night_in_which_clocks_change_then_24_hours_are_24_hours(begin: str, end: str) -> None:
    assert deadline_of(replace(ON, registered_at=polish(begin)), DEADLINES, undelivered=True) == polish(end)


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("2026-04-03T09:00", "2026-04-09T09:00"),  # Good Friday is a working day, Easter Monday is none
        ("2026-04-30T09:00", "2026-05-06T09:00"),  # 1 and 3 May
        ("2026-06-03T09:00", "2026-06-09T09:00"),  # Corpus Christi
        ("2026-12-23T09:00", "2026-12-30T09:00"),  # 24 to 26 December
    ],
)
def test_given_days_off_then_three_working_days_leave_them_out(begin: str, end: str) -> None:
    assert deadline_of(replace(DEBT, registered_at=polish(begin)), DEADLINES, undelivered=True) == polish(end)


def test_given_a_rule_that_does_not_hold_yet_then_its_clock_does_not_run() -> None:
    early = replace(PREPAID, registered_at=polish("2025-06-30T12:00"))
    assert clocks_of(early, DEADLINES, undelivered=True) == []
    assert deadline_of(replace(early, registered_at=polish("2025-07-01T12:00")), DEADLINES) is not None


@given(
    st.sampled_from([PREPAID, TOPPED_UP, COMPLAINT, ON, DEBT, TARIFF]),
    st.datetimes(datetime(2025, 7, 2), datetime(2028, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001
    st.integers(0, 100),
    st.sampled_from([None, Term(1, Unit.HOURS), Term(2, Unit.WORKING_DAYS), Term(9, Unit.DAYS)]),
    st.sampled_from(CountFrom),
)
def test_given_any_order_then_the_smallest_end_drives_and_nothing_makes_it_later(
    order: Order, at: datetime, hours: int, own: Term | None, count_from: CountFrom
) -> None:
    order, received = replace(order, registered_at=at), at + timedelta(hours=hours)
    deadlines = replace(DEADLINES, terms={order.kind.value: own}, count_from=count_from)
    lawful = replace(deadlines, terms={})
    for undelivered in (False, True):
        running = clocks_of(order, deadlines, received, undelivered=undelivered)
        deadline = deadline_of(order, deadlines, received, undelivered=undelivered)
        assert deadline == min((clock.until for clock in running), default=None)
        assert all(clock.since == (received if count_from is CountFrom.RECEIPT else at) for clock in running)
        by_law = deadline_of(order, lawful, received, undelivered=undelivered)
        assert by_law is None or (deadline is not None and deadline <= by_law), "an own term loosens nothing"
    before = deadline_of(order, deadlines, received)
    after = deadline_of(order, deadlines, received, undelivered=True)
    assert after is not None
    assert before is None or after <= before


def test_given_an_undelivered_command_then_the_order_warns_at_half_and_four_fifths_of_what_runs_then() -> None:
    order = replace(ON, registered_at=polish("2026-11-23T10:00"))
    assert with_deadline(order, DEADLINES).deadline is None
    late = with_deadline(replace(order, undelivered_at=polish("2026-11-23T11:00")), DEADLINES)
    assert (late.half_time, late.deadline) == (polish("2026-11-23T22:00"), polish("2026-11-24T10:00"))
    assert nearer(order, late) == nearer(late, order)
    assert nearer(order, late)["deadline"] == late.deadline


# --- the operator's own terms


@pytest.mark.parametrize(
    ("within", "told"),
    [
        ({"disconnect-prepaid": "none"}, "takes away the 1 working day"),
        ({"disconnect-prepaid": "2 working days"}, "is longer than the 1 working day"),
        ({"disconnect": "3 days"}, "prepaid-working-day of the law gives disconnect-prepaid"),
        ({"reconnect": "none"}, "complaint-supply-back"),
        ({"reconnect-complaint": "2 working days"}, "is longer than the 3 days"),  # over a weekend
    ],
)
def test_given_a_term_that_loosens_the_law_then_the_start_is_refused_in_words(
    within: dict[str, str], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        deadlines_of(load_settings(environment=False, deadlines={"within": within}))


@pytest.mark.parametrize(
    "within",
    [
        {"disconnect-prepaid": "4 hours"},
        {"disconnect-prepaid": "1 working day", "disconnect": "9 days"},
        {"disconnect-debt": "none"},  # the law has no clock from its receipt on
        {"reconnect-complaint": "1 day"},
        {"agreement-start": "9 days"},  # where it can't be delivered, the law's clock runs as well
    ],
)
def test_given_a_term_that_is_stricter_or_of_other_orders_then_it_is_taken(within: dict[str, str]) -> None:
    deadlines_of(load_settings(environment=False, deadlines={"within": within}))


def test_given_a_rule_that_is_loosened_by_name_then_the_operators_own_term_stands_alone() -> None:
    within = {"disconnect-prepaid": "2 working days", "reconnect-prepaid-topped-up": "none"}
    settings = load_settings(environment=False, deadlines={"within": within}, law={"loosened": LOOSENED})
    deadlines = deadlines_of(settings)
    assert [clock.rule for clock in clocks_of(PREPAID, deadlines)] == [OWN_TERM]
    assert clocks_of(TOPPED_UP, deadlines) == []
    assert [clock.rule for clock in clocks_of(TOPPED_UP, deadlines, undelivered=True)] == [HIGH]
