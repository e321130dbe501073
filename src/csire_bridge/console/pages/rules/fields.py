"""What a form of rules says, as the file has it; nothing is judged here, because the one parser does that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import Request

from csire_bridge.config.files.rule_form import DAYS, written_week
from csire_bridge.domain.bounds import checked_moment
from csire_bridge.domain.clock import at_wall_clock

__all__ = ["days_of", "moment_of", "rule_of", "typed"]


_DEFAULTS = (("wait_days", "0"), ("days_before_days_off", "0"), ("then", "ask"))


async def typed(request: Request) -> Mapping[str, str]:
    """The fields of the form, the first value of each; several values of one field with commas between them."""
    form = await request.form(max_fields=200)
    found: dict[str, str] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            found[name] = f"{found[name]},{value}" if name in found else value
    return found


def rule_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """A rule from its form."""
    rule: dict[str, Any] = {"for": _given(fields, "kind", "disconnection_kind", "supplier", "source")}
    if fields.get("all_hours") != "yes":
        rule["hours"] = _week(fields)
    rule |= _given(fields, "wait_days", "try_days", "then", "text", "days_before_days_off")
    if fields.get("on_days_off") != "yes":
        rule["on_days_off"] = "no"
    return {name: value for name, value in rule.items() if (name, value) not in _DEFAULTS}


def days_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """Days off and the pause from their form."""
    pause: dict[str, Any] = {}
    week = _week(fields)
    if week != {"every-day": "none"}:
        pause["hours"] = week
    if dates := _listed(fields.get("dates", "")):
        pause["dates"] = dates
    if fields.get("days_off") == "yes":
        pause["days_off"] = "yes"
    if (before := fields.get("days_before_days_off", "").strip()) not in ("", "0"):
        pause["days_before_days_off"] = before
    weekend = [day for day in DAYS if day in _listed(fields.get("weekend", ""))]
    return {
        "weekend": weekend if weekend != ["saturday", "sunday"] else None,
        "extra_days_off": _listed(fields.get("extra_days_off", "")) or None,
        "no_disconnection": pause,
    }


def moment_of(text: str, now: datetime) -> datetime:
    """A moment (UTC) as it is typed by the Polish clock; now for none. Raises ValueError."""
    if not text.strip():
        return now
    local = datetime.fromisoformat(text)
    if local.tzinfo is not None:
        return checked_moment(local)
    return checked_moment(at_wall_clock(local, later=False))


def _week(fields: Mapping[str, str]) -> dict[str, str]:
    return written_week({day: fields.get(f"hours_{day}", "") for day in DAYS})


def _given(fields: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: fields[name].strip() for name in names if fields.get(name, "").strip()}


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]
