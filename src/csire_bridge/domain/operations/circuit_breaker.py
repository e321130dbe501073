"""Circuit breaker: after several failures in a row a partner is not called for a while, then tested with one call.

So an outage causes one alert and no storm of retries. The state is a row in the database, so all nodes share it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

__all__ = ["Circuit", "CircuitPolicy"]


@dataclass(frozen=True, slots=True)
class CircuitPolicy:
    """``threshold`` failures in a row open the circuit; pauses double from ``first`` to ``longest``."""

    threshold: int
    first: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Circuit:
    """``failures`` in a row; open since ``opened_at``, and the next try is at ``retry_at`` (both UTC)."""

    name: str
    failures: int = 0
    opened_at: datetime | None = None
    retry_at: datetime | None = None
    why: str | None = None

    @property
    def open(self) -> bool:
        """Whether calls are held back."""
        return self.opened_at is not None

    def may_try(self, now: datetime) -> bool:
        """Whether an open circuit may let one call through."""
        return self.retry_at is None or now >= self.retry_at

    def trying(self, now: datetime, policy: CircuitPolicy) -> Circuit:
        """The circuit while one test call is made; other calls wait for its result."""
        return replace(self, retry_at=now + policy.first)

    def after_failures(self, count: int, why: str, now: datetime, policy: CircuitPolicy) -> Circuit:
        """The circuit after ``count`` more failures in a row."""
        failures = self.failures + count
        if failures < policy.threshold:
            return replace(self, failures=failures, why=why)
        pause = min(policy.first * 2 ** min(failures - policy.threshold, 16), policy.longest)
        return replace(self, failures=failures, opened_at=self.opened_at or now, retry_at=now + pause, why=why)

    def after_success(self) -> Circuit:
        """The circuit after a successful call: closed, with no failures."""
        return Circuit(self.name)
