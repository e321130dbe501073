"""Calls side by side in one thread, on real sockets: who waits steps aside, and only then."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from csire_bridge.runtime.green_calls import CallGroup, GreenScheduler, wait_readable
from tests.support.patience import PATIENCE


class Partner:
    """Answers when it is told to; each caller has a connection of its own."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.told: list[tuple[int, bytes]] = []
        self._pairs: dict[int, tuple[socket.socket, socket.socket]] = {}

    def call(self, number: int, timeout: float | None = 10.0) -> Callable[[], None]:
        def job() -> None:
            self._pairs[number] = socket.socketpair()
            ours = self._pairs[number][0]
            ours.settimeout(timeout)
            self.asked.append(number)
            wait_readable(ours)
            self.told.append((number, ours.recv(100)))

        return job

    def answer(self, number: int) -> None:
        self._pairs[number][1].sendall(b"%d" % number)

    def close(self) -> None:
        for pair in self._pairs.values():
            for end in pair:
                end.close()


@pytest.fixture
def partner() -> Iterator[Partner]:
    with closing(Partner()) as partner:
        yield partner


@pytest.fixture
def lines() -> Iterator[GreenScheduler]:
    with closing(GreenScheduler(most=4)) as lines:
        yield lines


def until(lines: GreenScheduler, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, "it never came to that"
        lines.look(0.01)


def begun(lines: GreenScheduler, partner: Partner, count: int, first: int = 0) -> CallGroup:
    return started(lines, *(partner.call(number) for number in range(first, first + count)))


def started(lines: GreenScheduler, *jobs: Callable[[], None]) -> CallGroup:
    calls = CallGroup(jobs)
    lines.begin(calls)
    return calls


def test_given_a_caller_who_waits_then_another_goes_on_and_answers_may_come_in_any_order(
    lines: GreenScheduler, partner: Partner
) -> None:
    calls = begun(lines, partner, 2)
    assert partner.asked == [0, 1]
    partner.answer(1)
    until(lines, lambda: partner.told == [(1, b"1")])
    assert not calls.ended
    partner.answer(0)
    lines.finish(calls)
    assert partner.told == [(1, b"1"), (0, b"0")]


def test_given_quick_answers_then_two_lines_are_enough_and_slow_ones_get_as_many_as_allowed(
    lines: GreenScheduler, partner: Partner
) -> None:
    calls = begun(lines, partner, 12)
    for number in range(4):
        assert partner.asked == list(range(number + 2))
        partner.answer(number)
        lines.look()
    until(lines, lambda: len(partner.asked) == 8)
    for _ in range(5):
        lines.look(0.01)
    assert len(partner.asked) == 8, "four wait, and no fifth is let in"
    for number in range(4, 12):
        until(lines, lambda wanted=number: wanted in partner.asked)  # type: ignore[misc]
        partner.answer(number)
    lines.finish(calls)
    assert sorted(partner.told) == sorted((number, b"%d" % number) for number in range(12))


def test_given_two_groups_of_calls_then_the_one_that_is_waited_for_lets_the_other_go_on(
    lines: GreenScheduler, partner: Partner
) -> None:
    slow, quick = begun(lines, partner, 1), begun(lines, partner, 3, first=10)
    for number in (10, 11):
        partner.answer(number)
    until(lines, lambda: 12 in partner.asked)
    partner.answer(12)
    lines.finish(quick)
    assert quick.ended
    assert not slow.ended
    partner.answer(0)
    lines.finish(slow)


def test_given_no_answer_within_the_sockets_time_then_the_caller_is_told_so(
    lines: GreenScheduler, partner: Partner
) -> None:
    silent = partner.call(0, timeout=0.05)
    told: list[Exception] = []

    def job() -> None:
        try:
            silent()
        except TimeoutError as error:
            told.append(error)

    lines.finish(started(lines, job))
    assert [str(error) for error in told] == ["timed out"]


def test_given_a_call_that_fails_then_its_exception_comes_out_and_the_others_can_be_finished(
    lines: GreenScheduler, partner: Partner
) -> None:
    def broken() -> None:
        partner.call(0)()
        raise ValueError("broken")

    calls = started(lines, broken, partner.call(1), partner.call(2))
    partner.answer(0)
    with pytest.raises(ValueError, match="broken"):
        until(lines, lambda: False)
    partner.answer(1)
    until(lines, lambda: 2 in partner.asked)
    partner.answer(2)
    lines.finish(calls)
    assert sorted(number for number, _ in partner.told) == [0, 1, 2]


def test_given_calls_that_are_given_up_then_each_ends_where_it_waits(partner: Partner) -> None:
    ended: list[int] = []

    def job() -> None:
        try:
            partner.call(0)()
        finally:
            ended.append(0)

    lines = GreenScheduler(most=2)
    started(lines, job)
    assert ended == []
    lines.close()
    assert ended == [0]
    assert partner.told == []


def test_given_no_line_then_waiting_is_left_to_the_socket() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wait_readable(ours)  # it would wait for ever


def test_given_nothing_under_way_then_looking_waits_for_nothing(
    lines: GreenScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GreenScheduler, "_patience", lambda *_: pytest.fail("it waits"))
    lines.look(5)


def test_given_nothing_happens_then_waiting_ends_when_it_is_long_enough(
    lines: GreenScheduler, partner: Partner
) -> None:
    calls = begun(lines, partner, 1)
    before = time.monotonic()
    lines.wait(lambda: False, 0.05)
    assert time.monotonic() - before >= 0.05
    assert not calls.ended


def test_given_a_call_that_fails_at_once_then_the_others_of_its_group_are_still_done(
    lines: GreenScheduler, partner: Partner
) -> None:
    def broken() -> None:
        raise ValueError("broken")

    calls = CallGroup([broken, partner.call(1)])
    with pytest.raises(ValueError, match="broken"):
        lines.begin(calls)
    until(lines, lambda: partner.asked == [1])
    partner.answer(1)
    lines.finish(calls)
    assert partner.told == [(1, b"1")]


def test_given_a_call_that_waits_for_the_others_of_its_thread_then_it_is_an_error_and_does_not_hang(
    lines: GreenScheduler, partner: Partner
) -> None:
    calls = CallGroup([lambda: lines.finish(calls), partner.call(1)])
    with pytest.raises(RuntimeError, match="for itself"):
        lines.begin(calls)
    until(lines, lambda: partner.asked == [1])
    partner.answer(1)
    lines.finish(calls)
