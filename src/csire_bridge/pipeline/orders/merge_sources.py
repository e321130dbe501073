"""One order, several sources: a request for something that an open order does anyway is merged into that order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from csire_bridge.domain.errors import RuleBroken
from csire_bridge.domain.law.clocks import with_deadline
from csire_bridge.domain.message.processes import Process, Standing, standing
from csire_bridge.domain.message.sid import SidOrder, SidRequest
from csire_bridge.domain.order.order import FINAL_STATES, Order
from csire_bridge.domain.order.requests.sources import is_the_same
from csire_bridge.pipeline.orders.create import apply_precedence, new_order, queue_or_leave
from csire_bridge.pipeline.orders.law_at_registration import apply_law_to_dated
from csire_bridge.pipeline.orders.order_policy import OrderPolicy
from csire_bridge.pipeline.orders.processes import catch_up, process_of, refusal
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["accept_sid_order", "merge_hub_orders"]


def merge_hub_orders(tx: Transaction, new: Sequence[Order], now: datetime) -> list[Order]:
    """Merge orders of the hub into the same ones of SID; return those that must be carried out by themselves."""
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


def accept_sid_order(
    tx: Transaction,
    request: SidRequest,
    message: int,
    now: datetime,
    policy: OrderPolicy,
) -> SidOrder:
    """Create an order of SID, or merge it into one that does the same; return SID's number with its order.

    It becomes due like any other order, and its state is reported to SID. Raises RuleBroken, before anything is
    written, if it names a process of the hub that asked for something else.
    """
    asked = new_order(request.order, now, registered_at=request.registered_at)
    new = with_deadline(replace(asked, received_at=now), policy.deadlines)
    named = process_of(new)
    process = tx.processes.lock([named])[named.process_instance] if named else None
    known = _known(tx, new, process, request, now)
    if known is None:
        (key,) = tx.orders.add([new], now)
        apply_precedence(tx, [new], now, policy)
        queue_or_leave(tx, [new], [key], now, policy.too_old)
        apply_law_to_dated(tx, [key], now, policy.law)
        if process is not None:
            catch_up(tx, process, new, now)
        order = tx.orders.get(key)
    elif known.state in FINAL_STATES:
        text = f"SID's order {request.number} asks for it again: it is told how it ended"
        tx.orders.note(known.key, known.state, now, text)
        order = known
    else:
        order = tx.orders.join(known, new, now, f"SID's order {request.number} asks for the same")
        apply_precedence(tx, [new], now, policy)
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


def _known(tx: Transaction, new: Order, process: Process | None, request: SidRequest, now: datetime) -> Order | None:
    """The order into which SID's new one is merged; None if it is carried out by itself.

    A process of the hub is carried out once: an order that names it belongs to that of the process, even if that has
    ended. Raises RuleBroken where the process asked for something else, or its order was archived.
    """
    if process is not None:
        orders = tx.neighbours.of_processes([process.process_instance])[process.process_instance]
        stands = standing(new, process, orders)
        if stands.standing is Standing.OTHER or (stands.standing is Standing.ANSWERED and stands.order is None):
            problem = refusal(stands, process.process_instance)
            raise RuleBroken([problem] if problem else [])
        if stands.standing is not Standing.NEW:
            return stands.order
    newest = _newest_connection(tx, new, now)
    return next((o for o in tx.neighbours.joinable(new) if is_the_same(new, o, newest, now)), None)
