"""Records what readings and events show of contactors; a state that no order explains opens an alert."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from csire_bridge.domain.errors import BridgeError
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.meter.contactor import ContactorReading, HeadEndEvent
from csire_bridge.domain.meter.evidence import CLOCK_TOLERANCE, REPLY_TOLERANCE, bounded
from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.domain.order.outcome.supply import (
    Movement,
    Sighting,
    Supply,
    claimed,
    explained,
    outdated,
    seen,
    shown,
    supply_of,
)
from csire_bridge.pipeline.observe.readings import OldReading
from csire_bridge.pipeline.ports.head_end import HeadEnd
from csire_bridge.pipeline.ports.store import Transaction
from csire_bridge.telemetry.logs import logger

__all__ = [
    "Looked",
    "note_age",
    "note_event_times",
    "note_reply_times",
    "take_claims",
    "take_look",
    "take_readings",
    "take_report",
]

_log = logger(__name__)
_READINGS, _EVENTS, _OLD, _REPLIES = "readings", "events", "old readings", "replies"
_ASKED_BY = {OrderKind.AGREEMENT_START: OrderKind.RECONNECT}


@dataclass(frozen=True, slots=True)
class Looked:
    """The result of reading a contactor for ``order``; ``before`` is its last known state until then.

    ``order`` is as it stands after the reading; if that made it done, the hub is told so.
    """

    order: Order
    before: Sighting | None
    result: object


def take_readings(tx: Transaction, looks: Sequence[Looked], now: datetime) -> None:
    """Record readings. Readings that were too old, and clocks that differ from ours, are recorded too."""
    read = [(look, look.result) for look in looks if isinstance(look.result, ContactorReading)]
    _note_times(tx, looks, [reading for _, reading in read], now)
    sightings: dict[MeterNumber, Sighting] = {}
    strange, explains = [], []
    for look, reading in read:
        state = shown(reading)
        if state is None:
            continue
        left = look.before.left if look.before else None
        after = seen(sightings.get(reading.meter, look.before), reading.meter, state, reading.read_at)
        if look.order.state is OrderState.DONE and supply_of(look.order.outcome) is not None:
            after = replace(after, left=supply_of(look.order.outcome), left_by=look.order.key)
        sightings[reading.meter] = after
        asked = {_ASKED_BY.get(look.order.kind, look.order.kind)}
        if explained(state, left, asked):
            explains.append(reading.meter)
        else:
            strange.append(_movement(reading.meter, look.order.metering_point, state, "reading", reading.read_at, now))
    tx.contactors.put(list(sightings.values()))
    tx.contactors.explain(explains, now, "the contactor was read as an order explains it")
    _tell(tx, strange)


def take_report(tx: Transaction, order: Order, reading: ContactorReading | None, now: datetime) -> None:
    """Record a reading made for ``order`` by a person or a step; without one, the reported state counts as left."""
    meter = reading.meter if reading else order.meter
    if meter is None:
        return
    before = tx.contactors.of([meter]).get(meter)
    if reading is not None:
        take_readings(tx, [Looked(order, before, reading)], now)
        return
    left = supply_of(order.outcome)
    if order.state is OrderState.DONE and left is not None:
        at = max(order.executed_at or now, before.last_seen_at if before else order.registered_at)
        tx.contactors.put([replace(seen(before, meter, left, at), left=left, left_by=order.key)])
        tx.contactors.explain([meter], now, f"order {order.key} was reported done")


def take_look(tx: Transaction, reading: ContactorReading, now: datetime) -> None:
    """Record a reading made for no order; it may explain, and so settle, an unexplained movement."""
    state, meter = shown(reading), reading.meter
    if state is None:
        return
    before = tx.contactors.of([meter]).get(meter)
    asked = {order.kind for order in tx.neighbours.open_at_meters([meter])}
    tx.contactors.put([seen(before, meter, state, reading.read_at)])
    if explained(state, before.left if before else None, asked):
        tx.contactors.explain([meter], now, "the contactor was read as an order explains it")
    else:
        _tell(tx, [_movement(meter, None, state, "reading", reading.read_at, now)])


def take_claims(tx: Transaction, events: Iterable[HeadEndEvent], now: datetime) -> None:
    """Record events that belong to no open order: a movement that no order explains opens an alert.

    An event from before the contactor was last read came late, and says nothing about its present state.
    """
    told = [(replace(event, occurred_at=bounded(event.occurred_at, now)), claimed(event)) for event in events]
    moved = [(event, state) for event, state in told if state is not None]
    if not moved:
        return
    meters = sorted({event.meter for event, _ in moved})
    known = tx.contactors.of(meters)
    asked: dict[MeterNumber, set[OrderKind]] = {}
    for order in tx.neighbours.open_at_meters(meters):
        if order.meter is not None:
            asked.setdefault(order.meter, set()).add(order.kind)
    strange = []
    for event, state in moved:
        sighting = known.get(event.meter)
        left = sighting.left if sighting else None
        if not outdated(event, sighting) and not explained(state, left, asked.get(event.meter, ())):
            strange.append(_movement(event.meter, None, state, "event", event.occurred_at, now))
    _tell(tx, strange)


def note_event_times(tx: Transaction, events: Sequence[HeadEndEvent], now: datetime) -> None:
    """Record events with a time in the future: the head-end system's clock or time zone differs from ours."""
    ahead = max((event.occurred_at - now for event in events), default=-CLOCK_TOLERANCE)
    if ahead > CLOCK_TOLERANCE:
        tx.contactors.misfit(_EVENTS, None, ahead, now)
    elif events:
        tx.contactors.fits(_EVENTS, [], now)


def note_reply_times(tx: Transaction, head_end: HeadEnd, now: datetime) -> None:
    """Record if the clock of the head-end system's replies differs from ours: commands end by it, and so a meter may
    have to wait longer for its next one.
    """
    for place, (name, system) in enumerate(head_end.systems().items()):
        source = f"{_REPLIES} {name}" if place else _REPLIES
        behind, ahead = system.clock_behind(now), system.clock_ahead(now)
        if max(behind, ahead) > REPLY_TOLERANCE:
            tx.contactors.misfit(source, None, ahead - behind, now)
        elif system.clock_shows(now) is not None:
            tx.contactors.fits(source, [], now)


def note_age(tx: Transaction, meter: MeterNumber | None, result: object, now: datetime) -> None:
    """Record whether ``meter`` answered the read of a step with an old reading."""
    _note_old(tx, result, now)
    if meter is not None and result is not None and not isinstance(result, BridgeError):
        tx.contactors.fits(_OLD, [meter], now)


def _note_old(tx: Transaction, result: object, now: datetime) -> None:
    if isinstance(result, OldReading) and now - result.read_at > CLOCK_TOLERANCE:
        tx.contactors.misfit(_OLD, result.meter, result.read_at - now, now)


def _note_times(tx: Transaction, looks: Sequence[Looked], read: Sequence[ContactorReading], now: datetime) -> None:
    offsets = [reading.told_at - reading.read_at for reading in read if reading.told_at is not None]
    if offsets and max(offsets) > CLOCK_TOLERANCE:
        tx.contactors.misfit(_READINGS, None, max(offsets), now)
    elif offsets:
        tx.contactors.fits(_READINGS, [], now)
    for look in looks:
        _note_old(tx, look.result, now)
    if read:
        tx.contactors.fits(_OLD, [reading.meter for reading in read], now)


def _movement(
    meter: MeterNumber, point: MeteringPointCode | None, state: Supply, source: str, at: datetime, now: datetime
) -> Movement:
    return Movement(
        key=0, meter=meter, metering_point=point, state=state, source=source, at=at, noticed_at=now, told=""
    )


def _tell(tx: Transaction, strange: Sequence[Movement]) -> None:
    for movement in tx.contactors.add(strange):
        _log.error(
            "movement.unexplained",
            meter=movement.meter,
            point=movement.metering_point,
            state=movement.state,
            source=movement.source,
            at=movement.at,
        )
