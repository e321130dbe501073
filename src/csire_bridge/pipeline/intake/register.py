"""Writes what accepted messages ask for: orders, facts about points, ends of processes; in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.law.clocks import with_deadline
from csire_bridge.domain.message.message import (
    OrderList,
    OrderRequest,
    RegistryUpdate,
    ResultNotice,
    SpecialNotice,
    UnderstoodMessage,
)
from csire_bridge.domain.order.order import Order
from csire_bridge.domain.work import Lease, WorkItem
from csire_bridge.pipeline.answer.hub_results import KnownAnswers
from csire_bridge.pipeline.orders.child_orders import cancel_contradicted_disconnections
from csire_bridge.pipeline.orders.create import apply_precedence, queue_or_leave
from csire_bridge.pipeline.orders.law_at_registration import apply_law_to_dated
from csire_bridge.pipeline.orders.merge_sources import merge_hub_orders
from csire_bridge.pipeline.orders.order_policy import OrderPolicy
from csire_bridge.pipeline.orders.processes import KnownProcesses
from csire_bridge.pipeline.orders.recheck import recheck_told
from csire_bridge.pipeline.orders.reschedule import reschedule_known, tariff_change
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["register"]


def register(
    tx: Transaction,
    understood: Sequence[UnderstoodMessage],
    known: KnownProcesses,
    answers: KnownAnswers,
    now: datetime,
    policy: OrderPolicy,
    lease: Lease | None = None,
) -> list[WorkItem]:
    """Write what the messages ask for; return the execution work that is due at once, held under ``lease``.

    ``known`` holds their processes, each of which one of the messages names, and ``answers`` ours that they name.
    """
    orders: list[Order] = []
    for message in understood:
        match message.request:
            case OrderRequest() | OrderList():
                orders += known.asked(message)
            case RegistryUpdate() as update:
                change = tariff_change(tx, message.header, update, now)
                orders += known.admit(tx, change) if change else []
                tx.points.record_notice(update, now, message.received_at)
                recheck_told(tx, [update], now)
            case ResultNotice():
                answers.file(tx, message)
            case SpecialNotice():
                known.follow(tx, message, now)
    heard = {message.header.message_id: message.received_at or now for message in understood}
    orders = [_with_receipt(order, heard, now, policy) for order in orders]
    apart = reschedule_known(tx, known.without_joining(tx, orders, now, policy.steps), now, policy.steps)
    alone = merge_hub_orders(tx, apart, now)
    keys = tx.orders.add(alone, now)
    apply_precedence(tx, orders, now, policy)
    cancel_contradicted_disconnections(tx, orders, now)
    retroactive = {m.header.message_id for m in understood if m.header.retroactive_token is not None}
    following = queue_or_leave(tx, alone, keys, now, policy.too_old, retroactive=retroactive, lease=lease)
    apply_law_to_dated(tx, keys, now, policy.law)
    known.catch_up(tx, orders, now)
    return following


def _with_receipt(order: Order, heard: Mapping[MessageId, datetime], now: datetime, policy: OrderPolicy) -> Order:
    received_at = heard.get(order.source_message, now) if order.source_message else now
    return with_deadline(replace(order, received_at=received_at), policy.deadlines)
