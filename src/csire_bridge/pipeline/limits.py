"""How long and how often an execution is tried."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from csire_bridge.domain.retry import RetryPolicy

__all__ = ["ExecutionLimits"]


@dataclass(frozen=True, slots=True)
class ExecutionLimits:
    """``response``: how long an event is waited for before the state is asked for. ``lifetime``: how long the
    head-end system may run a command. ``attempts``: commands per order. ``poll``: between two looks at the state.
    """

    response: timedelta = timedelta(seconds=120)
    lifetime: timedelta = timedelta(minutes=15)
    attempts: int = 3
    poll: timedelta = timedelta(seconds=30)
    retry: RetryPolicy = field(default_factory=lambda: RetryPolicy(attempts=100))
