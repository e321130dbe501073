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
    SpecialKind,
    SpecialNotice,
    Understood,
)
from csire_bridge.domain.order_steps import StepRules
from csire_bridge.domain.orders import Order, OrderKind
from csire_bridge.domain.work import Lease, WorkItem
from csire_bridge.pipeline.changed_dates import tariff_change, without_moved
from csire_bridge.pipeline.children import bring_back, spare
from csire_bridge.pipeline.join import without_joined
from csire_bridge.pipeline.new_orders import make_way, new_order, queue
from csire_bridge.pipeline.ports import Transaction
from csire_bridge.pipeline.take_back import take_back

__all__ = ["register"]

_log = logging.getLogger(__name__)
_ENDED = "the hub ended the process by force"


def register(
    tx: Transaction,
    understood: Sequence[Understood],
    now: datetime,
    lease: Lease | None = None,
    complaint_hold: timedelta = timedelta(days=14),
    step_rules: StepRules = StepRules(),  # noqa: B008 - frozen
    deadlines: Deadlines = Deadlines(),  # noqa: B008 - frozen
) -> list[WorkItem]:
    """Write what the messages ask for; return the execution work that is due at once, held under ``lease``.

    ``complaint_hold`` is how long a reconnection for a household's complaint protects it from being disconnected again.
    ``step_rules`` say which steps agreements have, ``deadlines`` by when orders must be carried out.
    """
    orders: list[Order] = []
    for message in understood:
        match message.reading:
            case OrderRequest() as request:
                # Its time counts from the message's own timestamp, the strict reading.
                header = message.header
                orders.append(new_order(request, now, registered_at=header.timestamp, header=header))
            case RegistryUpdate() as update:
                change = tariff_change(tx, message.header, update, now)
                orders += [change] if change else []
                tx.points.tell(update, now)
            case ResultNotice() as result:
                _file_result(tx, message.header, result, now)
            case SpecialNotice() as notice:
                _follow(tx, notice, now)
    orders = [with_deadline(order, deadlines, now) for order in orders]
    alone = without_joined(tx, without_moved(tx, orders, now, step_rules), now)
    keys = tx.orders.add(alone, now)
    make_way(tx, orders, now, complaint_hold)
    spare(tx, orders, now)
    return queue(tx, alone, keys, now, lease)


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

    Either way the hub gets an answer: "cannot" for what did not happen, "done" for what could not be stopped. Where
    SID asked for the same, a connection goes on; everything else ends, SID is told, and may ask for it again.
    """
    if notice.kind is not SpecialKind.PROCESS_ENDED or notice.process_instance is None:
        return
    bring_back(tx, notice.process_instance, _ENDED, now)
    orders = tx.neighbours.open_of_process(notice.process_instance)
    behind = tx.sid.behind([order.key for order in orders])
    for order in orders:
        if order.kind is OrderKind.RECONNECT and behind.get(order.key) and order.source_message is not None:
            tx.orders.note(order.key, order.state, now, f"{_ENDED}, but SID asks for the same: the order goes on")
        elif not take_back(tx, order, _ENDED, now):
            _log.error("order %s is under way, but the hub ended its process", order.key)
