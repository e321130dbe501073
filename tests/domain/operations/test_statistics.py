"""Execution times: the edges of the five buckets, and percentiles."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.operations.statistics import Bucket, Executed, bucket_of, count_buckets, percentile
from csire_bridge.domain.order.order import OrderKind

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
times = st.lists(st.floats(0, 1e7, allow_nan=False), min_size=1, max_size=50)


def executed(seconds: float, kind: OrderKind = OrderKind.DISCONNECT, at: datetime = START) -> Executed:
    return Executed(kind, at, at + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [
        (0, Bucket.UP_TO_15_MIN),
        (900, Bucket.UP_TO_15_MIN),
        (900.001, Bucket.UP_TO_30_MIN),
        (1800, Bucket.UP_TO_30_MIN),
        (1800.001, Bucket.UP_TO_60_MIN),
        (3600, Bucket.UP_TO_60_MIN),
        (3600.001, Bucket.UP_TO_3_H),
        (10800, Bucket.UP_TO_3_H),
        (10800.001, Bucket.OVER_3_H),
        (math.inf, Bucket.OVER_3_H),
    ],
)
def test_given_a_time_at_an_edge_when_sorted_then_each_bucket_includes_its_upper_bound(
    seconds: float, bucket: Bucket
) -> None:
    assert bucket_of(seconds) is bucket


@given(values=times)
def test_given_any_times_when_counted_then_every_bucket_is_there_and_none_is_lost(values: list[float]) -> None:
    counts = count_buckets(values)
    assert list(counts) == list(Bucket)
    assert sum(counts.values()) == len(values)


def test_given_no_times_when_counted_then_every_bucket_is_zero() -> None:
    assert count_buckets([]) == dict.fromkeys(Bucket, 0)


@pytest.mark.parametrize(
    ("count", "share", "expected"),
    [
        (1, 50, 1),
        (1, 99, 1),
        (2, 50, 1),
        (3, 50, 2),
        (10, 90, 9),
        (10, 91, 10),
        (100, 99, 99),
        (101, 99, 100),
        (5, 0, 1),
    ],
)
def test_given_the_numbers_from_one_when_ranked_then_the_percentile_is_the_nearest_rank(
    count: int, share: float, expected: int
) -> None:
    assert percentile(range(1, count + 1), share) == expected


@given(values=times, share=st.floats(0, 100))
def test_given_any_times_when_ranked_then_the_percentile_occurred_and_enough_lie_below(
    values: list[float], share: float
) -> None:
    ordered = sorted(values)
    found = percentile(ordered, share)
    assert found in ordered
    assert sum(v <= found for v in ordered) >= share / 100 * len(ordered)


def test_given_no_values_when_ranked_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_given_a_meter_clock_behind_ours_when_measured_then_the_time_is_zero_and_not_negative() -> None:
    assert executed(-3).seconds == 0
