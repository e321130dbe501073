"""What has become of a clock, and how many were kept and missed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from csire_bridge.domain.law.clocks import Clock
from csire_bridge.domain.order.order import FINAL_STATES, OrderState

__all__ = ["ClockCount", "ClockFate", "fate_of"]


class ClockFate(StrEnum):
    """What became of a clock. ``DROPPED``: its order ended without being carried out, so nothing was due any more."""

    KEPT = "kept"
    MISSED = "missed"
    RUNNING = "running"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class ClockCount:
    """The clocks of one rule that began to count in one Polish month (``YYYY-MM``)."""

    month: str
    rule: str
    kept: int
    missed: int
    running: int
    dropped: int


def fate_of(clock: Clock, state: OrderState, executed_at: datetime | None, now: datetime) -> ClockFate:
    """What has become of a clock by ``now`` (UTC): one that is past its end is missed, whether or not its order is
    open."""
    if state is OrderState.DONE:
        return ClockFate.KEPT if executed_at is not None and executed_at <= clock.until else ClockFate.MISSED
    if state in FINAL_STATES:
        return ClockFate.DROPPED
    return ClockFate.MISSED if now > clock.until else ClockFate.RUNNING
