"""Work of the simulated head-end system that waits for its time, and the threads that do it."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
import zlib
from collections.abc import Callable

__all__ = ["DelayedWork"]

_log = logging.getLogger(__name__)
_Job = tuple[float, int, Callable[[], None]]


class DelayedWork:
    """Runs jobs after a delay. Jobs with the same key run in one thread, in the order of their due times."""

    def __init__(self, threads: int = 4) -> None:
        self._lanes = [_Lane() for _ in range(threads)]

    def start(self) -> None:
        """Begin to work off what is due."""
        for lane in self._lanes:
            lane.thread.start()

    def stop(self) -> None:
        """Finish the running jobs (5 s at most) and drop the waiting ones."""
        for lane in self._lanes:
            lane.stop()

    def pause(self) -> None:
        """Let whatever falls due wait: the head-end system is down."""
        for lane in self._lanes:
            lane.hold(True)

    def resume(self) -> None:
        """Go on, with what fell due meanwhile first."""
        for lane in self._lanes:
            lane.hold(False)

    def add(self, key: str, delay: float, job: Callable[[], None]) -> None:
        """Have ``job`` run in ``delay`` seconds or a little later."""
        self._lanes[zlib.crc32(key.encode()) % len(self._lanes)].add(delay, job)


class _Lane:
    def __init__(self) -> None:
        self._heap: list[_Job] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._stopped = False
        self._held = False
        self.thread = threading.Thread(target=self._run, daemon=True)

    def add(self, delay: float, job: Callable[[], None]) -> None:
        with self._changed:
            heapq.heappush(self._heap, (time.monotonic() + delay, next(self._order), job))
            self._changed.notify()

    def hold(self, held: bool) -> None:
        with self._changed:
            self._held = held
            self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self.thread.is_alive():
            self.thread.join(timeout=5)

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except Exception:  # noqa: BLE001 - one bad job must not stop the lane
                _log.exception("a job of the simulated head-end system failed")

    def _next(self) -> Callable[[], None] | None:
        """Wait for the next due job; None when stopped."""
        with self._changed:
            while not self._stopped:
                wait = self._heap[0][0] - time.monotonic() if self._heap and not self._held else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._heap)[2]
                self._changed.wait(wait)
        return None
