"""What every measurement needs: rates, ratios of rounds, rounds, percentiles, and the peak of memory."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median, quantiles

__all__ = ["Track", "peak_rss_mib", "percentiles", "rate", "ratio", "round_sizes"]

Track = Callable[[Sequence[int], int], Iterator[int]]
"""Goes through the sizes of the rounds, given with their number; it may show progress."""

_LARGEST = 500


def round_sizes(count: int, rounds: int) -> list[int]:
    """Split ``count`` pieces of work into about ``rounds`` rounds, or into more where those would be large."""
    size = min(_LARGEST, max(1, -(-count // rounds)))
    return [min(size, count - start) for start in range(0, count, size)]


def rate(count: int, work: Callable[[], None]) -> float:
    """Have ``work`` done, which handles ``count`` pieces; return pieces per second."""
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def ratio(ours: Sequence[float], bare: Sequence[float]) -> float:
    """The median of the rounds' ratios: both sides of one round met the same machine."""
    return median(a / b for a, b in zip(ours, bare, strict=True))


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """p50 and p99 of at least one value."""
    parts = quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else [seconds[0]] * 99
    return parts[49], parts[98]


def peak_rss_mib() -> float:
    """The most memory that this process ever held, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
