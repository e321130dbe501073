"""A process keeps to the core that it was told, with all of its threads, and to no other's."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.lab.shared.cpu_affinity import cores, keep_to, kept_to

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no such thing")


def places_of(process: int) -> list[set[int]]:
    return [os.sched_getaffinity(int(thread.name)) for thread in Path(f"/proc/{process}/task").iterdir()]


@contextmanager
def another_thread() -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_given_a_block_then_every_thread_old_and_new_keeps_to_the_core_until_it_ends() -> None:
    before = set(cores())
    core = max(before)
    with another_thread():
        with kept_to(core), another_thread():
            places = places_of(os.getpid())
            assert len(places) >= 3
            assert all(place == {core} for place in places)
        assert all(place == before for place in places_of(os.getpid()))


def test_given_another_process_then_it_keeps_to_the_core_and_this_one_goes_where_it_went() -> None:
    before = set(cores())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        keep_to(min(before), process.pid)
        assert places_of(process.pid) == [{min(before)}]
        process.communicate(b"\n")
    assert set(cores()) == before


def test_given_a_core_that_is_not_there_then_those_that_are_there_are_told() -> None:
    with pytest.raises(ConfigurationError, match="no core 4096") as caught:
        keep_to(4096)
    assert ", ".join(map(str, cores())) in caught.value.remedy


def test_given_a_system_that_tells_no_cores_then_none_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    assert cores() == []
    with pytest.raises(ConfigurationError, match="no core 0") as caught:
        keep_to(0)
    assert "does not let a process choose" in caught.value.remedy
