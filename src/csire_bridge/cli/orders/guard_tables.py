"""The guards as lines for people and as values for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from csire_bridge.cli.shared.moments import local
from csire_bridge.domain.metering_point.guards import Allowance, Stop
from csire_bridge.domain.metering_point.holds import Hold
from csire_bridge.store.sql.row_mapper import to_row

__all__ = ["allowance_facts", "allowance_line", "hold_facts", "hold_line", "stop_facts", "stop_line"]


def stop_facts(stop: Stop | None) -> dict[str, Any]:
    """Whether the stop switch is thrown, and how."""
    return {"stopped": stop is not None} | (to_row(stop) if stop else {})


def stop_line(stop: Stop | None) -> str:
    """The same for people."""
    if stop is None:
        return "the stop switch is not thrown"
    return f"the stop switch is thrown ({stop.scope}) since {local(stop.since)} by {stop.by}: {stop.why}"


def hold_facts(hold: Hold, now: datetime) -> dict[str, Any]:
    """A hold, and whether it holds now."""
    return to_row(hold) | {"holds": hold.holds(now), "stops": hold.kind.stops.value}


def hold_line(hold: Hold, now: datetime) -> str:
    """The same for people."""
    end = f"until {local(hold.until)}" if hold.until else "until it is released"
    over = "" if hold.holds(now) else " (over)"
    what = f"hold {hold.key}: {hold.metering_point} {hold.kind}, stops {hold.kind.stops}"
    return f"{what} {end}{over}; {hold.by}: {hold.why}"


def allowance_facts(allowance: Allowance) -> dict[str, Any]:
    """A request, approved or not."""
    return to_row(allowance) | {"approved": allowance.approved_at is not None}


def allowance_line(allowance: Allowance) -> str:
    """The same for people."""
    what = f"request {allowance.key}: {allowance.count} above the cap, asked by {allowance.asked_by}: {allowance.why}"
    if allowance.until is None:
        return f"{what}; waits for another person: csire-bridge allow approve {allowance.key}"
    return f"{what}; approved by {allowance.approved_by}, counts until {local(allowance.until)}"
