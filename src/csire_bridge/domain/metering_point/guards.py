"""Guards against a flood of disconnections, by mistake or attack: the stop switch, and the hourly cap.

Both hold for all nodes together. Above the cap, one person asks for more and another one approves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from csire_bridge.domain.meter.contactor import ContactorAction

__all__ = ["CAP_WINDOW", "REQUEST_LASTS", "Allowance", "Stop", "StopScope"]

CAP_WINDOW = timedelta(hours=1)
"""The cap counts the disconnections that were given within this time."""
REQUEST_LASTS = timedelta(days=1)
"""A request for more than the cap that nobody has approved by then is over: things look different a day later."""


class StopScope(StrEnum):
    """Which commands the stop switch holds back."""

    DISCONNECTIONS = "disconnections"
    EVERYTHING = "everything"

    def stops(self, action: ContactorAction) -> bool:
        """Whether a command of that kind is held back."""
        return self is StopScope.EVERYTHING or action is ContactorAction.DISCONNECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """The stop switch was thrown at ``since`` (UTC) and holds until somebody lifts it."""

    key: int
    scope: StopScope
    since: datetime
    by: str
    why: str
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lifted_why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """``count`` disconnections above the cap, asked for by one person; they count once another one has approved.

    Times are UTC. ``until`` is the end of an approved allowance.
    """

    key: int
    count: int
    asked_at: datetime
    asked_by: str
    why: str
    approved_at: datetime | None = None
    approved_by: str | None = None
    approved_why: str | None = None
    until: datetime | None = None
