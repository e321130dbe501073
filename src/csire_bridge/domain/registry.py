"""What is known about a metering point: the facts that an execution depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.messages import RegistryUpdate

__all__ = ["MeteringPoint", "Source", "Telling", "as_update", "has_contactor", "learn", "merge", "origins"]


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


class Source(StrEnum):
    """From where something is known about a point."""

    MESSAGE = "message"
    SID = "sid"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Telling:
    """Who told something of a point, and when (UTC). ``by`` is a person; ``applied_at`` is None until it holds."""

    source: Source
    told_at: datetime
    applied_at: datetime | None
    told_by: str | None
    update: RegistryUpdate


def as_update(told: MeteringPoint, effective: date) -> RegistryUpdate:
    """What somebody who was asked has told of a point, as it holds from ``effective`` (Polish date) on."""
    facts = {_TOLD.get(name, name): getattr(told, name) for name in _LEARNED}
    return RegistryUpdate(process_instance=None, metering_point=told.code, effective_date=effective, **facts)


def origins(point: MeteringPoint, history: Sequence[Telling]) -> dict[str, Telling | None]:
    """For each fact that is known, who told it last (``history``: oldest first); None: found out in an execution, or
    entered by other means, at the point's ``updated_at`` or before."""
    applied = sorted((t for t in history if t.applied_at is not None), key=lambda t: t.applied_at or t.told_at)
    found: dict[str, Telling | None] = {}
    for name in _LEARNED:
        value, told_name = getattr(point, name), _TOLD.get(name, name)
        if value is not None:
            tellings = [t for t in applied if getattr(t.update, told_name) is not None]
            last = tellings[-1] if tellings else None
            found[name] = last if last and getattr(last.update, told_name) == value else None
    return found


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
