"""How much of an order's time is over: the stages by which people are warned, and by which lists are filtered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from csire_bridge.domain.clock import WARSAW, start_of

__all__ = ["ClockAt", "ClockStage"]


class ClockStage(StrEnum):
    """``HALF`` and ``FOUR_FIFTHS`` of the time until the deadline are over, and no later stage is reached; ``PAST``:
    the deadline itself; ``TODAY``: it is still to come, before the Polish day ends."""

    HALF = "half"
    FOUR_FIFTHS = "four-fifths"
    PAST = "past"
    TODAY = "today"


@dataclass(frozen=True, slots=True)
class ClockAt:
    """A stage as it is judged at ``now`` (UTC)."""

    stage: ClockStage
    now: datetime

    @property
    def day_ends(self) -> datetime:
        """The end of the Polish day (UTC)."""
        return start_of(self.now.astimezone(WARSAW).date() + timedelta(days=1))
