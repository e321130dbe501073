"""What an understood message changes, inside the transaction that settles it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from csire_bridge.domain.deadlines import Deadlines, with_deadline
from csire_bridge.domain.messages import (
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
from csire_bridge.pipeline.results import KnownAnswers

__all__ = ["register"]


def register(
    tx: Transaction,
    understood: Sequence[Understood],
    known: KnownProcesses,
    answers: KnownAnswers,
    now: datetime,
    lease: Lease | None = None,
    complaint_hold: timedelta = timedelta(days=14),
    step_rules: StepRules = StepRules(),  # noqa: B008 - frozen
    deadlines: Deadlines = Deadlines(),  # noqa: B008 - frozen
) -> list[WorkItem]:
    """Write what the messages ask for; return the execution work that is due at once, held under ``lease``.

    ``known`` holds their processes, each of which one of the messages names, and ``answers`` ours that they name.
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
                tx.points.tell(update, now, message.received_at)
            case ResultNotice():
                answers.file(tx, message)
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
