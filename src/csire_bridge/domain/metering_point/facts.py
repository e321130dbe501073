"""What is known about a metering point: the facts that an execution depends on, and since when each of them holds.

Every statement about a point has an effective date, a source, and the moment at which we received it. For each fact,
the value with the newest effective date counts; of several with the same date, the one received last. It does not
matter who said it, or in which order the statements came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Self

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.protection import Protection

__all__ = [
    "MeteringPoint",
    "PointRecord",
    "Since",
    "Source",
    "Telling",
    "after",
    "as_update",
    "has_contactor",
    "origins",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteringPoint:
    """A metering point (punkt poboru energii) and its meter. None means "not told".

    ``can_be_suspended`` (PL-055) protects the point from disconnection for debt. ``danger_registered`` (PL-278) is no
    protection: the need to cut its supply because of danger was registered, so its supply must not come back until a
    named person of the operator lifts it. ``protection`` is whether the law protects the household from a suspension
    for debt. ``station`` is the MV/LV station that supplies it, ``station_group`` the group of the station's meters for
    which the law asks how many commands are delivered in time. ``updated_at`` (UTC) is when a fact was last
    received.
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
    danger_registered: bool | None = None
    connected: bool | None = None
    protection: Protection | None = None
    station: str | None = None
    station_group: str | None = None


class Source(StrEnum):
    """The source of a fact about a point. METER: read from the meter itself. PERSON: an employee of the operator."""

    MESSAGE = "message"
    SID = "sid"
    IMPORT = "import"
    METER = "meter"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Telling:
    """A statement about a point: what, from whom, and when we received it (``told_at``, UTC).

    ``told_by`` is a person, ``why`` their words; ``applied_at`` is None until its effective date has come.
    """

    source: Source
    told_at: datetime
    applied_at: datetime | None
    told_by: str | None
    update: RegistryUpdate
    why: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Since:
    """The Polish date from which a fact holds, and when we received it (UTC). Of two, the greater one counts."""

    effective: date
    heard: datetime

    @classmethod
    def seen(cls, moment: datetime, heard: datetime) -> Self:
        """For a fact that was observed at ``moment`` (UTC), which can't be later than when we received it."""
        return cls(min(moment, heard).astimezone(WARSAW).date(), heard)


@dataclass(frozen=True, slots=True)
class PointRecord:
    """What is known of a point, and since when each fact holds; a fact without a date yields to any statement."""

    point: MeteringPoint
    since: Mapping[str, Since]

    @classmethod
    def seen(cls, point: MeteringPoint) -> Self:
        """A record in which all facts of ``point`` hold from the moment at which it was updated."""
        stamp = Since.seen(point.updated_at, point.updated_at)
        known = {name: getattr(point, name) for name in _LEARNED}
        return cls(point, {n: stamp for n, v in known.items() if v is not None and not (n == _DANGER and v is False)})


def as_update(told: MeteringPoint, effective: date) -> RegistryUpdate:
    """A looked-up point as an update that holds from ``effective`` (Polish date) on."""
    facts = {_TOLD.get(name, name): getattr(told, name) for name in _LEARNED}
    return RegistryUpdate(process_instance=None, metering_point=told.code, effective_date=effective, **facts)


def origins(record: PointRecord, history: Sequence[Telling]) -> dict[str, tuple[Since | None, Telling | None]]:
    """For each known fact: since when it holds, and which statement it is from; None if not known.

    A fact without a statement was found in an execution, or entered by other means.
    """
    found: dict[str, tuple[Since | None, Telling | None]] = {}
    for name in _LEARNED:
        if getattr(record.point, name) is not None:
            since = record.since.get(name)
            tellings = [t for t in history if name in dict(_told(t.update)) and _since(t) == since]
            found[name] = since, tellings[-1] if tellings else None
    return found


_TOLD = {"meter": "meter_number"}
_LEARNED = tuple(f.name for f in fields(MeteringPoint) if f.name not in ("code", "updated_at"))
_DANGER = "danger_registered"


def _told(update: RegistryUpdate) -> Iterator[tuple[str, object]]:
    for name in _LEARNED:
        value = getattr(update, _TOLD.get(name, name))
        if value is not None or (name == "meter" and update.no_meter):
            yield name, value


def _since(telling: Telling) -> Since:
    return Since(telling.update.effective_date, telling.told_at)


def after(known: PointRecord | None, telling: Telling, now: datetime) -> PointRecord:
    """Merge a statement into a point when it comes into force: newer facts win, missing ones are filled.

    Registered danger holds until a person lifts it: "no danger" from any other source only fills a missing value.
    """
    code = telling.update.metering_point
    point = known.point if known else MeteringPoint(code=code, updated_at=now)
    since, stamp = dict(known.since) if known else {}, _since(telling)
    news: dict[str, object] = {}
    for name, value in _told(telling.update):
        if name == _DANGER and value is False and telling.source is not Source.PERSON:
            if point.danger_registered is None:
                news[name] = value
        elif name not in since or stamp >= since[name]:
            news[name], since[name] = _as_known(point, name, value, telling), stamp
    if known is not None and not news:
        return known
    return PointRecord(replace(point, updated_at=now, **news), since)  # type: ignore[arg-type]


def _as_known(point: MeteringPoint, name: str, value: object, telling: Telling) -> object:
    """The value; a meter that is there already keeps its spelling, which only a person of the operator changes."""
    known = point.meter if name == "meter" and telling.source is not Source.PERSON else None
    return known if known is not None and isinstance(value, str) and known.is_spelled(value) else value


def has_contactor(meter_kind: str) -> bool:
    """Whether meters of that kind have a contactor: by the hub's code list, CK0201 and CK0202 do, CK0203-CK0205
    don't."""
    return meter_kind in ("CK0201", "CK0202")
