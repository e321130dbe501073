"""The pauses between two polls of a partner's queue."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from csire_bridge.channels.transport.outbound.failures import Later
from csire_bridge.domain.errors import BridgeError

__all__ = ["PollInterval"]

_LONGEST_BACKOFF = timedelta(minutes=10)
_FIRST_BACKOFF = timedelta(seconds=1)


class PollInterval:
    """Idle pauses with jitter; doubled after each failure, up to 10 minutes. A pause that the partner asks for is kept.

    After a message was taken, and until the queue was seen empty, failures count from zero and their pauses begin with
    a second: occasional failures must not delay messages that wait in the queue.
    """

    def __init__(self, idle: tuple[float, float], jitter: random.Random | None = None) -> None:
        """``idle`` is the shortest and the longest pause in seconds."""
        self._idle = idle
        self._jitter = jitter or random.Random()  # noqa: S311 - spreads polls, no secret
        self._failures = 0
        self._more_waits = False
        self._asked_for = timedelta(0)

    def around(self, work: Callable[[], int]) -> int:
        """Do ``work`` and note whether it failed; its exception is raised again."""
        try:
            count = work()
        except BridgeError as error:
            self.failed(error)
            raise
        self.went_well()
        return count

    def failed(self, error: BridgeError) -> None:
        """Note that a poll failed."""
        self._failures += 1
        self._asked_for = (error.wait if isinstance(error, Later) else None) or timedelta(0)

    def moved(self) -> None:
        """Note that a message was taken, so there may be more."""
        self._failures, self._more_waits, self._asked_for = 0, True, timedelta(0)

    def went_well(self) -> None:
        """Note that a poll did not fail."""
        self._failures, self._more_waits, self._asked_for = 0, False, timedelta(0)

    def next_wait(self) -> timedelta:
        """The pause before the next poll, in seconds."""
        shortest, longest = self._idle
        pause = timedelta(seconds=self._jitter.uniform(shortest, longest))
        if self._failures:
            first = _FIRST_BACKOFF * self._jitter.uniform(0.75, 1.25) if self._more_waits else pause
            pause = min(first * 2 ** min(self._failures - 1, 10), _LONGEST_BACKOFF * self._jitter.uniform(0.75, 1))
        return max(pause, self._asked_for)
