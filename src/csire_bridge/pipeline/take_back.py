"""An order is not wanted any more: it ends while it waits, and is recalled while its command is under way."""

from __future__ import annotations

from datetime import datetime

from csire_bridge.domain.orders import FINAL_STATES, WAITS_FOR_A_PERSON, CannotReason, Order, OrderState
from csire_bridge.domain.sid import SidOrder, SidStatus, SidWithdrawal, WithdrawalResult
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.ports import Transaction

__all__ = ["take_back", "withdraw"]


def take_back(tx: Transaction, order: Order, why: str, now: datetime) -> bool:
    """End an open order, or recall its command; return whether it has ended. Whoever asked for it is answered."""
    step = WorkStep.EXECUTE if order.kind.contactor_action else WorkStep.PERFORM
    if order.state is OrderState.REGISTERED or order.state in WAITS_FOR_A_PERSON:
        tx.orders.move(order, OrderState.WITHDRAWN, now, why, detail=why, cannot_reason=CannotReason.OTHER)
        tx.work.hasten(step, [order.key], now)
        tx.work.add(WorkStep.ACKNOWLEDGE, [order.key], now)
        return True
    tx.orders.recall(order.key, now)
    tx.orders.note(order.key, order.state, now, f"{why}: what is under way is recalled")
    tx.work.hasten(step, [order.key], now)
    return False


def withdraw(tx: Transaction, known: SidOrder, asked: SidWithdrawal, now: datetime) -> WithdrawalResult:
    """SID takes an order back; what it was told is the same when it asks again.

    An order that somebody else asked for too goes on for them.
    """
    order = tx.orders.get(known.order)
    if known.withdrawn_at is not None:
        return WithdrawalResult.GOES_ON
    if order.state in FINAL_STATES:
        return WithdrawalResult.WITHDRAWN if order.state is OrderState.WITHDRAWN else WithdrawalResult.TOO_LATE
    others = [other for other in tx.sid.behind([order.key])[order.key] if other.key != known.key]
    if order.source_message is not None or others:
        tx.orders.note(order.key, order.state, now, f"SID took its order {known.number} back; others still ask for it")
        tx.sid.tell([(order, [known])], now, SidStatus.WITHDRAWN)
        tx.sid.withdraw(known, now)
        return WithdrawalResult.GOES_ON
    if order.recalled_at is not None:
        return WithdrawalResult.RECALLED
    said = f": {asked.text}" if asked.text else ""
    ended = take_back(tx, order, f"SID took its order {known.number} back{said}", now)
    return WithdrawalResult.WITHDRAWN if ended else WithdrawalResult.RECALLED
