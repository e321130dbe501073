"""The simulated clock, and jobs planned by it: no real time passes."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

__all__ = ["Agenda", "SimulatedClock"]


class SimulatedClock:
    """A ``Clock`` that stands still until it is moved forward."""

    def __init__(self, start: datetime) -> None:
        """``start`` is aware UTC."""
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Let time pass until ``moment`` (UTC), if that is still to come."""
        self._now = max(self._now, moment)

    def take(self, seconds: float) -> None:
        """Let time pass, as during a call that takes so long."""
        self._now += timedelta(seconds=seconds)


class Agenda:
    """Jobs by their moment (UTC); of two with the same moment the one noted first is done first."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._order = itertools.count()

    def add(self, moment: datetime, job: Callable[[datetime], None]) -> None:
        """Run ``job`` at ``moment``, which it gets as its argument: the clock may be further by then."""
        heapq.heappush(self._heap, (moment, next(self._order), job))

    def next(self) -> datetime | None:
        """When the next job is due; None when there is none."""
        return self._heap[0][0] if self._heap else None

    def do_due(self, now: datetime) -> None:
        """Do everything that is due at ``now``, in order; also what becomes due by that."""
        while self._heap and self._heap[0][0] <= now:
            moment, _, job = heapq.heappop(self._heap)
            job(moment)
