"""Figures add up: whatever is counted in parts and put together is what is counted at once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.calendar.polish_month import PolishMonth
from csire_bridge.domain.figures.durations import class_of_seconds, percentile_of, seconds_of_class
from csire_bridge.domain.figures.period import Period
from csire_bridge.domain.figures.published import PUBLISHED
from csire_bridge.domain.figures.summary import clock_counts, grouped, statistics, summarised
from csire_bridge.domain.figures.tally import Cell, CountedOrder, tally
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.law.clock_counts import ClockFate
from csire_bridge.domain.law.figures import Part
from csire_bridge.domain.operations.statistics import Bucket, percentile
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import DisconnectionKind, NotDelivered, OrderKind, OrderState, RejectionReason
from tests.support.defaults import DEADLINES
from tests.support.rules import SUPPLIER

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday, 10:00 in Poland."""
HUB = MessageId("825970f3-22cb-489c-ad3d-3d89cbba8f04")


def ordered(minutes: float | None = None, **changes: object) -> CountedOrder:
    executed = {} if minutes is None else {"state": OrderState.DONE, "executed_at": NOW + timedelta(minutes=minutes)}
    facts = {"kind": OrderKind.DISCONNECT, "state": OrderState.REGISTERED, "registered_at": NOW, "attempts": 1}
    return CountedOrder(**{**facts, "source_message": HUB, **executed, **changes})  # type: ignore[arg-type]


def counted(*orders: CountedOrder) -> Counter[str]:
    return grouped(tally(orders, DEADLINES, NOW + timedelta(days=9)).items(), lambda _: None)[None]


def test_given_orders_then_the_five_buckets_have_those_that_were_executed() -> None:
    found = summarised(counted(*(ordered(minutes) for minutes in (-1, 15, 15.1, 60, 180, 181)), ordered()))
    assert list(found.buckets.values()) == [2, 1, 1, 1, 1]
    assert (found.orders, found.done, found.open, found.timed) == (7, 6, 1, 6)


def test_given_orders_that_failed_then_their_reasons_and_the_first_attempts_are_counted() -> None:
    refused: Any = {"state": OrderState.REJECTED, "cannot_reason": RejectionReason.NOT_POSSIBLE}
    found = summarised(
        counted(
            ordered(1),
            ordered(1, attempts=2, undelivered_why=NotDelivered.TIMED_OUT),
            ordered(**refused, attempts=3, undelivered_why=NotDelivered.UNREACHABLE),
            ordered(**refused, attempts=0),
            ordered(state=OrderState.WITHDRAWN, attempts=0),
        )
    )
    assert found.first == Part(1, 3)
    assert found.refused == {RejectionReason.NOT_POSSIBLE: 2}
    assert found.undelivered == {NotDelivered.TIMED_OUT: 1, NotDelivered.UNREACHABLE: 1}
    assert (found.cannot, found.withdrawn) == (2, 1)


def test_given_a_day_in_poland_then_an_order_counts_on_it_and_in_its_hour() -> None:
    late_sunday = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    ((cell, counts),) = tally([ordered(registered_at=late_sunday)], DEADLINES, NOW).items()
    assert cell == Cell(date(2026, 11, 23), OrderKind.DISCONNECT, OrderSource.HUB, "")
    assert summarised(counts).hours == {(0, 0): 1}


def test_given_an_order_for_a_later_day_then_its_clock_counts_when_it_begins() -> None:
    prepaid = ordered(disconnection_kind=DisconnectionKind.PREPAID, requested_date=date(2026, 12, 1), supplier=SUPPLIER)
    cells = tally([prepaid], DEADLINES, NOW)
    (count,) = clock_counts(cells.items())
    assert (count.month, count.rule, count.running) == ("2026-12", "prepaid-working-day", 1)
    assert {cell.supplier for cell in cells} == {str(SUPPLIER)}
    late = summarised(grouped(tally([prepaid], DEADLINES, NOW + timedelta(days=30)).items(), lambda _: 0)[0])
    assert late.clocks["prepaid-working-day"][ClockFate.MISSED] == 1


def test_given_months_and_kinds_then_each_has_a_line_and_what_was_not_executed_has_none() -> None:
    cells = tally([ordered(5), ordered(5, kind=OrderKind.RECONNECT), ordered()], DEADLINES, NOW)
    lines = statistics(cells.items())
    assert [(line.month, line.kind, line.count) for line in lines] == [
        ("2026-11", OrderKind.DISCONNECT, 1),
        ("2026-11", OrderKind.RECONNECT, 1),
    ]
    assert statistics(tally([ordered()], DEADLINES, NOW).items()) == []


@given(st.lists(st.floats(0, 3e7), min_size=1), st.sampled_from([50, 90, 99]))
def test_a_percentile_of_classes_is_never_below_the_true_one_and_five_percent_above_it_at_most(
    seconds: list[float], share: int
) -> None:
    true = percentile(sorted(seconds), share)
    found = percentile_of(Counter(map(class_of_seconds, seconds)), share)
    assert found is not None
    assert true - 1e-6 <= found <= max(1.0, true * 1.05 + 1e-6)


def test_given_nothing_executed_then_there_is_no_percentile() -> None:
    assert percentile_of({}, 50) is None
    assert summarised({}).share(Bucket.OVER_3_H) is None
    assert seconds_of_class(0) == 1


@pytest.mark.parametrize(
    ("first", "last", "before", "year_before"),
    [
        ("2026-11-01", "2026-11-30", "2026-10-01 - 2026-10-31", "2025-11-01 - 2025-11-30"),
        ("2026-10-01", "2026-12-31", "2026-07-01 - 2026-09-30", "2025-10-01 - 2025-12-31"),
        ("2026-01-01", "2026-12-31", "2025-01-01 - 2025-12-31", "2025-01-01 - 2025-12-31"),
        ("2028-02-01", "2028-02-29", "2028-01-01 - 2028-01-31", "2027-02-01 - 2027-02-28"),
        ("2026-11-10", "2026-11-16", "2026-11-03 - 2026-11-09", "2025-11-10 - 2025-11-16"),
        ("2028-02-29", "2028-02-29", "2028-02-28 - 2028-02-28", "2027-02-28 - 2027-02-28"),
    ],
)
def test_given_a_period_then_it_is_compared_with_as_many_months_or_days(
    first: str, last: str, before: str, year_before: str
) -> None:
    period = Period(date.fromisoformat(first), date.fromisoformat(last))
    assert [f"{one.first} - {one.last}" for one in (period.before, period.year_before)] == [before, year_before]


def test_given_a_period_then_it_knows_its_whole_months_and_its_bounds() -> None:
    period = Period(date(2026, 10, 15), date(2027, 1, 10))
    assert list(period.months()) == [date(2026, 11, 1), date(2026, 12, 1)]
    assert (period.begin, period.end) == (datetime(2026, 10, 14, 22, tzinfo=UTC), datetime(2027, 1, 10, 23, tzinfo=UTC))
    assert str(Period.of_month(PolishMonth.parse("2026-11"))) == "2026-11"
    with pytest.raises(ValueError, match="before it begins"):
        Period(date(2026, 2, 2), date(2026, 2, 1))


def test_the_published_years_are_the_two_of_suspensions_and_the_two_of_resumptions() -> None:
    assert [(one.kind, one.shares[Bucket.UP_TO_15_MIN]) for one in PUBLISHED] == [
        (OrderKind.DISCONNECT, 12),
        (OrderKind.DISCONNECT, 65),
        (OrderKind.RECONNECT, 26),
        (OrderKind.RECONNECT, 79),
    ]
