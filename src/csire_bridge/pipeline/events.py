"""What the head-end system reports by itself: stored, joined to its order, and its order woken."""

from __future__ import annotations

import logging
from datetime import datetime

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.contactor import HeadEndEvent
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.ports import Store, Transaction

__all__ = ["take_event"]

_log = logging.getLogger(__name__)


def take_event(store: Store, clock: Clock, raw: bytes, event: HeadEndEvent) -> None:
    """Store an event of the head-end system and wake the order that waits for it, in one transaction.

    An event joins an order only when both its correlation id and its meter are those of the order's latest command.
    """
    now = clock()
    with store.transaction() as tx:
        _take(tx, now, raw, event)


def _take(tx: Transaction, now: datetime, raw: bytes, event: HeadEndEvent) -> None:
    order = tx.orders.by_correlation(event.correlation_id) if event.correlation_id else None
    if order is not None and order.meter != event.meter:
        _log.error("event %s names another meter than order %s", event.code, order.key)
        order = None
    tx.head_end.add(raw, event, now, order.key if order else None)
    if order is not None:
        tx.orders.note(order.key, order.state, now, f"head-end system reports {event.kind} ({event.code})")
        tx.work.hasten(WorkStep.EXECUTE, order.key, now)
