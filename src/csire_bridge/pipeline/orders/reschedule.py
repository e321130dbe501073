"""Notices that change an existing order: another date of an agreement, another tariff of a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.message.message import Header, OrderRequest, RegistryUpdate
from csire_bridge.domain.metering_point.facts import Source
from csire_bridge.domain.order.order import FINAL_STATES, NEEDS_OPERATOR, Order, OrderKind, OrderState
from csire_bridge.domain.order.steps import OrderStep, StepRules, moved_steps, plan_steps
from csire_bridge.pipeline.orders.cancel import cancel_or_recall, requeue
from csire_bridge.pipeline.orders.child_orders import restore_supply
from csire_bridge.pipeline.orders.create import new_order
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["move_date", "reschedule_known", "tariff_change"]

_MOVABLE = NEEDS_OPERATOR | {OrderState.REGISTERED, OrderState.IN_STEPS}


def reschedule_known(tx: Transaction, new: Sequence[Order], now: datetime, rules: StepRules) -> list[Order]:
    """Give open orders of the same process the dates that ``new`` names; return the orders that are really new."""
    return [order for order in new if not _moved(tx, order, now, rules)]


def _moved(tx: Transaction, new: Order, now: datetime, rules: StepRules) -> bool:
    if new.process_instance is None:
        return False
    for known in tx.neighbours.open_of_process(new.process_instance):
        same = (known.kind, known.metering_point) == (new.kind, new.metering_point)
        if same and known.state in _MOVABLE and known.recalled_at is None:
            move_date(tx, known, new, now, rules)
            return True
    if new.kind is OrderKind.AGREEMENT_END and new.not_before > now:
        restore_supply(tx, new.process_instance, f"the end was moved to {new.effective_date}", now)
    return False


def move_date(tx: Transaction, known: Order, new: Order, now: datetime, rules: StepRules) -> None:
    """Have ``known`` carried out on the dates, and to the terms, of ``new``."""
    moved = tx.orders.change_date(known, new, now, f"message {new.source_number} moves it to {new.effective_date}")
    if known.kind.contactor_action is not None:
        requeue(tx, moved, now)  # the gates let it wait for its new date
        return
    steps = tx.steps.of([known.key]).get(known.key, [])
    changed = moved_steps(steps, known, moved, rules, now)
    tx.steps.put(changed)
    if steps:
        kinds = {step.kind for step in steps}
        more = [step for step in plan_steps(moved, rules) if step.kind not in kinds]
        tx.steps.add([replace(step, position=len(steps) + n) for n, step in enumerate(more, 1)])
    _recall_early(tx, changed, now)
    requeue(tx, moved, now)


def _recall_early(tx: Transaction, steps: Sequence[OrderStep], now: datetime) -> None:
    """Recall child orders that were sent already, but are not due any more on the new date."""
    for step in steps:
        child = tx.orders.get(step.child) if step.child is not None and step.not_before > now else None
        if child is not None and child.state not in FINAL_STATES and child.kind is OrderKind.DISCONNECT:
            cancel_or_recall(tx, child, "its date was moved", now)


def tariff_change(tx: Transaction, header: Header, update: RegistryUpdate, now: datetime) -> Order | None:
    """The order that sets the tariff group of a notice (3.1.1.1) in the meter; None if nothing has to change.

    If the point's tariff was not known, it is only recorded. If an order for the same change is open, no second one is
    made. A notice that comes late, after one with a newer effective date, changes nothing at the meter.
    """
    known = tx.points.of([update.metering_point], now).get(update.metering_point)
    if update.tariff_group is None or known is None or known.tariff_group in (None, update.tariff_group):
        return None
    if _overtaken(tx, update, now):
        return None
    request = OrderRequest(
        kind=OrderKind.PARAMETRISATION,
        process_instance=update.process_instance,
        metering_point=update.metering_point,
        effective_date=update.effective_date,
        supplier=update.supplier,
        tariff_group=update.tariff_group,
    )
    order = new_order(request, now, registered_at=header.timestamp, header=header)
    for other in tx.neighbours.joinable(order):
        if other.tariff_group == order.tariff_group:
            return None
    return order


def _overtaken(tx: Transaction, update: RegistryUpdate, now: datetime) -> bool:
    """Whether a tariff with a newer effective date is in force; the meter's own calendar does not count as told."""
    today = now.astimezone(WARSAW).date()
    return any(
        telling.update.tariff_group is not None
        and telling.source is not Source.METER
        and update.effective_date < telling.update.effective_date <= today
        for telling in tx.points.history(update.metering_point)
    )
