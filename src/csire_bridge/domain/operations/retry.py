"""When to try again: a pure function that returns a decision."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["RetryPolicy"]

_SHORTEST = 0.75


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Doubling waits with jitter, up to a number of attempts.

    ``first`` is the wait after the first failure, ``longest`` caps it, ``attempts`` counts the tries in all.
    """

    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(minutes=5)
    attempts: int = 8

    @classmethod
    def lasting(cls, period: timedelta) -> RetryPolicy:
        """A policy with enough attempts to continue for ``period`` at least."""
        usual = cls()
        waits, wait, tried = timedelta(0), usual.first, 1
        while wait < usual.longest and waits < period:
            waits, wait, tried = waits + wait * _SHORTEST, wait * 2, tried + 1
        rest = max(period - waits, timedelta(0))
        return cls(attempts=tried + math.ceil(rest / (usual.longest * _SHORTEST)))

    def may_go_on(self, tried: int) -> bool:
        """Whether another attempt is left after ``tried`` ones."""
        return tried < self.attempts

    def next_try(self, tried: int, now: datetime, jitter: random.Random) -> datetime | None:
        """When to try again after ``tried`` failed attempts; None = give up and park."""
        if not self.may_go_on(tried):
            return None
        wait: timedelta = min(self.first * 2 ** min(tried - 1, 30), self.longest)
        return now + wait * jitter.uniform(_SHORTEST, 2 - _SHORTEST)
