"""The daily budget of bytes for messages of unproven senders; above it, only a hash and the first bytes are kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Share", "StrangerBudget"]


class Share(StrEnum):
    """Two budgets of the same size, so that garbage does not use up the budget of messages that may be the hub's.

    ``LEFT``: refused for good. ``WAITING``: refused for a cause that may be ours, and judged again.
    """

    LEFT = "left"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class StrangerBudget:
    """``bytes_per_day``: of each share, in a day of UTC. ``head``: the first bytes that are kept of what is more."""

    bytes_per_day: int
    head: int = 512
