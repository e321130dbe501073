"""Everything that is known of a metering point: from whom, since when it holds, and when we heard it; read only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.meter.installations import Installation
from csire_bridge.domain.metering_point.facts import PointRecord, Source, Telling, origins
from csire_bridge.domain.metering_point.holds import Hold
from csire_bridge.domain.order.outcome.supply import Movement, Sighting
from csire_bridge.domain.protection import Protection
from csire_bridge.store.queries.guard_facts import hold_facts
from csire_bridge.store.sql.plain_values import Facts
from csire_bridge.store.sql.row_mapper import from_rows, to_row
from csire_bridge.store.tables import (
    OPEN_MOVEMENTS,
    complaints,
    danger_cuts,
    holds,
    meter_installations,
    movements,
    orders,
)
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["MOST_TOLD", "KnownFact", "PointFile", "point_file", "told_facts"]

MOST_TOLD = 200
"""So many statements, holds and cuts are told, the newest ones."""
_MASK = "(masked)"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFact:
    """A fact that counts now. ``effective`` is the Polish date from which it holds, ``heard`` (UTC) when we received
    it; None: not kept. ``told_by`` is a person, ``why`` their words. Why a household is protected is never told."""

    name: str
    value: object
    source: Source | None
    told_by: str | None
    why: str | None
    effective: date | None
    heard: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointFile:
    """All about a point. ``tellings`` are statements, ``pending`` those whose day has not come, the newest first.

    ``holds`` are those in force, ``past_holds`` the others; ``cuts`` are cuts because of danger, standing or lifted.
    ``meters``: which were there, from when until when, as far as we know. ``contactor``: its last known state.
    """

    code: MeteringPointCode
    updated_at: datetime | None
    facts: Sequence[KnownFact]
    tellings: Sequence[Telling]
    pending: Sequence[Telling]
    holds: Sequence[Facts]
    past_holds: Sequence[Facts]
    cuts: Sequence[Facts]
    meters: Sequence[Installation]
    contactor: Sighting | None
    movements: Sequence[Movement]

    @property
    def standing_cuts(self) -> Sequence[Facts]:
        """The cuts that nobody has lifted."""
        return [cut for cut in self.cuts if cut["lifted_at"] is None]

    def fact(self, name: str) -> object:
        """The value of a fact; None where it is not known."""
        return next((one.value for one in self.facts if one.name == name), None)


def point_file(connection: Connection, code: MeteringPointCode, law: LawPolicy, now: datetime) -> PointFile | None:
    """What is known of a point at ``now`` (UTC); None if nothing is."""
    tx = UnitOfWork(connection)
    record, told = tx.points.record(code), tx.points.history(code)
    in_force = tx.guards.holds_of([code], now).get(code, [])
    past, cuts = _past_holds(connection, code, in_force), _cuts(connection, code)
    if record is None and not told and not in_force and not past and not cuts:
        return None
    meter = record.point.meter if record else None
    newest = told[::-1][:MOST_TOLD]
    return PointFile(
        code=code,
        updated_at=record.point.updated_at if record else None,
        facts=list(_known(record, told)) if record else [],
        tellings=newest,
        pending=[one for one in newest if one.applied_at is None],
        holds=[hold_facts(hold, now, law) for hold in in_force],
        past_holds=past,
        cuts=cuts,
        meters=_meters(connection, code),
        contactor=tx.contactors.of([meter]).get(meter) if meter else None,
        movements=_movements(connection, meter) if meter else [],
    )


def told_facts(telling: Telling) -> dict[str, object]:
    """What a statement says, by name; a protection is masked."""
    skipped = ("process_instance", "metering_point", "effective_date")
    told = {name: value for name, value in to_row(telling.update, *skipped).items() if value is not None}
    return {name: _MASK if name == "protection" else value for name, value in told.items()}


def _known(record: PointRecord, told: Sequence[Telling]) -> Iterator[KnownFact]:
    for name, (since, telling) in origins(record, told).items():
        value = getattr(record.point, name)
        yield KnownFact(
            name=name,
            value=_MASK if isinstance(value, Protection) else value,
            source=telling.source if telling else None,
            told_by=telling.told_by if telling else None,
            why=telling.why if telling else None,
            effective=since.effective if since else None,
            heard=since.heard if since else None,
        )


def _past_holds(connection: Connection, code: MeteringPointCode, in_force: Sequence[Hold]) -> list[Facts]:
    keys = [hold.key for hold in in_force]
    query = select(holds, complaints.c.lodged, complaints.c.decision, complaints.c.decided_at)
    joined = query.outerjoin_from(holds, complaints, complaints.c.key == holds.c.key)
    here = joined.where(holds.c.metering_point == str(code), holds.c.key.not_in(keys))
    return [dict(row._mapping) for row in connection.execute(here.order_by(holds.c.key.desc()).limit(MOST_TOLD))]


def _cuts(connection: Connection, code: MeteringPointCode) -> list[Facts]:
    """By the orders of the point, which an index finds; each cut is an order."""
    ordered = select(orders.c.key).where(orders.c.metering_point == str(code))
    here = select(danger_cuts).where(danger_cuts.c.order.in_(ordered))
    rows = connection.execute(here.order_by(danger_cuts.c.key.desc()).limit(MOST_TOLD))
    return [dict(row._mapping) for row in rows]


def _meters(connection: Connection, code: MeteringPointCode) -> list[Installation]:
    here = select(meter_installations).where(meter_installations.c.metering_point == str(code))
    rows = connection.execute(here.order_by(meter_installations.c.key.desc()).limit(MOST_TOLD))
    return list(from_rows(Installation, rows))


def _movements(connection: Connection, meter: Any) -> list[Movement]:
    unsettled = select(movements).where(movements.c.meter == str(meter), OPEN_MOVEMENTS)
    return list(from_rows(Movement, connection.execute(unsettled)))
