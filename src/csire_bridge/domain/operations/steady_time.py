"""Decides what a process does when clocks disagree, so that setting a clock never changes the result of an order.

A process keeps its own time, which runs by the machine's monotonic clock and can't be set. It follows another clock in
small corrections while the difference is small. A large difference means that one of the clocks was set; then the
majority of three clocks decides.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

__all__ = ["AGREEMENT", "DRIFT", "ClockVerdict", "judge_clocks"]

DRIFT = timedelta(seconds=2)
"""A difference up to this is drift or an ordinary correction, and is followed."""
AGREEMENT = timedelta(seconds=10)
"""Two clocks that differ by no more than this tell the same time."""


class ClockVerdict(StrEnum):
    """What a process must do with its own time."""

    FOLLOW = "follow"
    """Run a little faster or slower, until the difference is gone."""
    TAKE_OVER = "take-over"
    """Take over the time of the reference at once: two clocks agree that ours is wrong, as after a frozen machine."""
    KEEP = "keep"
    """Go on by our own time, and have a person look: nothing shows which clock is right."""


def judge_clocks(own: datetime, reference: datetime, witness: datetime | None) -> ClockVerdict:
    """Decide from three moments (UTC) read at once: our own time, the clock to be followed, and a third clock."""
    if abs(reference - own) <= DRIFT:
        return ClockVerdict.FOLLOW
    if witness is not None and abs(witness - reference) <= AGREEMENT < abs(witness - own):
        return ClockVerdict.TAKE_OVER
    return ClockVerdict.KEEP
