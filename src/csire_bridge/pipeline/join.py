"""One order, many sources: whoever asks for what is about to be done anyway joins the order that is there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from csire_bridge.domain.deadlines import Deadlines, with_deadline
from csire_bridge.domain.facts import changed
from csire_bridge.domain.orders import Order
from csire_bridge.domain.sid import SidOrder, SidRequest
from csire_bridge.domain.sources import is_the_same
from csire_bridge.pipeline.new_orders import make_way, new_order, queue
from csire_bridge.pipeline.ports import Transaction

__all__ = ["take_sid_order", "without_joined"]


def without_joined(tx: Transaction, new: Sequence[Order], now: datetime) -> list[Order]:
    """Join orders of the hub to those that SID asked for; return those that have to be carried out themselves."""
    if not new:
        return []
    points = sorted({order.metering_point for order in new})
    free = tx.neighbours.without_hub(points)
    if not free:
        return list(new)
    alone = []
    for order in new:
        newest = _newest_connection(tx, order, now)
        known = next((o for o in free if is_the_same(order, o, newest, now)), None)
        if known is None:
            alone.append(order)
        else:
            free.remove(known)
            tx.orders.join(known, order, now, f"message {order.source_number} of the hub asks for the same")
    return alone


def take_sid_order(
    tx: Transaction,
    request: SidRequest,
    message: int,
    now: datetime,
    complaint_hold: timedelta,
    deadlines: Deadlines,
) -> SidOrder:
    """Write an order of SID, or join it to one that is about to do the same; return what SID's number stands for now.

    It becomes due like any other order. SID is told where it stands.
    """
    asked = with_deadline(new_order(request.order, now, registered_at=request.registered_at), deadlines, now)
    new = _own_process_only(tx, asked)
    newest = _newest_connection(tx, new, now)
    known = next((o for o in tx.neighbours.joinable(new) if is_the_same(new, o, newest, now)), None)
    if known is None:
        (key,) = tx.orders.add([new], now)
        make_way(tx, [new], now, complaint_hold)
        queue(tx, [new], [key], now)
        order = changed(new, key=key)
    else:
        order = tx.orders.join(known, new, now, f"SID's order {request.number} asks for the same")
        make_way(tx, [new], now, complaint_hold)
    taken = SidOrder(
        key=0,
        number=request.number,
        order=order.key,
        message=message,
        content=request.content,
        registered_at=request.registered_at,
        taken_at=now,
    )
    tx.sid.add(taken, order)
    return taken


def _newest_connection(tx: Transaction, order: Order, now: datetime) -> datetime | None:
    asked = tx.neighbours.reconnections([order.metering_point], now).get(order.metering_point)
    return asked.newest if asked else None


def _own_process_only(tx: Transaction, new: Order) -> Order:
    """A process of the hub has one answer: where the hub's own order has ended already, it has given that answer."""
    if new.process_instance is None:
        return new
    ended = any(order.kind is new.kind for order in tx.neighbours.of_process(new.process_instance))
    joins = any(o.process_instance == new.process_instance for o in tx.neighbours.joinable(new))
    return changed(new, process_instance=None) if ended and not joins else new
