"""Events of the head-end system: stored, matched with the order they belong to, and that order woken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.identifiers import CorrelationId, MeterNumber
from csire_bridge.domain.meter.contactor import NO_METER, HeadEndEvent, HeadEndEventKind
from csire_bridge.domain.order.order import FINAL_STATES
from csire_bridge.domain.order.requests.related import CommandedOrder
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.observe.sightings import note_event_times, take_claims
from csire_bridge.pipeline.ports.store import Store, Transaction
from csire_bridge.pipeline.tracing import tell_events
from csire_bridge.telemetry.logs import logger
from csire_bridge.telemetry.metrics import count
from csire_bridge.telemetry.traces import traces_are_on

__all__ = ["of_its_own", "take_events"]

_log = logger(__name__)
_Event = tuple[bytes, HeadEndEvent, CommandedOrder | None]


def take_events(store: Store, clock: Clock, events: Sequence[tuple[bytes, HeadEndEvent]]) -> None:
    """Store events with their bytes and wake the orders that wait for them, in one transaction.

    Ids are compared as values, however the head-end system writes them. If no open order waits for an event, and no
    order explains the movement that it reports, an alert tells a person.

    An event is matched with an order only if both its correlation id and its meter are those of the order's latest
    command; a repeated event is stored, and changes nothing. If that order has ended already, the orders that wait at
    its point are looked at again, because the event may release their meter. Any other event (a pressed button, an
    older command) makes the open orders of its meter due, so that their contactor is read. So does an event that
    can't be used; of what names no meter and tells nothing, the correlation id alone is enough for that.
    """
    now = clock()
    with store.transaction() as tx:
        orders = tx.neighbours.by_correlation([e.correlation_id for _, e in events if e.correlation_id])
        joined = _as_we_write(tx, [_joined(raw, event, orders) for raw, event in events])
        met = _new(tx, [(event, order) for _, event, order in joined if order is not None])
        tx.head_end.add([(raw, event, order.key if order else None) for raw, event, order in joined], now)
        strangers = [event.meter for _, event, order in joined if order is None and event.meter != NO_METER]
        near = tx.neighbours.open_at_meters(strangers)
        tx.work.wake(WorkStep.EXECUTE, [*(order.key for _, order in met), *(order.key for order in near)], now)
        states = tx.neighbours.states_by_now([order for _, order in met])  # whoever worked on them has finished by now
        told = [(o.key, states[o.key], _story(e)) for e, o in met]
        tx.orders.note_all(told, now)
        late = [order for _, order in met if states[order.key] in FINAL_STATES]
        waiting = tx.neighbours.waiting_at([order.metering_point for order in late])
        tx.work.wake(WorkStep.EXECUTE, waiting, now)  # the event may prove that the command they wait for has run
        ended = [event for _, event, order in joined if order is None or order.state in FINAL_STATES]
        take_claims(tx, ended, now)
        note_event_times(tx, [event for _, event in events], now)
    for _, _, order in joined:
        count("csire_bridge_events_total", matched="no" if order is None else "yes")
    if traces_are_on():
        tell_events(store, [(event, order.key) for event, order in met], now)


def of_its_own(event: HeadEndEvent, system: str, system_of: Callable[[MeterNumber], str]) -> HeadEndEvent:
    """The event of a system; one about a meter of another system is not used: it only causes a reading."""
    if event.meter == NO_METER or system_of(event.meter) == system:
        return event
    text = f"the meter is one of the system {system_of(event.meter)}, and {system} reports"
    return replace(event, kind=HeadEndEventKind.UNKNOWN, contactor=None, permanent=False, text=text)


def _story(event: HeadEndEvent) -> str:
    """What an order's history says of an event."""
    if event.kind is HeadEndEventKind.UNKNOWN:
        return f"head-end system reports something that can't be used: {event.text}"
    if event.kind is HeadEndEventKind.ANSWERED:
        return f"head-end system replies later: {event.text}"
    return f"head-end system reports {event.kind} ({event.code})"


def _as_we_write(tx: Transaction, joined: Sequence[_Event]) -> list[_Event]:
    """Events that answer no order's command, with their meter numbers as we write them."""
    known = tx.points.spelled([e.meter for _, e, order in joined if order is None and e.meter != NO_METER])
    return [
        (raw, event if order else replace(event, meter=known.get(event.meter, event.meter)), order)
        for raw, event, order in joined
    ]


def _new(
    tx: Transaction, met: Sequence[tuple[HeadEndEvent, CommandedOrder]]
) -> list[tuple[HeadEndEvent, CommandedOrder]]:
    """The events that are new, compared with the store and within the same group."""
    known = {event.identity for _, event in tx.head_end.of_orders([order.key for _, order in met if order.told])}
    new = []
    for event, order in met:
        if event.identity not in known:
            new.append((event, order))
        known.add(event.identity)
    return new


def _joined(raw: bytes, event: HeadEndEvent, orders: Mapping[CorrelationId, CommandedOrder]) -> _Event:
    """The event, with the meter number as we write it, and its order; None if that order is for another meter."""
    order = orders.get(event.correlation_id) if event.correlation_id else None
    if order is None:
        return raw, event, None
    if event.meter != NO_METER and not order.meter.is_spelled(event.meter):
        _log.error("event.other_meter", order=order.key, code=event.code)
        return raw, event, None
    return raw, replace(event, meter=order.meter), order
