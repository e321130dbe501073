"""Records the result of one step at a meter."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import HeadEndRefused, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.metering_point.facts import Source
from csire_bridge.domain.order.order import NotDelivered, Order
from csire_bridge.domain.order.steps import OrderStep, StepKind, StepState
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.agreement.actions import AlreadyEffective, ChildNeeded, NotYet, StepDone, StepTask, Undone
from csire_bridge.pipeline.batch_step import Completed
from csire_bridge.pipeline.execute.deliveries import note_undelivered
from csire_bridge.pipeline.execution_policy import ExecutionPolicy
from csire_bridge.pipeline.observe.sightings import note_age, take_report
from csire_bridge.pipeline.orders.child_orders import spawn_child
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from csire_bridge.pipeline.ports.store import Transaction
from csire_bridge.telemetry.logs import logger

__all__ = ["LookedUp", "Result", "settle_step"]

_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The metering point was looked up, in the registry and at SID: is a meter known there now?"""

    found: bool


Result = (
    StepDone
    | ChildNeeded
    | NotYet
    | Undone
    | AlreadyEffective
    | LookedUp
    | HeadEndUnreachable
    | OutcomeUnknown
    | HeadEndRefused
    | None
)
"""None: it was not tried, because the head-end system was found to be down meanwhile."""


def settle_step(
    tx: Transaction,
    piece: Completed[StepTask, Result],
    policy: ExecutionPolicy,
    changes: OrderChanges,
    jitter: random.Random,
) -> bool:
    """Write the result; return whether the order continues with its next step at once."""
    order, step, item = piece.about.order, piece.about.step, piece.item
    note_age(tx, piece.about.meter, piece.result, changes.now)
    match piece.result:
        case StepDone() as result:
            tx.steps.keep(order.key, result.readings)
            if result.contactor is not None:
                take_report(tx, order, result.contactor, changes.now)
            if step.kind is StepKind.ACTIVATE:
                _remember_tariff(tx, order, changes.now)
            return _end(tx, order, step, result.state, result.text, changes.now)
        case Undone(text):
            return _end(tx, order, step, StepState.SKIPPED, text, changes.now)
        case AlreadyEffective(text):
            changes.park(order, item, f"taken back, but {text}: a person must decide")
        case ChildNeeded(kind, contactor):
            take_report(tx, order, contactor, changes.now)
            spawn_child(tx, item, order, step, kind, changes, policy)
        case LookedUp(found=True):
            return True
        case LookedUp():
            changes.park(order, item, "no meter is known at the metering point")
        case HeadEndRefused() as error if error.permanent:
            changes.park(order, item, f"step {step.kind}: the head-end system refused: {error.text}")
        case None:
            changes.reschedule(item, changes.now)
        case failed:
            if not isinstance(failed, NotYet):
                note_undelivered(order, _why_not(failed), policy, changes)
            _again(order, step, item, failed.text, policy, changes, jitter)
    return False


def _end(tx: Transaction, order: Order, step: OrderStep, state: StepState, text: str, now: datetime) -> bool:
    tx.steps.put([replace(step, state=state, text=text, ended_at=now)])
    tx.orders.note(order.key, order.state, now, f"step {step.kind}: {text}")
    return True


def _again(
    order: Order,
    step: OrderStep,
    item: WorkItem,
    why: str,
    policy: ExecutionPolicy,
    changes: OrderChanges,
    jitter: random.Random,
) -> None:
    again = policy.retry.next_try(item.attempts + 1, changes.now, jitter)
    if again is None:
        changes.park(order, item, f"step {step.kind}: given up after {item.attempts + 1} tries: {why}")
        _log.error("order.step_parked", order=order.key, step=step.kind, why=why)
    else:
        changes.reschedule(item, again, f"step {step.kind}: {why}")


def _why_not(failed: HeadEndUnreachable | OutcomeUnknown | HeadEndRefused) -> NotDelivered:
    match failed:
        case HeadEndUnreachable():
            return NotDelivered.UNREACHABLE
        case HeadEndRefused():
            return NotDelivered.REFUSED
        case OutcomeUnknown():
            return NotDelivered.TIMED_OUT


def _remember_tariff(tx: Transaction, order: Order, now: datetime) -> None:
    """Record the meter's calendar as the tariff of the point, so that a notice that repeats it changes nothing."""
    told = RegistryUpdate(
        process_instance=order.process_instance,
        metering_point=order.metering_point,
        effective_date=now.astimezone(WARSAW).date(),
        tariff_group=order.tariff_group,
    )
    tx.points.record_notices([told], now, Source.METER)
