"""Creates orders: from a request, with precedence over the other orders at the point, and as due work."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from csire_bridge.domain.clock import start_of
from csire_bridge.domain.identifiers import Eic, MessageId, MeteringPointCode
from csire_bridge.domain.law.complaints import decide_by
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.message.message import Header, OrderRequest
from csire_bridge.domain.metering_point.complaints import Complaint, ComplaintStanding
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.order.order import Order, OrderKind, OrderState, ReconnectionReason, RejectionReason
from csire_bridge.domain.order.requests.precedence import asked_at
from csire_bridge.domain.order.requests.too_old import TooOld
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.pipeline.orders.order_policy import OrderPolicy
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["apply_precedence", "new_order", "queue", "queue_or_leave"]

_SID = "SID"
_OVERTAKEN = "a newer request to connect was received for the metering point"


def new_order(request: OrderRequest, now: datetime, *, registered_at: datetime, header: Header | None = None) -> Order:
    """The order for a request; ``header`` is that of the hub's message, None for a request of SID."""
    start = request.effective_date or request.requested_date
    return Order(
        key=0,
        kind=request.kind,
        state=OrderState.REGISTERED,
        metering_point=request.metering_point,
        process_instance=request.process_instance,
        source_message=header.message_id if header else None,
        source_sender=Eic(header.physical_sender) if header else None,
        source_number=header.number if header else None,
        registered_at=registered_at,
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
        kept=request.kept,
        source_item=request.item,
    )


def apply_precedence(tx: Transaction, asked: Sequence[Order], now: datetime, policy: OrderPolicy) -> None:
    """Apply the precedence of orders that were just asked for over the other orders at their points."""
    reconnections = [order for order in asked if order.kind is OrderKind.RECONNECT]
    _supersede(tx, reconnections, now)
    _protect(tx, reconnections, now, policy.law)


def _supersede(tx: Transaction, reconnections: Sequence[Order], now: datetime) -> None:
    """Waiting disconnections at these points are superseded at once; those under way are recalled at the gates."""
    newest: dict[MeteringPointCode, datetime] = {}
    for order in reconnections:
        newest[order.metering_point] = max(asked_at(order), newest.get(order.metering_point, asked_at(order)))
    for order in tx.neighbours.overtaken(newest):
        facts = {"cannot_reason": RejectionReason.OTHER, "detail": _OVERTAKEN}
        tx.orders.move(order, OrderState.SUPERSEDED, now, _OVERTAKEN, **facts)
        tx.work.wake(WorkStep.EXECUTE, [order.key], now)
        tx.work.add(WorkStep.ACKNOWLEDGE, [order.key], now)


def _protect(tx: Transaction, reconnections: Sequence[Order], now: datetime, law: LawPolicy) -> None:
    """A connection because of a complaint starts that complaint: the supply comes back, and stays until it is decided.

    The hub and SID may both tell of one complaint: while it is open, what the other one says starts no second one.
    Two messages of one source start two: which complaint they mean, only a person can tell.
    """
    for order in reconnections:
        if order.reconnection_reason is ReconnectionReason.COMPLAINT:
            lodged = min(order.registered_at, now)
            told = _told_by_the_other(tx, order, now)
            if told is not None and told.complaint is not None and told.complaint.lodged <= lodged:
                continue
            tx.guards.add_hold(
                Hold(
                    key=0,
                    metering_point=order.metering_point,
                    kind=HoldKind.COMPLAINT,
                    since=now,
                    until=None,
                    by=_source(order),
                    why="a connection because of a complaint was asked for",
                    complaint=Complaint(lodged=lodged, after_cut=True, decide_by=decide_by(law, lodged)),
                )
            )
            if told is not None:
                why = f"{_source(order)} tells that the same complaint was lodged earlier: that hold takes its place"
                tx.guards.release_hold(told.key, _source(order), now, why)


def _source(order: Order) -> str:
    return f"message {order.source_number}" if order.source_number else _SID


def _told_by_the_other(tx: Transaction, order: Order, now: datetime) -> Hold | None:
    """The hold of an open complaint of which the other source has told, hub or SID."""
    for hold in tx.guards.holds_of([order.metering_point], now).get(order.metering_point, []):
        told_by_sid, told_by_hub = hold.by == _SID, hold.by.startswith("message ")
        is_other = told_by_sid if order.source_number else told_by_hub
        if is_other and hold.complaint is not None and hold.complaint.standing(now) is ComplaintStanding.OPEN:
            return hold
    return None


def queue(
    tx: Transaction, orders: Sequence[Order], keys: Sequence[int], now: datetime, lease: Lease | None = None
) -> list[WorkItem]:
    """Write the work of new orders; return what is due at once, if it is held under ``lease``."""
    rows = list(zip(keys, orders, strict=True))
    moves = [row for row in rows if row[1].kind.contactor_action]
    _add(tx, WorkStep.PERFORM, [row for row in rows if row not in moves], now)  # a tariff is written before its date
    _add(tx, WorkStep.EXECUTE, [row for row in moves if row[1].not_before > now])
    # What a person takes back to the queue is due now, not on its old date: else it would be too old once more.
    items = _add(tx, WorkStep.EXECUTE, [row for row in moves if row[1].not_before <= now], now, lease)
    return items if lease else []


def queue_or_leave(
    tx: Transaction,
    orders: Sequence[Order],
    keys: Sequence[int],
    now: datetime,
    too_old: TooOld,
    *,
    retroactive: Collection[MessageId] = (),
    lease: Lease | None = None,
) -> list[WorkItem]:
    """Queue new orders, and park those that were asked for too long ago; return what is due at once under ``lease``.

    ``retroactive``: messages whose token says that they count although they are old.
    """
    fresh, old = [], {}
    for key, order in zip(keys, orders, strict=True):
        why = too_old.why(order, now, now if order.source_message in retroactive else None)
        if why is None:
            fresh.append((order, key))
        else:
            old[key] = why
    for order in tx.orders.get_many(list(old)).values():
        tx.orders.move(order, OrderState.PARKED, now, old[order.key], detail=old[order.key])
    return queue(tx, [order for order, _ in fresh], [key for _, key in fresh], now, lease)


def _add(
    tx: Transaction,
    step: WorkStep,
    rows: Sequence[tuple[int, Order]],
    due_at: datetime | None = None,
    lease: Lease | None = None,
) -> list[WorkItem]:
    dues = [due_at or order.not_before for _, order in rows]
    ranks = [order.priority for _, order in rows]
    return tx.work.add(step, [key for key, _ in rows], dues, priority=ranks, lease=lease)
