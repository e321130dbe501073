"""Holds: a person, or a household's complaint, forbids moving a contactor.

A complaint keeps the supply from being cut (Energy Law art. 6c, 6d), and never ends by time: see ``complaints``. An
emergency suspension (process 8.3 of the hub's standard) keeps the supply from coming back until a named person
releases it. An emergency may also need the supply: then nobody cuts it, not even because of danger, until a named
person releases that hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.meter.contactor import ContactorAction
from csire_bridge.domain.metering_point.complaints import Complaint

__all__ = ["Hold", "HoldKind"]


class HoldKind(StrEnum):
    """The kind of a hold, which says what must not happen."""

    COMPLAINT = "complaint"
    PROTECTION = "protection"
    EMERGENCY = "emergency"
    EMERGENCY_SUPPLY = "emergency-supply"

    @property
    def stops(self) -> ContactorAction:
        """The movement that must not happen."""
        return ContactorAction.CONNECT if self is HoldKind.EMERGENCY else ContactorAction.DISCONNECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One hold of a metering point, until ``until`` (UTC; None: until somebody releases it).

    It holds as soon as it is written. ``since`` (UTC) only tells when that was: whoever set it may have a clock that
    is ahead of the clock by which a command is given.

    ``complaint`` is that of a hold of its kind. Such a hold has no end by time, whatever ``until`` says.
    """

    key: int
    metering_point: MeteringPointCode
    kind: HoldKind
    since: datetime
    until: datetime | None
    by: str
    why: str
    released_at: datetime | None = None
    released_by: str | None = None
    released_why: str | None = None
    complaint: Complaint | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it holds at ``now``."""
        if self.released_at is not None:
            return False
        if self.kind is HoldKind.COMPLAINT:
            return self.complaint is None or self.complaint.blocks(now)
        return self.until is None or now < self.until
