"""Estimates the head-end system's clock from the timestamps of its replies.

A command expires by the head-end system's clock, not by ours. So whether it may still run is judged by the earliest
time that this clock can show. Between replies the estimate runs on a monotonic counter, so setting our own clock
changes nothing.
"""

from __future__ import annotations

import math
import threading
from datetime import UTC, datetime, timedelta

__all__ = ["HeadEndClock"]

_PERIOD = 600.0


class HeadEndClock:
    """Remembers the replies of the last ten to twenty minutes. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now, self._before = _Bounds(), _Bounds()
        self._begun = -math.inf

    def heard(self, told: datetime, asked: float, answered: float) -> None:
        """A reply said that the clock shows ``told`` (aware); ``asked`` and ``answered`` are our counter's seconds."""
        with self._lock:
            if answered - self._begun > _PERIOD:
                self._before = self._now if answered - self._begun < 2 * _PERIOD else _Bounds()
                self._now, self._begun = _Bounds(), answered
            self._now.take(told.timestamp(), asked, answered)

    def shows(self, now: datetime, at: float) -> datetime | None:
        """The earliest time (UTC) it can show when our counter shows ``at``; None before any reply.

        It is never more than ``now``, our own clock: so a clock that is ahead of ours, or gives local time as UTC, ends
        no command early. If several machines answer, the one that is furthest behind counts.
        """
        with self._lock:
            least = min(self._now.least, self._before.least)
        if least == math.inf:
            return None
        return datetime.fromtimestamp(max(min(least + at, now.timestamp()), 0.0), UTC)

    def behind(self, now: datetime, at: float) -> timedelta:
        """By how much it is behind ``now``, our own clock, at least; zero if it is not, or before any reply."""
        with self._lock:
            most = max(self._now.most, self._before.most)
        seconds = now.timestamp() - (most + at) if most > -math.inf else 0.0
        return timedelta(seconds=max(seconds, 0.0))

    def ahead(self, now: datetime, at: float) -> timedelta:
        """By how much it is ahead of ``now``, our own clock, at least; zero if it is not, or before any reply."""
        with self._lock:
            least = min(self._now.least, self._before.least)
        seconds = least + at - now.timestamp() if least < math.inf else 0.0
        return timedelta(seconds=max(seconds, 0.0))


class _Bounds:
    """The earliest and latest time that the clock can have shown when our counter showed zero."""

    def __init__(self) -> None:
        self.least, self.most = math.inf, -math.inf

    def take(self, told: float, asked: float, answered: float) -> None:
        self.least = min(self.least, told - answered)
        self.most = max(self.most, told - asked)
