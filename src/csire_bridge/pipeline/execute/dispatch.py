"""Dispatch, the first half of step 5: the command to the head-end system."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.errors import HeadEndBusy, HeadEndRefused, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.identifiers import CorrelationId
from csire_bridge.domain.meter.contactor import HeadEndEvent
from csire_bridge.domain.order.order import NotDelivered, Order, OrderState
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.batch_step import Completed, Task
from csire_bridge.pipeline.execute.command import command_of
from csire_bridge.pipeline.execute.deliveries import note_undelivered
from csire_bridge.pipeline.execute.gates.round import Ready
from csire_bridge.pipeline.execution_policy import ExecutionPolicy
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from csire_bridge.pipeline.ports.head_end import HeadEnd
from csire_bridge.telemetry.logs import logger

__all__ = ["Dispatch", "DispatchOutcome", "NotDispatched", "dispatch", "prepare", "record_dispatch"]

_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """An order whose command must be sent before ``until`` (UTC), as long as its lease is ours.

    ``text`` is sent with it, if the operator's rules define one.
    """

    order: Order
    until: datetime
    text: str | None


class NotDispatched:
    """The command was not sent: too little of the lease was left, or the head-end system was found to be down."""


DispatchOutcome = HeadEndUnreachable | OutcomeUnknown | HeadEndRefused | NotDispatched | None
"""The result of a dispatch; None if the head-end system accepted the command."""


def prepare(
    ready: Sequence[Ready],
    policy: ExecutionPolicy,
    changes: OrderChanges,
    until: datetime,
    text_of: Callable[[Order], str | None],
) -> list[Task[Dispatch]]:
    """Mark orders that passed the gates as SUBMITTING, before their commands are sent."""
    return [
        Task(
            item,
            Dispatch(
                changes.move(
                    order,
                    OrderState.SUBMITTING,
                    f"command {order.attempts + 1} to the meter is being given",
                    meter=meter,
                    correlation_id=CorrelationId.new(),
                    attempts=order.attempts + 1,
                    submitted_at=changes.now,
                    first_given_at=order.first_given_at or changes.now,
                    expires_at=changes.now + policy.lifetime,
                    refused=None,
                    cancelled_at=None,  # that was the command before: this one is open
                    waits_for=None,
                ),
                until,
                text_of(order),
            ),
        )
        for item, order, meter in ready
    ]


def dispatch(head_end: HeadEnd, giving: Dispatch, now: datetime) -> DispatchOutcome:
    """Send the command; return the head-end system's answer."""
    if now > giving.until:
        return NotDispatched()
    try:
        head_end.submit(command_of(giving.order, giving.text))
    except (HeadEndUnreachable, OutcomeUnknown, HeadEndRefused) as error:
        return error
    return None


def record_dispatch(
    done: Sequence[Completed[Dispatch, DispatchOutcome]],
    early: Mapping[int, HeadEndEvent],
    policy: ExecutionPolicy,
    changes: OrderChanges,
    jitter: random.Random,
) -> list[WorkItem]:
    """Record the answers to commands; return the work of orders whose contactor should be read at once.

    Those are the orders whose event came before the reply, and those that were refused: an error does not prove that
    nothing switched. Nor does "busy": until the command has certainly ended, no other one is given; but the attempt
    does not count as long as calls may be tried again.
    """
    goes_on = []
    for piece in done:
        order, item = piece.about.order, piece.item
        match piece.result:
            case None:
                changes.move(order, OrderState.SUBMITTED, "the head-end system accepted the command")
                if order.key in early:
                    goes_on.append(item)
                else:
                    changes.reschedule(item, changes.now + policy.response)
            case NotDispatched():
                first = None if order.first_given_at == order.submitted_at else order.first_given_at
                _back(order, "there was no time to give the command", changes, first)
                changes.reschedule(item, changes.now)
            case HeadEndUnreachable() as error:
                _not_given(order, item, f"the head-end system can't be reached: {error.text}", policy, changes, jitter)
            case HeadEndBusy() as error:
                attempts = order.attempts - 1 if policy.retry.may_go_on(item.attempts + 1) else order.attempts
                changes.move(order, OrderState.UNKNOWN, f"outcome unknown: {error.text}", attempts=attempts)
                changes.reschedule(item, changes.now + policy.read_back_interval, error.text)
            case OutcomeUnknown() as error:
                changes.move(order, OrderState.UNKNOWN, f"outcome unknown: {error.text}")
                changes.reschedule(item, changes.now + policy.read_back_interval)
            case HeadEndRefused() as error:
                text = f"the head-end system refused the command: {error.text}"
                changes.move(order, OrderState.UNKNOWN, text, refused=text)
                goes_on.append(item)
    return goes_on


def _back(order: Order, text: str, changes: OrderChanges, first_given_at: datetime | None) -> None:
    """Restore the order, because the command certainly did not arrive; the attempt is not counted."""
    changes.move(
        order,
        OrderState.REGISTERED,
        text,
        attempts=order.attempts - 1,
        correlation_id=None,
        submitted_at=None,
        first_given_at=first_given_at,
    )


def _not_given(
    order: Order, item: WorkItem, text: str, policy: ExecutionPolicy, changes: OrderChanges, jitter: random.Random
) -> None:
    again = policy.retry.next_try(item.attempts + 1, changes.now, jitter)
    undelivered = note_undelivered(order, NotDelivered.UNREACHABLE, policy, changes)
    if again and not policy.too_near(undelivered, again):
        _back(order, text, changes, order.first_given_at)
        changes.reschedule(item, policy.soon(order, again, changes.now), text)
    else:
        changes.give_up(order, item, text, policy.field_work)
        _log.error("order.given_up", order=order.key, why=text)
