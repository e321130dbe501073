"""What an understood message changes, inside the transaction that settles it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from csire_bridge.domain.clock import start_of
from csire_bridge.domain.documents import DocumentState
from csire_bridge.domain.holds import Hold, HoldKind
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.messages import (
    Header,
    OrderRequest,
    RegistryUpdate,
    ResultNotice,
    SpecialKind,
    SpecialNotice,
    Understood,
)
from csire_bridge.domain.orders import (
    WAITS_FOR_A_PERSON,
    CannotReason,
    Order,
    OrderKind,
    OrderState,
    ReconnectionReason,
)
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.pipeline.ports import Transaction

__all__ = ["new_order", "register"]

_log = logging.getLogger(__name__)
_ENDED = "the hub ended the process by force"


_OVERTAKEN = "a newer request to connect was received for the metering point"


def register(
    tx: Transaction,
    understood: Sequence[Understood],
    now: datetime,
    lease: Lease | None = None,
    complaint_hold: timedelta = timedelta(days=14),
) -> list[WorkItem]:
    """Write what the messages ask for; return the execution work that is due at once, held under ``lease``.

    ``complaint_hold`` is how long a reconnection for a household's complaint protects it from being disconnected again.
    """
    orders: list[Order] = []
    for message in understood:
        match message.reading:
            case OrderRequest() as request:
                orders.append(new_order(message.header, request, now))
            case RegistryUpdate() as update:
                tx.points.tell(update, now)
            case ResultNotice() as result:
                _file_result(tx, message.header, result, now)
            case SpecialNotice() as notice:
                _follow(tx, notice, now)
    keys = tx.orders.add(orders, now)
    reconnections = [order for order in orders if order.kind is OrderKind.RECONNECT]
    _overtake(tx, reconnections, now)
    _protect(tx, reconnections, now, complaint_hold)
    return _queue(tx, orders, keys, now, lease)


def _overtake(tx: Transaction, reconnections: Sequence[Order], now: datetime) -> None:
    """Disconnections that wait at these points give way at once; those under way are recalled in their turn."""
    newest: dict[MeteringPointCode, datetime] = {}
    for order in reconnections:
        newest[order.metering_point] = max(order.registered_at, newest.get(order.metering_point, order.registered_at))
    for order in tx.orders.overtaken(newest):
        facts = {"cannot_reason": CannotReason.OTHER, "detail": _OVERTAKEN}
        tx.orders.move(order, OrderState.SUPERSEDED, now, _OVERTAKEN, **facts)
        tx.work.hasten(WorkStep.EXECUTE, [order.key], now)
        tx.work.add(WorkStep.ACKNOWLEDGE, [order.key], now)


def _protect(tx: Transaction, reconnections: Sequence[Order], now: datetime, lasts: timedelta) -> None:
    for order in reconnections:
        if order.reconnection_reason is ReconnectionReason.COMPLAINT and lasts:
            hold = Hold(
                key=0,
                metering_point=order.metering_point,
                kind=HoldKind.COMPLAINT,
                since=now,
                until=order.registered_at + lasts,
                by=f"message {order.source_number}",
                why="the supply came back because of a complaint",
            )
            tx.guards.hold(hold)


def new_order(header: Header, request: OrderRequest, now: datetime) -> Order:
    """The order that a message asks for. Its time counts from the message's own timestamp, the strict reading."""
    start = request.effective_date or request.requested_date
    return Order(
        key=0,
        kind=request.kind,
        state=OrderState.REGISTERED,
        metering_point=request.metering_point,
        process_instance=request.process_instance,
        source_message=header.message_id,
        source_number=header.number,
        registered_at=header.timestamp,
        not_before=max(now, start_of(start)) if start else now,
        version=1,
        disconnection_kind=request.disconnection_kind,
        reconnection_reason=request.reconnection_reason,
        supplier=request.supplier,
        requested_date=request.requested_date,
        effective_date=request.effective_date,
        description=request.description,
        tariff_group=request.tariff_group,
        contracted_power=request.contracted_power,
        end_reason=request.end_reason,
    )


def _queue(
    tx: Transaction, orders: Sequence[Order], keys: Sequence[int], now: datetime, lease: Lease | None
) -> list[WorkItem]:
    rows = [(key, order.not_before, order.priority) for key, order in zip(keys, orders, strict=True)]
    due = [row for row in rows if row[1] <= now]
    later = [row for row in rows if row[1] > now]
    for group, holder in ((later, None), (due, lease)):
        items = tx.work.add(
            WorkStep.EXECUTE,
            [key for key, _, _ in group],
            [moment for _, moment, _ in group],
            priority=[rank for _, _, rank in group],
            lease=holder,
        )
    return items if lease else []


def _file_result(tx: Transaction, header: Header, result: ResultNotice, now: datetime) -> None:
    """An R_1 closes the loop of the document that it answers."""
    document = tx.outbox.by_message_id(header.answers) if header.answers else None
    if document is None:
        _log.warning("R_1 %s answers %s, which is no message of ours", header.message_id, header.answers)
        return
    state = DocumentState.CONFIRMED if result.accepted else DocumentState.CONTESTED
    tx.outbox.result(document.key, now, state, result.result_code, result.description)
    order = tx.orders.get(document.order)
    tx.orders.note(order.key, order.state, now, f"hub's R_1 to message {document.number}: {result.result_code}")
    if not result.accepted:
        _log.error("the hub contests message %s of order %s: %s", document.number, order.key, result.result_code)


def _follow(tx: Transaction, notice: SpecialNotice, now: datetime) -> None:
    """A process that the hub ended by force takes its waiting orders with it; those under way are recalled.

    Either way the hub gets an answer: "cannot" for what did not happen, "done" for what could not be stopped.
    """
    if notice.kind is not SpecialKind.PROCESS_ENDED or notice.process_instance is None:
        return
    for order in tx.orders.open_of_process(notice.process_instance):
        if order.state is OrderState.REGISTERED or order.state in WAITS_FOR_A_PERSON:
            tx.orders.move(order, OrderState.WITHDRAWN, now, _ENDED, detail=_ENDED)
            tx.work.hasten(WorkStep.EXECUTE, [order.key], now)
            tx.work.add(WorkStep.ACKNOWLEDGE, [order.key], now)
        else:
            tx.orders.recall(order.key, now)
            tx.orders.note(order.key, order.state, now, f"{_ENDED}: the command under way is recalled")
            tx.work.hasten(WorkStep.EXECUTE, [order.key], now)
            _log.error("order %s is under way, but the hub ended its process", order.key)
