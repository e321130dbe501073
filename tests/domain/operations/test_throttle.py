"""Commands per second: a second's worth at once, and then one after the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.operations.throttle import Throttle

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_given_a_fresh_bucket_when_many_come_at_once_then_a_seconds_worth_may_go_and_the_rest_is_told_when() -> None:
    throttle = Throttle(10)
    assert [throttle.take(NOW) for _ in range(10)] == [None] * 10
    assert throttle.take(NOW) == NOW + timedelta(seconds=0.1)
    assert throttle.take(NOW, ahead=3) == NOW + timedelta(seconds=0.4)
    assert throttle.take(NOW + timedelta(seconds=0.1)) is None


def test_given_an_idle_bucket_when_a_long_time_has_passed_then_no_more_than_a_seconds_worth_has_gathered() -> None:
    throttle = Throttle(5)
    throttle.take(NOW)
    later = NOW + timedelta(hours=1)
    assert [throttle.take(later) is None for _ in range(6)] == [True] * 5 + [False]


@pytest.mark.parametrize("per_second", [0.1, 1, 2.5])
def test_given_few_commands_a_second_when_one_has_gone_then_the_next_waits_for_its_turn(per_second: float) -> None:
    throttle = Throttle(per_second)
    taken = 0
    while throttle.take(NOW) is None:
        taken += 1
    assert taken == max(1, int(per_second))


@given(st.lists(st.floats(0, 0.5), max_size=60))
def test_given_any_pace_then_never_more_than_the_rate_and_a_second_ahead(pauses: list[float]) -> None:
    throttle, moment, taken = Throttle(20), NOW, 0
    for pause in pauses:
        moment += timedelta(seconds=pause)
        taken += throttle.take(moment) is None
    assert taken <= 20 * (1 + (moment - NOW).total_seconds()) + 1
