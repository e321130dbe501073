"""Ports of the registry of metering points, and of the look-up at another system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from csire_bridge.domain.identifiers import (
    MeteringPointCode,
    MeterNumber,
)
from csire_bridge.domain.message.message import (
    RegistryUpdate,
)
from csire_bridge.domain.meter.installations import Installation
from csire_bridge.domain.metering_point.facts import MeteringPoint, PointRecord, Source, Telling

__all__ = ["PointLookup", "PointRegistry"]


class PointRegistry(Protocol):
    """Metering points."""

    def lock(self, codes: Sequence[MeteringPointCode]) -> None: ...
    def of(self, codes: Sequence[MeteringPointCode], now: datetime) -> dict[MeteringPointCode, MeteringPoint]: ...
    def get(self, code: MeteringPointCode) -> MeteringPoint | None: ...
    def put(self, point: MeteringPoint) -> None: ...
    def record(self, code: MeteringPointCode) -> PointRecord | None: ...
    def history(self, code: MeteringPointCode) -> list[Telling]: ...
    def record_notice(self, update: RegistryUpdate, now: datetime, heard: datetime | None = None) -> None: ...
    def record_notices(
        self,
        updates: Sequence[RegistryUpdate],
        now: datetime,
        source: Source,
        told_by: str | None = None,
        why: str | None = None,
    ) -> None: ...
    def note_protection_asked(self, codes: Sequence[MeteringPointCode], at: datetime) -> None: ...
    def protection_asked_since(self, codes: Sequence[MeteringPointCode], since: datetime) -> frozenset[str]: ...
    def learn(self, told: MeteringPoint, now: datetime) -> MeteringPoint: ...
    def switched_all(self, found: Sequence[tuple[MeteringPointCode, bool, datetime]], heard: datetime) -> None: ...
    def installations(self, codes: Sequence[MeteringPointCode], now: datetime) -> list[Installation]: ...
    def points_of_meters(self, meters: Sequence[MeterNumber]) -> Mapping[MeterNumber, list[MeteringPointCode]]: ...
    def spelled(self, meters: Sequence[MeterNumber]) -> dict[MeterNumber, MeterNumber]: ...
    def confirm_meter(self, code: MeteringPointCode, meter: MeterNumber, at: datetime) -> None: ...


class PointLookup(Protocol):
    """Knows metering points that our registry may not know.

    ``look_up`` returns None for a point that is not known there either; raises PartnerUnreachable, OutcomeUnknown or
    PartnerRefused when it can't be asked. ``updated_at`` of what it returns is how fresh that is.
    """

    def look_up(self, code: MeteringPointCode) -> MeteringPoint | None: ...
