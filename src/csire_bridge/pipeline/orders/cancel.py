"""Cancels orders that are not wanted any more: a waiting one ends, one whose command was sent is recalled."""

from __future__ import annotations

from datetime import datetime

from csire_bridge.domain.message.sid import SidOrder, SidStatus, SidWithdrawal, WithdrawalResult
from csire_bridge.domain.order.order import FINAL_STATES, NEEDS_OPERATOR, Order, OrderState, RejectionReason
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["cancel_or_recall", "has_begun", "requeue", "withdraw"]


def cancel_or_recall(tx: Transaction, order: Order, why: str, now: datetime) -> bool:
    """End an open order, or recall its command; return whether it has ended. The hub or SID is answered."""
    begun = has_begun(tx, order)
    if not begun and (order.state is OrderState.REGISTERED or order.state in NEEDS_OPERATOR):
        tx.orders.move(order, OrderState.WITHDRAWN, now, why, detail=why, cannot_reason=RejectionReason.OTHER)
        tx.work.wake(order.work_step, [order.key], now)
        tx.work.add(WorkStep.ACKNOWLEDGE, [order.key], now)
        return True
    tx.orders.recall(order.key, now)
    what = "what was begun" if begun else "the command under way"
    tx.orders.note(order.key, order.state, now, f"{why}: {what} is recalled")
    requeue(tx, order, now)
    return False


def has_begun(tx: Transaction, order: Order) -> bool:
    """Whether the order has steps, so that something may have to be undone at the meter."""
    return order.kind.contactor_action is None and bool(tx.steps.of([order.key]).get(order.key))


def requeue(tx: Transaction, order: Order, now: datetime) -> None:
    """Make the order's work due now; one that waits for a person goes back to the queue."""
    if order.state in NEEDS_OPERATOR:
        tx.orders.move(order, OrderState.REGISTERED, now, "taken back to the queue", detail=None, waits_for=None)
        tx.work.add(order.work_step, [order.key], now, priority=order.priority)
    else:
        tx.work.wake(order.work_step, [order.key], now)


def withdraw(tx: Transaction, known: SidOrder, asked: SidWithdrawal, now: datetime) -> WithdrawalResult:
    """SID withdraws its order; a repeated withdrawal gets the same answer.

    If somebody else asked for the same order too, it continues for them.
    """
    order = tx.orders.get(known.order)
    if known.withdrawn_at is not None:
        return WithdrawalResult.GOES_ON
    if order.state in FINAL_STATES:
        return WithdrawalResult.WITHDRAWN if order.state is OrderState.WITHDRAWN else WithdrawalResult.TOO_LATE
    others = [other for other in tx.sid.behind([order.key])[order.key] if other.key != known.key]
    if order.source_message is not None or others:
        tx.orders.note(order.key, order.state, now, f"SID took its order {known.number} back; others still ask for it")
        tx.sid.queue_reports([(order, [known])], now, SidStatus.WITHDRAWN)
        tx.sid.withdraw(known, now)
        return WithdrawalResult.GOES_ON
    if order.recalled_at is not None:
        return WithdrawalResult.RECALLED
    said = f": {asked.text}" if asked.text else ""
    ended = cancel_or_recall(tx, order, f"SID took its order {known.number} back{said}", now)
    return WithdrawalResult.WITHDRAWN if ended else WithdrawalResult.RECALLED
