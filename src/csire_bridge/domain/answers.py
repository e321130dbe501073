"""What an order's answer to the hub tells; a mapping file turns it into a document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.orders import CannotReason, Order, OrderState, Outcome

__all__ = ["ARMED_TEXT", "Answer", "AnswerKind", "answer_of"]


class AnswerKind(StrEnum):
    """The two answers that an execution order can have."""

    DONE = "done"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The facts of one answer. ``executed_at`` and ``attempted_at`` are UTC."""

    kind: AnswerKind
    process_instance: ProcessInstanceId
    metering_point: MeteringPointCode
    outcome: Outcome | None = None
    executed_at: datetime | None = None
    meter: MeterNumber | None = None
    reason: CannotReason | None = None
    attempted_at: datetime | None = None
    description: str | None = None


ARMED_TEXT = "supply is still off: the customer switches it on at the meter"
"""Said wherever an order counts as done with a contactor that only waits for the customer."""


def answer_of(order: Order) -> Answer | None:
    """The answer that ``order`` owes the hub in its present state; None while it owes none, or no process is behind it.

    Raises ValueError for an order that claims to be done without a confirmed movement: such an answer must
    never leave.
    """
    if order.kind.contactor_action is None:
        return None  # the standard has no answer to the notices behind such orders
    if order.process_instance is None:
        return None
    if order.state is OrderState.DONE:
        if order.executed_at is None or order.verified_at is None or order.outcome is None:
            raise ValueError(f"order {order.key} is done without a time of execution and a verification")
        return Answer(
            kind=AnswerKind.DONE,
            process_instance=order.process_instance,
            metering_point=order.metering_point,
            outcome=order.outcome,
            executed_at=order.executed_at,
            meter=order.meter,
            description=ARMED_TEXT if order.outcome is Outcome.ARMED else None,
        )
    if order.state in (OrderState.CANNOT, OrderState.SUPERSEDED, OrderState.WITHDRAWN):
        return Answer(
            kind=AnswerKind.CANNOT,
            process_instance=order.process_instance,
            metering_point=order.metering_point,
            reason=order.cannot_reason or CannotReason.OTHER,
            attempted_at=order.submitted_at,
            description=order.detail,
        )
    return None
