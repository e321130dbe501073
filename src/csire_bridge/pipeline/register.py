"""What an understood message changes, inside the transaction that settles it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from csire_bridge.domain.deadlines import Deadlines, with_deadline
from csire_bridge.domain.documents import DocumentState
from csire_bridge.domain.messages import (
    Header,
    OrderRequest,
    RegistryUpdate,
    ResultNotice,
    SpecialNotice,
    Understood,
)
from csire_bridge.domain.order_steps import StepRules
from csire_bridge.domain.orders import Order
from csire_bridge.domain.work import Lease, WorkItem
from csire_bridge.pipeline.changed_dates import tariff_change, without_moved
from csire_bridge.pipeline.children import spare
from csire_bridge.pipeline.join import without_joined
from csire_bridge.pipeline.new_orders import make_way, queue
from csire_bridge.pipeline.ports import Transaction
from csire_bridge.pipeline.processes import KnownProcesses

__all__ = ["register"]

_log = logging.getLogger(__name__)


def register(
    tx: Transaction,
    understood: Sequence[Understood],
    known: KnownProcesses,
    now: datetime,
    lease: Lease | None = None,
    complaint_hold: timedelta = timedelta(days=14),
    step_rules: StepRules = StepRules(),  # noqa: B008 - frozen
    deadlines: Deadlines = Deadlines(),  # noqa: B008 - frozen
) -> list[WorkItem]:
    """Write what the messages ask for; return the execution work that is due at once, held under ``lease``.

    ``known`` holds their processes, each of which one of the messages names.
    ``complaint_hold`` is how long a reconnection for a household's complaint protects it from being disconnected again.
    ``step_rules`` say which steps agreements have, ``deadlines`` by when orders must be carried out.
    """
    orders: list[Order] = []
    for message in understood:
        match message.reading:
            case OrderRequest():
                orders.append(known.asked(message))
            case RegistryUpdate() as update:
                change = tariff_change(tx, message.header, update, now)
                orders += known.admit(tx, change) if change else []
                tx.points.tell(update, now)
            case ResultNotice() as result:
                _file_result(tx, message.header, result, now)
            case SpecialNotice():
                known.follow(tx, message, now)
    orders = [with_deadline(order, deadlines, now) for order in orders]
    apart = without_moved(tx, known.without_joining(tx, orders, now, step_rules), now, step_rules)
    alone = without_joined(tx, apart, now)
    keys = tx.orders.add(alone, now)
    make_way(tx, orders, now, complaint_hold)
    spare(tx, orders, now)
    following = queue(tx, alone, keys, now, lease)
    known.catch_up(tx, orders, now)
    return following


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
