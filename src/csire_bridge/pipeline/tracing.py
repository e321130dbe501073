"""Which trace a piece of work belongs to: that of the hub's message which asked for it, from the door to the R_1.

An order without a message of the hub, such as one of SID, has a trace of its own. Nothing here is called while traces
are off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from csire_bridge.domain.message.documents import OutgoingDocument
from csire_bridge.domain.message.message import RawMessage, UnderstoodMessage
from csire_bridge.domain.message.sid import Report, SidNumber
from csire_bridge.domain.meter.contactor import HeadEndEvent
from csire_bridge.domain.order.order import Order
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.ports.store import Store
from csire_bridge.telemetry.logs import logger
from csire_bridge.telemetry.traces import tell_span, traces_are_on

__all__ = ["tell_events", "tell_sid_orders", "tell_work"]

_log = logger(__name__)


def tell_work(store: Store, item: WorkItem, about: object, result: object, begun: datetime, ended: datetime) -> None:
    """Tell that a piece of work was done; ``result`` is an error where it failed."""
    with _never_in_the_way():
        _tell_work(store, item, about, result, begun, ended)


def _tell_work(store: Store, item: WorkItem, about: object, result: object, begun: datetime, ended: datetime) -> None:
    facts: dict[str, Any] = {"attempts": item.attempts, "failed": isinstance(result, Exception)}
    if isinstance(about, RawMessage):
        if isinstance(result, UnderstoodMessage):
            _tell_message(store, about, result, begun, ended)
        return
    order = _order_of(store, about)
    if order is not None:
        name = f"{item.step} {type(about).__name__}"
        tell_span(name, _key_of(order), begun, ended, order=order.key, kind=order.kind, **facts)


def tell_events(store: Store, events: Sequence[tuple[HeadEndEvent, int]], now: datetime) -> None:
    """Tell events of the head-end system, each with the key of its order."""
    with _never_in_the_way():
        with store.read_transaction() as tx:
            orders = tx.orders.get_many([key for _, key in events])
        for event, key in events:
            tell_span("head-end event", _key_of(orders[key]), now, now, order=key, code=event.code)


def tell_sid_orders(store: Store, taken: Sequence[tuple[RawMessage, SidNumber]], now: datetime) -> None:
    """Tell orders of SID that were just accepted; one that was merged into an order of the hub is in its trace."""
    if not taken or not traces_are_on():
        return
    with _never_in_the_way():
        for raw, number in taken:
            with store.read_transaction() as tx:
                known = tx.sid.known(number)
                order = None if known is None else tx.orders.get(known.order)
            if order is not None:
                facts: dict[str, Any] = {"message": raw.key, "order": order.key, "kind": order.kind}
                first = order.source_message is None
                tell_span("receive SidOrder", _key_of(order), raw.received_at, now, first=first, **facts)


@contextmanager
def _never_in_the_way() -> Iterator[None]:
    """A span that can't be told must not stop the work that it is about."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, the work itself is done
        _log.warning("trace.lost", why=error)


def _tell_message(
    store: Store, raw: RawMessage, understood: UnderstoodMessage, begun: datetime, ended: datetime
) -> None:
    """A message opens its trace at the door; the hub's result belongs to that of the order which it answers."""
    header = understood.header
    facts: dict[str, Any] = {"message": raw.key, "number": header.number, "channel": raw.channel}
    answered = _answered_by(store, understood)
    key = header.message_id if answered is None else _key_of(answered)
    tell_span(f"receive {header.number}", key, raw.received_at, ended, first=answered is None, **facts)
    tell_span("intake", key, begun, ended, **facts)


def _answered_by(store: Store, understood: UnderstoodMessage) -> Order | None:
    """The order whose answer a message answers."""
    if understood.header.answers is None:
        return None
    with store.read_transaction() as tx:
        order = tx.outbox.order_of(understood.header.answers)
        return None if order is None else tx.orders.get(order)


def _order_of(store: Store, about: object) -> Order | None:
    """The order that a piece of work is about."""
    if isinstance(about, Order):
        return about
    if isinstance(about, OutgoingDocument | Report):
        with store.read_transaction() as tx:
            return tx.orders.get(about.order)
    order = getattr(about, "order", None)
    return order if isinstance(order, Order) else None


def _key_of(order: Order) -> str:
    return order.source_message or f"order {order.key} of {order.registered_at.isoformat()}"
