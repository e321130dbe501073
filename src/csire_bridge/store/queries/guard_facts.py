"""The guards as values for programs: stop switch, holds, allowances above the cap."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from csire_bridge.domain.law.complaints import supply_back_by
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.metering_point.complaints import Complaint
from csire_bridge.domain.metering_point.guards import Allowance, Stop
from csire_bridge.domain.metering_point.holds import Hold
from csire_bridge.store.sql.row_mapper import to_row

__all__ = ["allowance_facts", "back_by", "hold_facts", "stop_facts"]


def stop_facts(stop: Stop | None) -> dict[str, Any]:
    """Whether the stop switch is thrown, and how."""
    return {"stopped": stop is not None} | (to_row(stop) if stop else {})


def hold_facts(hold: Hold, now: datetime, law: LawPolicy) -> dict[str, Any]:
    """A hold, and whether it holds now; of a complaint, what stands and which times count."""
    facts = to_row(hold, "complaint") | {"holds": hold.holds(now), "stops": hold.kind.stops.value}
    if hold.complaint is None:
        return facts
    times = {"standing": hold.complaint.standing(now).value, "supply_back_by": back_by(hold.complaint, law)}
    return facts | {"complaint": to_row(hold.complaint) | times}


def allowance_facts(allowance: Allowance) -> dict[str, Any]:
    """A request, approved or not."""
    return to_row(allowance) | {"approved": allowance.approved_at is not None}


def back_by(complaint: Complaint, law: LawPolicy) -> datetime | None:
    """Until when (UTC) the supply must be back, if the complaint was lodged after a cut."""
    return supply_back_by(law, complaint.lodged) if complaint.after_cut else None
