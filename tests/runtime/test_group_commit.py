"""What many callers hand in at the same moment is handled together, and each is told what is his."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from csire_bridge.runtime.group_commit import GroupCommitter
from tests.support.patience import PATIENCE


class Handler:
    """Doubles numbers, once it may; refuses every group with a number below zero in it."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.may = threading.Event()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.may.wait(PATIENCE)
        self.groups.append(list(numbers))
        if min(numbers) < 0:
            raise ValueError(f"not {min(numbers)}")
        return [2 * number for number in numbers]


@contextmanager
def running(handler: Handler, most: int = 64, linger: float = 0.0) -> Iterator[GroupCommitter[int, int]]:
    group = GroupCommitter[int, int](handler, most, linger=linger)
    group.start()
    try:
        yield group
    finally:
        handler.may.set()
        group.stop()
        assert not group.runs


async def all_of(
    group: GroupCommitter[int, int], handler: Handler, numbers: Sequence[int]
) -> list[int | BaseException]:
    futures = [group.submit(number) for number in numbers]
    handler.may.set()
    return await asyncio.gather(*futures, return_exceptions=True)


def test_given_many_at_the_same_moment_then_they_are_handled_together_and_told_in_their_order() -> None:
    handler = Handler()
    with running(handler) as group:
        assert asyncio.run(all_of(group, handler, range(20))) == [2 * number for number in range(20)]
    assert len(handler.groups) <= 2, "the first may have been alone"


def test_given_more_than_fit_then_several_groups() -> None:
    handler = Handler()
    with running(handler, most=8) as group:
        assert len(asyncio.run(all_of(group, handler, range(20)))) == 20
    assert max(map(len, handler.groups)) <= 8


def test_given_one_that_is_refused_then_the_others_are_handled_all_the_same() -> None:
    handler = Handler()
    with running(handler) as group:
        told = asyncio.run(all_of(group, handler, [1, -1, 2]))
    assert told[0::2] == [2, 4]
    assert isinstance(told[1], ValueError)


def test_given_a_caller_that_goes_away_then_his_item_is_handled_and_nobody_is_disturbed() -> None:
    handler = Handler()

    async def play(group: GroupCommitter[int, int]) -> int:
        gone, stays = group.submit(1), group.submit(2)
        gone.cancel()
        handler.may.set()
        return await stays

    with running(handler) as group:
        assert asyncio.run(play(group)) == 4
    assert sorted(number for numbers in handler.groups for number in numbers) == [1, 2]


def test_given_a_loop_that_has_ended_then_its_item_is_handled_and_the_group_goes_on() -> None:
    handler = Handler()

    async def leave(group: GroupCommitter[int, int]) -> None:
        group.submit(1)

    async def ask(group: GroupCommitter[int, int]) -> int:
        return await group.submit(3)

    with running(handler) as group:
        asyncio.run(leave(group))
        handler.may.set()
        assert asyncio.run(ask(group)) == 6
    assert sorted(number for numbers in handler.groups for number in numbers) == [1, 3]


def test_given_a_thread_without_a_loop_then_nothing_is_handed_in() -> None:
    with running(Handler()) as group, pytest.raises(RuntimeError):
        group.submit(1)


async def one_by_one(group: GroupCommitter[int, int], numbers: Sequence[int]) -> None:
    """A caller who hands the next one in when the one before is done."""
    for number in numbers:
        await group.submit(number)


def test_given_a_group_that_lingers_then_it_waits_for_whoever_came_with_it_before() -> None:
    handler = Handler()
    handler.may.set()

    async def play(group: GroupCommitter[int, int]) -> None:
        await asyncio.gather(*(one_by_one(group, range(20)) for _ in range(3)))

    with running(handler, linger=10) as group:
        asyncio.run(play(group))
    assert sum(map(len, handler.groups)) == 60
    assert len(handler.groups) <= 23, "a few are smaller until all have been seen"


class Waits(queue.SimpleQueue[Any]):
    """The queue of a group, which tells how often it was waited for somebody in vain."""

    in_vain = 0

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        try:
            return super().get(block, timeout)
        except queue.Empty:
            self.in_vain += 1
            raise


def test_given_callers_who_have_gone_then_they_are_waited_for_once() -> None:
    handler, waits = Handler(), Waits()

    async def play(group: GroupCommitter[int, int]) -> int:
        handler.may.clear()
        alone = asyncio.gather(*(one_by_one(group, [number]) for number in range(8)))
        asyncio.get_running_loop().call_later(0.05, handler.may.set)
        await alone
        before = waits.in_vain
        await one_by_one(group, range(20))
        return waits.in_vain - before

    group = GroupCommitter[int, int](handler, linger=0.05)
    group._waiting = waits
    group.start()
    assert asyncio.run(play(group)) <= 1
    group.stop()


def test_given_a_caller_who_is_alone_then_a_group_that_lingers_does_not_wait() -> None:
    handler = Handler()
    handler.may.set()
    group = GroupCommitter[int, int](handler, linger=0.001)
    group._waiting = waits = Waits()
    group.start()
    asyncio.run(one_by_one(group, range(10)))
    assert waits.in_vain == 0
    group.stop()
