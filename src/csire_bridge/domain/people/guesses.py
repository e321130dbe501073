"""The rule that slows down the guessing of passwords, as pure arithmetic on what was tried.

An address may be wrong 5 times at once and then 5 times a minute. A name may be tried wrongly 20 times a minute by all
addresses together; this limit applies only to addresses from which that name was never right, so nobody can lock out
the owner.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["OF_ADDRESS", "OF_NAME", "Tries", "seconds_to_wait"]

OF_ADDRESS = 5
OF_NAME = 20


@dataclass(frozen=True, slots=True)
class Tries:
    """How many tries are left of ``most`` a minute; ``left`` was true at the second ``at``."""

    most: int
    left: float
    at: float

    def now(self, now: float) -> Tries:
        """The same at the second ``now``, when some came back; a clock that went back gives none."""
        came_back = max(0.0, now - self.at) * self.most / 60
        return Tries(self.most, min(float(self.most), self.left + came_back), now)

    def wrong(self, now: float) -> Tries:
        """The same after one more wrong try."""
        there = self.now(now)
        return Tries(self.most, there.left - 1, now)

    @property
    def wait(self) -> float:
        """Seconds until the next try; 0 or less: at once."""
        return (1 - self.left) * 60 / self.most


def seconds_to_wait(tries: Iterable[Tries]) -> int | None:
    """None if a password may be tried; else the whole seconds to wait."""
    longest = max(one.wait for one in tries)
    return max(1, math.ceil(longest)) if longest > 0 else None
