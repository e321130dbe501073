"""The pauses between two looks at a partner's queue."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from csire_bridge.channels.transport.failures import Later
from csire_bridge.domain.errors import BridgeError

__all__ = ["PollInterval"]

_LONGEST_BACKOFF = timedelta(minutes=10)
_FIRST_BACKOFF = timedelta(seconds=1)


class PollInterval:
    """Idle pauses with jitter; after failures doubled each time, 10 minutes at most. A pause asked for is kept.

    Once something was taken, and until the queue is seen empty, failures count anew and their pauses begin with a
    second: a partner who fails now and then must not hold up what waits at him.
    """

    def __init__(self, idle: tuple[float, float], jitter: random.Random | None = None) -> None:
        """``idle`` is the shortest and the longest pause in seconds."""
        self._idle = idle
        self._jitter = jitter or random.Random()  # noqa: S311 - spreads polls, no secret
        self._failures = 0
        self._more_waits = False
        self._asked_for = timedelta(0)

    def around(self, work: Callable[[], int]) -> int:
        """Do ``work`` and keep in mind how it went; what it raises is raised."""
        try:
            count = work()
        except BridgeError as error:
            self.failed(error)
            raise
        self.went_well()
        return count

    def failed(self, error: BridgeError) -> None:
        """A look failed."""
        self._failures += 1
        self._asked_for = (error.wait if isinstance(error, Later) else None) or timedelta(0)

    def moved(self) -> None:
        """Something was taken, and there may be more."""
        self._failures, self._more_waits, self._asked_for = 0, True, timedelta(0)

    def went_well(self) -> None:
        """A look did not fail."""
        self._failures, self._more_waits, self._asked_for = 0, False, timedelta(0)

    def next_wait(self) -> timedelta:
        """The pause before the next look."""
        shortest, longest = self._idle
        pause = timedelta(seconds=self._jitter.uniform(shortest, longest))
        if self._failures:
            first = _FIRST_BACKOFF * self._jitter.uniform(0.75, 1.25) if self._more_waits else pause
            pause = min(first * 2 ** min(self._failures - 1, 10), _LONGEST_BACKOFF * self._jitter.uniform(0.75, 1))
        return max(pause, self._asked_for)
