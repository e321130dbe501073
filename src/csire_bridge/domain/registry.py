"""What is known about a metering point: the facts that an execution depends on."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal

from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.messages import RegistryUpdate

__all__ = ["MeteringPoint", "has_contactor", "learn", "merge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteringPoint:
    """A metering point (punkt poboru energii) and its meter. None means "not told".

    ``can_be_suspended`` and ``threat`` protect the point; ``updated_at`` (UTC) is when we last learned something.
    """

    code: MeteringPointCode
    updated_at: datetime
    meter: MeterNumber | None = None
    meter_kind: str | None = None
    has_contactor: bool | None = None
    supplier: str | None = None
    tariff_group: str | None = None
    contracted_power: Decimal | None = None
    prepaid: bool | None = None
    can_be_suspended: bool | None = None
    threat: bool | None = None
    connected: bool | None = None


_TOLD = {"meter": "meter_number"}
_LEARNED = tuple(f.name for f in fields(MeteringPoint) if f.name not in ("code", "updated_at"))


def merge(known: MeteringPoint | None, told: RegistryUpdate, now: datetime) -> MeteringPoint:
    """The point after ``told``: what the message does not tell stays as it was known."""
    base = known or MeteringPoint(code=told.metering_point, updated_at=now)
    news = {name: getattr(told, _TOLD.get(name, name)) for name in _LEARNED}
    return replace(base, updated_at=now, **{name: value for name, value in news.items() if value is not None})


def learn(known: MeteringPoint | None, told: MeteringPoint) -> MeteringPoint:
    """The point after somebody who was asked has told of it: the fresher word wins, and gaps are filled."""
    if known is None:
        return told
    older, newer = (known, told) if told.updated_at > known.updated_at else (told, known)
    news = {name: getattr(newer, name) for name in _LEARNED}
    return replace(older, updated_at=newer.updated_at, **{n: value for n, value in news.items() if value is not None})


def has_contactor(meter_kind: str) -> bool:
    """Whether meters of that kind have a contactor: the hub's codes CK0201 and CK0202 do, CK0203 to CK0205 don't."""
    return meter_kind in ("CK0201", "CK0202")
