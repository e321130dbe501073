"""Work that waits for a partner: which batches are under way, and which of their pieces have ended.

Each partner has resources of its own, so that one that hangs holds up nobody else: calls to meters are green calls in
the worker's own thread; partners that are called through a blocking library have threads.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from csire_bridge.domain.work import Lease
from csire_bridge.pipeline.batch_step import Completed, Step
from csire_bridge.runtime.green_calls import CallGroup

__all__ = ["Batch", "Hands"]

_TOGETHER_SECONDS = 0.05
"""What ends within this time of the first shares its commit; what takes longer is not waited for."""

Job = Callable[[], Sequence[Completed[Any, Any]]]


class Hands:
    """The threads for one partner; they call ``wake`` whenever a job has ended."""

    def __init__(self, name: str, count: int, wake: Callable[[], None]) -> None:
        self._threads = ThreadPoolExecutor(count, name)
        self._wake = wake
        self._open: set[Future[Sequence[Completed[Any, Any]]]] = set()

    @property
    def full(self) -> bool:
        """Whether a job already waits for a free thread."""
        self._open = {job for job in self._open if not job.done()}
        return any(not job.running() for job in self._open)

    def begin(self, jobs: Iterable[Job]) -> deque[Future[Sequence[Completed[Any, Any]]]]:
        """Run ``jobs`` in their order, as many at once as there are threads."""
        futures = deque(self._threads.submit(job) for job in jobs)
        self._open.update(futures)
        for future in futures:
            future.add_done_callback(lambda _: self._wake())
        return futures

    def close(self) -> None:
        """Wait for the running jobs."""
        self._threads.shutdown()


@dataclass(slots=True)
class Batch:
    """A batch that waits for partners. Work that follows from it stays under ``lease`` if ``keeps`` is set."""

    step: Step[Any, Any]
    lease: Lease
    keeps: Lease | None
    calls: CallGroup
    jobs: deque[Future[Sequence[Completed[Any, Any]]]] = field(default_factory=deque)
    _ended: list[Completed[Any, Any]] = field(default_factory=list)
    _since: float = 0.0

    def add(self, pieces: Sequence[Completed[Any, Any]]) -> None:
        """Note that pieces have ended."""
        if pieces and not self._ended:
            self._since = time.monotonic()
        self._ended += pieces

    @property
    def has_ended_pieces(self) -> bool:
        """Whether something has ended that was not taken yet."""
        return bool(self._ended)

    @property
    def over(self) -> bool:
        """Whether nothing is left to wait for, or to take."""
        return self._all_ended and not self._ended

    @property
    def _all_ended(self) -> bool:
        return self.calls.ended and not self.jobs

    def take(self) -> list[Completed[Any, Any]]:
        """The ended pieces that may be settled now; none while more of the batch is about to end.

        Raises the exception of a job that failed.
        """
        while ready := next((job for job in self.jobs if job.done()), None):
            self.jobs.remove(ready)
            self.add(ready.result())
        if not (self._all_ended or time.monotonic() - self._since > _TOGETHER_SECONDS):
            return []
        ended, self._ended = self._ended, []
        return ended
