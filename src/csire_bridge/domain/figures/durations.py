"""Execution times in classes, each 5 % longer than the one before, so that they can be kept and added.

A percentile of them is the upper bound of its class: at most 5 % above the true one, and never below it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

__all__ = ["class_of_seconds", "percentile_of", "seconds_of_class"]

_STEP = 1.05
_LOG = math.log(_STEP)


def class_of_seconds(seconds: float) -> int:
    """The class of an execution time; 0 up to one second."""
    return 0 if seconds <= 1 else math.ceil(math.log(seconds) / _LOG - 1e-9)


def seconds_of_class(number: int) -> float:
    """The upper bound of a class in seconds."""
    return float(_STEP**number)


def percentile_of(classes: Mapping[int, int], share: float) -> float | None:
    """The nearest-rank percentile in seconds of how many times there are in each class; None where there are none."""
    total = sum(classes.values())
    rank, seen = max(1, math.ceil(share / 100 * total)), 0
    for number in sorted(classes):
        seen += classes[number]
        if seen >= rank:
            return seconds_of_class(number)
    return None
