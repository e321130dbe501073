"""How long the simulated head-end system takes: distributions of delays, in seconds."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Delay", "DelayKind"]


class DelayKind(StrEnum):
    """Shapes of delays."""

    FIXED = "fixed"
    UNIFORM = "uniform"
    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"


_NUMBERS = {DelayKind.FIXED: (1,), DelayKind.UNIFORM: (2,), DelayKind.EXPONENTIAL: (1, 2), DelayKind.LOGNORMAL: (2, 3)}


@dataclass(frozen=True, slots=True)
class Delay:
    """A distribution of seconds.

    ``first`` is the fixed delay, the shortest one, the mean or the median; ``second`` the longest one, or sigma of the
    logarithm. No draw is above ``cap``.
    """

    kind: DelayKind = DelayKind.FIXED
    first: float = 0.0
    second: float = 0.0
    cap: float = math.inf

    def __post_init__(self) -> None:
        if not (0 <= self.first < math.inf and 0 <= self.second < math.inf and self.cap >= 0):
            raise ValueError("the numbers of a delay can't be negative or endless")
        if self.kind is DelayKind.UNIFORM and self.second < self.first:
            raise ValueError("a delay's longest time is shorter than its shortest")

    @classmethod
    def of(cls, value: Delay | float | tuple[float, float] | str) -> Delay:
        """From seconds, a shortest and longest time, or a text; raises ValueError.

        Texts: ``2``, ``0.5:3``, ``exponential:MEAN[:CAP]``, ``lognormal:MEDIAN:SIGMA[:CAP]``.
        """
        if isinstance(value, Delay):
            return value
        if isinstance(value, str):
            return cls._read(value)
        if isinstance(value, tuple):
            return cls(DelayKind.UNIFORM, *value)
        return cls(DelayKind.FIXED, value)

    @classmethod
    def _read(cls, text: str) -> Delay:
        words = text.split(":")
        named = words[0] in list(DelayKind)
        bare = DelayKind.UNIFORM if len(words) == 2 else DelayKind.FIXED
        kind = DelayKind(words.pop(0)) if named else bare
        if len(words) not in _NUMBERS[kind]:
            raise ValueError(
                f"{text!r} is no delay: write 2, 0.5:3, exponential:MEAN[:CAP] or lognormal:MEDIAN:SIGMA[:CAP]"
            )
        numbers = [float(word) for word in words]
        if kind is DelayKind.EXPONENTIAL:
            return cls(kind, numbers[0], cap=numbers[1] if len(numbers) > 1 else math.inf)
        return cls(kind, *numbers)

    def draw(self, source: random.Random) -> float:
        """One delay in seconds."""
        match self.kind:
            case DelayKind.FIXED:
                seconds = self.first
            case DelayKind.UNIFORM:
                seconds = source.uniform(self.first, self.second)
            case DelayKind.EXPONENTIAL:
                seconds = source.expovariate(1 / self.first) if self.first else 0.0
            case DelayKind.LOGNORMAL:
                seconds = self.first * math.exp(source.gauss(0, self.second))
        return min(seconds, self.cap)
