"""Rate limiter: a token bucket and a count of open requests for each caller."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from csire_bridge.domain.message.partners import PartnerLimits

__all__ = ["RateLimiter"]

_REMEMBERED = 10_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float
    open: int = 0


class RateLimiter:
    """For one event loop. ``now`` gives monotonic seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def acquire(self, caller: str, limits: PartnerLimits) -> int | None:
        """Admit a request and return None; or return after how many whole seconds to try again.

        An admitted caller must ``release`` at the end. A bucket holds one minute's requests and fills evenly.
        """
        bucket, now = self._buckets.get(caller), self._now()
        if bucket is None:
            self._forget()
            bucket = self._buckets[caller] = _Bucket(limits.per_minute, now)
        self._buckets.move_to_end(caller)
        per_second = limits.per_minute / 60
        bucket.tokens = min(limits.per_minute, bucket.tokens + (now - bucket.filled_at) * per_second)
        bucket.filled_at = now
        if bucket.open >= limits.at_once:
            return 1
        if bucket.tokens < 1:
            return max(1, math.ceil((1 - bucket.tokens) / per_second))
        bucket.tokens -= 1
        bucket.open += 1
        return None

    def _forget(self) -> None:
        """Limit memory: forget callers that came longest ago and have no open request."""
        if len(self._buckets) >= _REMEMBERED:
            idle = next((caller for caller, bucket in self._buckets.items() if not bucket.open), None)
            self._buckets.pop(idle or "", None)

    def release(self, caller: str) -> None:
        """Note that an admitted request has ended."""
        self._buckets[caller].open -= 1
