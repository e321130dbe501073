"""What the head-end system's clock shows, by the timestamps of its replies.

A command ends by the head-end system's clock and not by ours. So whether it may still run is judged by what that clock
shows at least. Between two replies it is carried on by a counter that nobody sets, so a step of our own clock changes
nothing.
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
        """What it shows at least (UTC) when our counter shows ``at``; None when no reply has said so yet.

        It is never more than ``now``, our own clock: one that is ahead of ours, or takes local time for UTC, ends no
        command early. Where several machines answer, the one that is the latest counts.
        """
        with self._lock:
            least = min(self._now.least, self._before.least)
        if least == math.inf:
            return None
        return datetime.fromtimestamp(max(min(least + at, now.timestamp()), 0.0), UTC)

    def behind(self, now: datetime, at: float) -> timedelta:
        """How far it is behind ``now``, our own clock, for sure; zero where it is not, or no reply has told."""
        with self._lock:
            most = max(self._now.most, self._before.most)
        seconds = now.timestamp() - (most + at) if most > -math.inf else 0.0
        return timedelta(seconds=max(seconds, 0.0))


class _Bounds:
    """What the clock showed at least and at most when our counter showed zero."""

    def __init__(self) -> None:
        self.least, self.most = math.inf, -math.inf

    def take(self, told: float, asked: float, answered: float) -> None:
        self.least = min(self.least, told - answered)
        self.most = max(self.most, told - asked)
