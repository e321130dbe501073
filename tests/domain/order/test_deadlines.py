"""Deadlines: which orders have one, when it ends, and how near it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.law.clocks import deadline_of, too_near
from csire_bridge.domain.order.deadlines import (
    CountFrom,
    Standing,
    Term,
    Unit,
    standing,
)
from csire_bridge.domain.order.order import Order, ReconnectionReason
from csire_bridge.service.wiring.settings_to_values import deadlines_of
from tests.support.defaults import DEADLINES
from tests.support.rules import DEBT, NOW, PREPAID, TOPPED_UP, polish

COMPLAINT = replace(TOPPED_UP, reconnection_reason=ReconnectionReason.COMPLAINT)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("order", "registered", "deadline"),
    [
        (PREPAID, "2026-11-23T10:00", "2026-11-24T10:00"),
        (PREPAID, "2026-11-20T18:00", "2026-11-23T18:00"),
        (TOPPED_UP, "2025-12-23T18:00", "2025-12-29T18:00"),
        (COMPLAINT, "2026-11-20T18:00", "2026-11-23T18:00"),  # calendar days
        (DEBT, "2026-11-23T10:00", None),
        (replace(TOPPED_UP, reconnection_reason=None), "2026-11-23T10:00", None),
        (replace(PREPAID, requested_date=date(2026, 11, 27)), "2026-11-23T10:00", "2026-11-28T00:00"),
        (replace(PREPAID, requested_date=date(2026, 11, 20)), "2026-11-23T10:00", "2026-11-24T10:00"),
    ],
)
def test_given_an_order_when_its_deadline_is_asked_for_then_it_is_that_of_the_law(
    order: Order, registered: str, deadline: str | None
) -> None:
    found = deadline_of(replace(order, registered_at=polish(registered)), DEADLINES)
    assert found == (polish(deadline) if deadline else None)


def test_given_another_count_when_the_receipt_is_known_then_it_counts_from_there_and_by_default_never() -> None:
    received = NOW + 5 * HOUR
    lenient = replace(DEADLINES, count_from=CountFrom.RECEIPT)
    assert deadline_of(PREPAID, DEADLINES, received) == NOW + 24 * HOUR
    assert deadline_of(PREPAID, lenient, received) == NOW + 29 * HOUR
    assert deadline_of(PREPAID, lenient) == NOW + 24 * HOUR


def test_given_settings_when_terms_are_named_then_the_earlier_of_term_and_law_counts() -> None:
    within = {"disconnect": "12 hours", "disconnect-debt": "none", "reconnect-complaint": "2 days"}
    deadlines = deadlines_of(load_settings(environment=False, deadlines={"within": within, "near_seconds": 60}))
    assert deadline_of(DEBT, deadlines) is None
    assert deadline_of(replace(DEBT, disconnection_kind=None), deadlines) == NOW + 12 * HOUR
    assert deadline_of(PREPAID, deadlines) == NOW + 12 * HOUR
    assert deadline_of(COMPLAINT, deadlines) == NOW + 48 * HOUR
    assert deadlines.near == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("within", "told"),
    [
        ({"disconnect-prepayed": "1 working day"}, "no orders are called"),
        ({"disconnect-prepaid": "soon"}, "no term such as"),
        ({"disconnect-prepaid": "0 days"}, "no term such as"),
    ],
)
def test_given_a_wrong_term_when_settings_are_read_then_it_is_named(within: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        load_settings(environment=False, deadlines={"within": within})


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("1 working day", Term(1, Unit.WORKING_DAYS)),
        ("2 working days", Term(2, Unit.WORKING_DAYS)),
        ("3 days", Term(3, Unit.DAYS)),
        ("12 hours", Term(12, Unit.HOURS)),
    ],
)
def test_given_a_term_when_read_and_written_then_it_is_the_same(text: str, term: Term) -> None:
    assert Term.parse(text) == term
    assert str(term) == text


@pytest.mark.parametrize(
    ("gone", "where"),
    [
        (-60, Standing.ON_TIME),
        (0, Standing.ON_TIME),
        (499, Standing.ON_TIME),
        (500, Standing.HALF),
        (799, Standing.HALF),
        (800, Standing.FOUR_FIFTHS),
        (1000, Standing.FOUR_FIFTHS),
        (1001, Standing.PAST),
    ],
)
def test_given_a_part_of_the_time_when_asked_then_it_is_warned_at_half_and_at_four_fifths(
    gone: int, where: Standing
) -> None:
    assert standing(NOW + timedelta(seconds=1000), NOW, NOW + timedelta(seconds=gone)) is where


@given(gone=st.integers(-100, 2000), more=st.integers(0, 500))
def test_given_any_time_when_it_goes_by_then_the_standing_never_gets_better(gone: int, more: int) -> None:
    deadline = NOW + timedelta(seconds=1000)
    order = list(Standing)
    first, second = (standing(deadline, NOW, NOW + timedelta(seconds=s)) for s in (gone, gone + more))
    assert order.index(first) <= order.index(second)


def test_given_less_time_than_the_setting_when_asked_then_it_is_too_near() -> None:
    deadlines = replace(DEADLINES, near=HOUR)
    assert not too_near(NOW + HOUR, NOW, deadlines)
    assert too_near(NOW + HOUR, NOW + timedelta(seconds=1), deadlines)
    assert not too_near(None, NOW, deadlines)
