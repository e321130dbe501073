"""What jobs do to one order, or to one piece of parked work."""

from __future__ import annotations

from collections.abc import Sequence

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import Order, RejectionReason
from csire_bridge.domain.order.outcome.site_reports import SiteReport
from csire_bridge.pipeline.jobs.tools import Hand, JobTools
from csire_bridge.pipeline.operator.orders import answer_actions, order_actions, release_work
from csire_bridge.pipeline.operator.orders.order_actions import ObservedOrder
from csire_bridge.pipeline.ports.store import Store, Transaction

__all__ = [
    "field_work",
    "look",
    "orders_as_they_are",
    "release_parked",
    "report_done",
    "report_not_done",
    "resend",
    "retry",
    "settle",
    "withdraw",
]


def orders_as_they_are(tx: Transaction, items: Sequence[str]) -> dict[str, str]:
    """The version of each order."""
    found = tx.orders.get_many([int(item) for item in items])
    return {str(key): str(order.version) for key, order in found.items()}


def look(store: Store, item: str, tools: JobTools) -> ObservedOrder | None:
    """The order with its contactor as it is now, if it has to be read. Raises ActionRefused."""
    with store.read_transaction() as tx:
        order = _order(tx, item)
    if order_actions.not_sent(order):
        return None
    with tools.head_end() as head_end:
        return order_actions.look(store, head_end, order.key, tools.clock)


def retry(tx: Transaction, item: str, act: OperatorAction, _: Hand) -> str:
    order = _order(tx, item)
    order_actions.retry(tx, [order], act)
    return f"{_named(order)}: back to the queue"


def field_work(tx: Transaction, item: str, act: OperatorAction, hand: Hand) -> str:
    order = order_actions.send_to_field(tx, int(item), act, hand.tools.law)
    return f"{_named(order)}: left to people on site"


def withdraw(tx: Transaction, item: str, act: OperatorAction, hand: Hand) -> str:
    order = _order(tx, item)
    if order_actions.not_sent(order):
        order_actions.withdraw_unsent(tx, order.key, act)
        return f"{_named(order)}: withdrawn before it was sent"
    unread = hand.preview or hand.details.unread
    order_actions.withdraw(tx, _observed(tx, order, hand), act, unread=unread)
    return f"{_named(order)}: withdrawn{_after_reading(order, hand)}"


def report_done(tx: Transaction, item: str, act: OperatorAction, hand: Hand) -> str:
    order, details = _order(tx, item), hand.details
    if details.executed_at is None:
        raise ActionRefused("a report needs the moment", "give `executed_at`")
    report = SiteReport(details.executed_at, details.seen_by or act.by, hand.preview or details.unread)
    observed = _observed(tx, order, hand)
    order_actions.report_executed(tx, observed, act, report, armed_counts=hand.tools.armed_counts)
    read = "" if not hand.preview or order.kind.contactor_action is None else ", if its contactor, read first, agrees"
    return f"{_named(order)}: reported as done{read}"


def report_not_done(tx: Transaction, item: str, act: OperatorAction, hand: Hand) -> str:
    order, details = _order(tx, item), hand.details
    code, words = details.code or RejectionReason.NOT_POSSIBLE, details.reason or ""
    unread = hand.preview or details.unread
    order_actions.report_not_done(tx, _observed(tx, order, hand), act, code, words, unread=unread)
    return f"{_named(order)}: reported as not done{_after_reading(order, hand)}"


def settle(tx: Transaction, item: str, act: OperatorAction, _: Hand) -> str:
    return f"{_named(order_actions.settle_contested(tx, int(item), act))}: what the hub contested is settled"


def resend(tx: Transaction, item: str, act: OperatorAction, _: Hand) -> str:
    sent = answer_actions.resend(tx, int(item), act)
    return f"order {item}: {len(sent)} of its answers sent again, the same bytes"


def release_parked(tx: Transaction, item: str, act: OperatorAction, _: Hand) -> str:
    found = tx.work.parked_pieces([int(item)])
    if not found:
        raise ActionRefused(f"work {item} is not parked", "look its key up with `work list`")
    release_work.release(tx, found, act)
    return f"{found[0].step} of {found[0].subject}: goes on"


def _order(tx: Transaction, item: str) -> Order:
    return order_actions.known_order(tx, int(item))


def _named(order: Order) -> str:
    return f"{order.kind} at {order.metering_point}"


def _observed(tx: Transaction, order: Order, hand: Hand) -> ObservedOrder:
    """What was seen of an order that waits for a person; in a preview, that nothing was read yet."""
    order_actions.waiting_order(tx, order.key)
    if hand.preview:
        return ObservedOrder(order, None, "not read yet")
    if hand.observed is None:
        raise ActionRefused(f"order {order.key} changed meanwhile: its command was sent", "look at it, then decide")
    return hand.observed


def _after_reading(order: Order, hand: Hand) -> str:
    if not hand.preview or order.kind.contactor_action is None:
        return ""
    unread = ", or can't be read" if hand.details.unread else ""
    return f", if its contactor, which is read first, has not moved{unread}"
