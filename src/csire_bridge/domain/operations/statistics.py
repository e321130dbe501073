"""Execution times in the five buckets that operators publish, and percentiles."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from csire_bridge.domain.order.order import OrderKind

__all__ = ["Bucket", "Executed", "Statistics", "bucket_of", "count_buckets", "percentile"]


class Bucket(StrEnum):
    """Execution time from registration; each bucket includes its upper bound."""

    UP_TO_15_MIN = "up to 15 min"
    UP_TO_30_MIN = "15-30 min"
    UP_TO_60_MIN = "30-60 min"
    UP_TO_3_H = "1-3 h"
    OVER_3_H = "over 3 h"


_BOUNDS = (
    (15 * 60, Bucket.UP_TO_15_MIN),
    (30 * 60, Bucket.UP_TO_30_MIN),
    (60 * 60, Bucket.UP_TO_60_MIN),
    (3 * 3600, Bucket.UP_TO_3_H),
)


def bucket_of(seconds: float) -> Bucket:
    """The bucket of an execution time in seconds."""
    return next((bucket for bound, bucket in _BOUNDS if seconds <= bound), Bucket.OVER_3_H)


def count_buckets(seconds: Iterable[float]) -> dict[Bucket, int]:
    """How many execution times (seconds) fall into each bucket; every bucket is there."""
    counts = dict.fromkeys(Bucket, 0)
    for value in seconds:
        counts[bucket_of(value)] += 1
    return counts


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of ascending values: always one of the values, never interpolated."""
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True)
class Executed:
    """One executed order: all moments in UTC. ``deadline`` is None where it had none."""

    kind: OrderKind
    registered_at: datetime
    executed_at: datetime
    deadline: datetime | None = None

    @property
    def in_time(self) -> bool | None:
        """Whether it was executed by its deadline; None where it had none."""
        return None if self.deadline is None else self.executed_at <= self.deadline

    @property
    def seconds(self) -> float:
        """Execution time in seconds; a meter's clock slightly behind ours must not make it negative."""
        return max(0.0, (self.executed_at - self.registered_at).total_seconds())


@dataclass(frozen=True, slots=True)
class Statistics:
    """Execution times of one kind of order in one Polish month (``YYYY-MM`` of registration); seconds.

    Percentiles are those of ``figures/durations``.

    ``limited`` is how many had a deadline, ``in_time`` how many of these were executed by then.
    """

    kind: OrderKind
    month: str
    count: int
    buckets: dict[Bucket, int]
    p50: float
    p90: float
    p99: float
    limited: int = 0
    in_time: int = 0
