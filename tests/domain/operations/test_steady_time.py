"""The time of a process: nobody can set it, and the majority of three clocks decides whether it is right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from csire_bridge.domain.operations.steady_time import ClockVerdict, judge_clocks
from csire_bridge.runtime.steady_clock import SteadyClock

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
FOLLOW, TAKE_OVER, KEEP = ClockVerdict.FOLLOW, ClockVerdict.TAKE_OVER, ClockVerdict.KEEP
SECOND, HOUR = 1, 3600


@pytest.mark.parametrize(
    ("reference", "witness", "verdict"),
    [
        (0, 0, FOLLOW),
        (1.9, None, FOLLOW),
        (-1.9, 5 * HOUR, FOLLOW),
        (2 * HOUR, None, KEEP),
        (-2 * HOUR, None, KEEP),
        (2 * HOUR, 0, KEEP),
        (2 * HOUR, 3, KEEP),
        (2 * HOUR, 5 * HOUR, KEEP),
        (2 * HOUR, 2 * HOUR + 3, TAKE_OVER),
        (-2 * HOUR, -2 * HOUR - 3, TAKE_OVER),
        (5, 0, KEEP),
        (5, 9, KEEP),
        (30, 25, TAKE_OVER),
    ],
)
def test_given_three_clocks_then_two_that_agree_are_right_and_else_our_own_time_is_kept(
    reference: float, witness: float | None, verdict: ClockVerdict
) -> None:
    third = None if witness is None else NOW + timedelta(seconds=witness)
    assert judge_clocks(NOW, NOW + timedelta(seconds=reference), third) is verdict


class Machine:
    """A machine's clocks, which stand still until a test moves them."""

    def __init__(self) -> None:
        self.wall, self.seconds = NOW, 1000.0

    def passes(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds


def test_given_a_machine_whose_clock_is_set_then_our_time_runs_on_as_if_nothing_had_happened() -> None:
    machine = Machine()
    clock = SteadyClock(lambda: machine.wall, lambda: machine.seconds)
    machine.passes(10)
    assert clock() == NOW + timedelta(seconds=10)
    for step in (timedelta(hours=-2), timedelta(days=400)):
        machine.wall += step
        before = clock()
        machine.passes(5)
        assert clock() - before == timedelta(seconds=5)


@pytest.mark.parametrize("ahead", [1.5, -1.5])
def test_given_a_small_difference_then_it_is_closed_without_a_jump_and_time_never_runs_back(ahead: float) -> None:
    machine = Machine()
    clock = SteadyClock(lambda: machine.wall, lambda: machine.seconds)
    machine.wall += timedelta(seconds=ahead)
    before = clock()
    for _ in range(120):
        clock.follow(machine.wall - clock())
        machine.passes(1)
        passed = (clock() - before).total_seconds()
        assert 0.9 <= passed <= 1.1
        before = clock()
    assert abs(machine.wall - clock()) < timedelta(seconds=0.05)
