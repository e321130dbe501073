"""Complaints of households, and what stands of each at a moment.

A complaint keeps the supply from being cut until it is decided; undecided in time it counts as upheld, and a dispute
before the coordinator goes on blocking (Energy Law art. 6c). After a cut the supply comes back and stays (art. 6d). So
nothing but a decision against the household ends the protection by itself; everything else needs a named person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from csire_bridge.domain.clock import WARSAW

__all__ = ["Complaint", "ComplaintStanding", "Decision"]


class Decision(StrEnum):
    """How a complaint was decided: for the household, or against it."""

    UPHELD = "upheld"
    REJECTED = "rejected"


class ComplaintStanding(StrEnum):
    """What stands of a complaint. Only ``REJECTED`` permits a disconnection.

    ``COUNTS_AS_UPHELD``: the time to decide is over, and no decision was recorded within it.
    """

    OPEN = "open"
    UPHELD = "upheld"
    COUNTS_AS_UPHELD = "counts as upheld"
    REJECTED = "rejected"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A complaint, recorded with a hold. Moments are UTC.

    ``after_cut``: the supply was cut already when it was lodged. ``decide_by``: from then on it counts as upheld unless
    it was decided; None: the law file knows no such time. It is that of the law on the day of ``lodged``.
    """

    lodged: datetime
    after_cut: bool
    decide_by: datetime | None
    decision: Decision | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    decided_why: str | None = None
    disputed_at: datetime | None = None
    disputed_by: str | None = None
    disputed_why: str | None = None

    def standing(self, now: datetime) -> ComplaintStanding:
        """What stands at ``now`` (UTC). A rejection that came too late changes nothing."""
        if self.disputed_at is not None:
            return ComplaintStanding.DISPUTED
        if self.decision is Decision.UPHELD:
            return ComplaintStanding.UPHELD
        if self.decision is Decision.REJECTED and not self._is_late(self.decided_at or now):
            return ComplaintStanding.REJECTED
        return ComplaintStanding.COUNTS_AS_UPHELD if self._is_late(now) else ComplaintStanding.OPEN

    def blocks(self, now: datetime) -> bool:
        """Whether it forbids a disconnection at ``now`` (UTC)."""
        return self.standing(now) is not ComplaintStanding.REJECTED

    def words(self, now: datetime) -> str:
        """What an answer and a history say of it; who lodged it and why is left out."""
        what = {
            ComplaintStanding.OPEN: "is not decided",
            ComplaintStanding.UPHELD: "was upheld",
            ComplaintStanding.COUNTS_AS_UPHELD: "was not decided in time and counts as upheld",
            ComplaintStanding.REJECTED: "was rejected",
            ComplaintStanding.DISPUTED: "is disputed before the coordinator",
        }[self.standing(now)]
        after = " after the cut" if self.after_cut else ""
        return f"the complaint of {self.lodged.astimezone(WARSAW):%Y-%m-%d}{after} {what}"

    def _is_late(self, moment: datetime) -> bool:
        return self.decide_by is not None and moment >= self.decide_by
