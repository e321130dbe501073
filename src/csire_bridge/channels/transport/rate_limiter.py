"""How often, and how many at once, one caller may knock: a token bucket and a count of open requests for each."""

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
    """Belongs to one event loop. ``now`` gives seconds that never go back."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def acquire(self, caller: str, limits: PartnerLimits) -> int | None:
        """Let a request in and return None; or return after how many whole seconds to come again.

        Whoever was let in must ``release``. A bucket holds one minute's requests and fills evenly.
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
        """Make room: who came longest ago and has nothing open is forgotten."""
        if len(self._buckets) >= _REMEMBERED:
            idle = next((caller for caller, bucket in self._buckets.items() if not bucket.open), None)
            self._buckets.pop(idle or "", None)

    def release(self, caller: str) -> None:
        """A request has ended."""
        self._buckets[caller].open -= 1
