"""What the head-end system reports by itself: stored, joined to its order, and its order woken."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.identifiers import CorrelationId
from csire_bridge.domain.meter.contactor import HeadEndEvent
from csire_bridge.domain.order.order import FINAL_STATES
from csire_bridge.domain.order.related import CommandedOrder
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.observe.sightings import note_event_times, take_claims
from csire_bridge.pipeline.ports import Store, Transaction

__all__ = ["take_events"]

_log = logging.getLogger(__name__)


def take_events(store: Store, clock: Clock, events: Sequence[tuple[bytes, HeadEndEvent]]) -> None:
    """Store events with their bytes and wake the orders that wait for them, in one transaction.

    Ids are compared as values, however the head-end system spells them. Where no open order waits for an event, and no
    order explains the movement that it tells of, a person is told.

    An event joins an order only when both its correlation id and its meter are those of the order's latest command;
    one that says again what was said is kept, and changes nothing. Any other event, of a pressed button or of an older
    command, only has the open orders of its meter looked at: something happened there.
    """
    now = clock()
    with store.transaction() as tx:
        orders = tx.neighbours.by_correlation([e.correlation_id for _, e in events if e.correlation_id])
        joined = [_joined(raw, event, orders) for raw, event in events]
        met = _new(tx, [(event, order) for _, event, order in joined if order is not None])
        tx.head_end.add([(raw, event, order.key if order else None) for raw, event, order in joined], now)
        near = tx.neighbours.open_at_meters([event.meter for _, event, order in joined if order is None])
        tx.work.wake(WorkStep.EXECUTE, [*(order.key for _, order in met), *(order.key for order in near)], now)
        states = tx.neighbours.states_by_now([order for _, order in met])  # whoever worked on them has finished by now
        told = [(o.key, states[o.key], f"head-end system reports {e.kind} ({e.code})") for e, o in met]
        tx.orders.note_all(told, now)
        ended = [event for _, event, order in joined if order is None or order.state in FINAL_STATES]
        take_claims(tx, ended, now)
        note_event_times(tx, [event for _, event in events], now)


def _new(
    tx: Transaction, met: Sequence[tuple[HeadEndEvent, CommandedOrder]]
) -> list[tuple[HeadEndEvent, CommandedOrder]]:
    """Those that were not told before, neither in the store nor in the same group."""
    known = {event.identity for _, event in tx.head_end.of_orders([order.key for _, order in met if order.told])}
    new = []
    for event, order in met:
        if event.identity not in known:
            new.append((event, order))
        known.add(event.identity)
    return new


def _joined(
    raw: bytes, event: HeadEndEvent, orders: Mapping[CorrelationId, CommandedOrder]
) -> tuple[bytes, HeadEndEvent, CommandedOrder | None]:
    """The event, with its meter as we write it, and its order; an order of another meter is none."""
    order = orders.get(event.correlation_id) if event.correlation_id else None
    if order is None:
        return raw, event, None
    if not order.meter.is_spelled(event.meter):
        _log.error("event %s names another meter than order %s", event.code, order.key)
        return raw, event, None
    return raw, replace(event, meter=order.meter), order
