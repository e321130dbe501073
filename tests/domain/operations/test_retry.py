"""When to try again: doubling waits with jitter, capped, and an end."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.operations.retry import RetryPolicy

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLICY = RetryPolicy(first=timedelta(seconds=2), longest=timedelta(seconds=60), attempts=8)


class Middle(random.Random):
    """No jitter: the middle of every interval."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


@pytest.mark.parametrize(("tried", "seconds"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 60), (7, 60)])
def test_given_failed_tries_when_the_next_is_asked_for_then_the_wait_doubles_up_to_the_longest(
    tried: int, seconds: int
) -> None:
    assert POLICY.next_try(tried, NOW, Middle()) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("tried", [8, 9, 1000])
def test_given_all_tries_used_when_the_next_is_asked_for_then_it_is_given_up(tried: int) -> None:
    assert POLICY.next_try(tried, NOW, random.Random(1)) is None  # noqa: S311 - jitter


def test_given_the_default_when_counted_then_eight_tries_are_made_in_all() -> None:
    waits = [RetryPolicy().next_try(tried, NOW, Middle()) for tried in range(1, 9)]
    assert waits[-1] is None
    assert all(waits[:-1])


@given(
    tried=st.integers(1, 10_000),
    attempts=st.integers(1, 20_000),
    first=st.timedeltas(timedelta(milliseconds=1), timedelta(hours=1)),
    longest=st.timedeltas(timedelta(milliseconds=1), timedelta(days=1)),
    seed=st.integers(),
)
def test_given_any_policy_when_asked_then_the_wait_is_positive_and_never_much_longer_than_the_longest(
    tried: int, attempts: int, first: timedelta, longest: timedelta, seed: int
) -> None:
    again = RetryPolicy(first, longest, attempts).next_try(tried, NOW, random.Random(seed))  # noqa: S311 - jitter
    if tried >= attempts:
        assert again is None
    else:
        assert again is not None
        assert NOW < again <= NOW + longest * 1.25 + timedelta(microseconds=1)


def test_given_many_workers_when_they_retry_then_their_waits_are_spread() -> None:
    jitter = random.Random(20261123)  # noqa: S311 - jitter
    moments = {POLICY.next_try(3, NOW, jitter) for _ in range(100)}
    assert len(moments) > 90
    assert all(m and timedelta(seconds=6) <= m - NOW <= timedelta(seconds=10) for m in moments)


@given(st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=30)), st.integers())
def test_given_a_period_then_there_are_tries_for_all_of_it_whatever_the_jitter(period: timedelta, seed: int) -> None:
    policy, now, tried, jitter = RetryPolicy.lasting(period), NOW, 1, random.Random(seed)  # noqa: S311 - no secret
    while (again := policy.next_try(tried, now, jitter)) is not None:
        now, tried = again, tried + 1
    assert period <= now - NOW <= 2 * period + timedelta(minutes=10)
