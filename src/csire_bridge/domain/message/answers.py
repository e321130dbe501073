"""What an order's answer to the hub tells; a mapping file turns it into a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import product

from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.order.order import Order, OrderKind, OrderState, Outcome, RejectionReason

__all__ = ["ARMED_TEXT", "Answer", "AnswerKind", "answer_of", "possible_answers", "reasons_of"]


class AnswerKind(StrEnum):
    """The two answers that an execution order can have."""

    DONE = "done"
    REJECTED = "cannot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The facts of one answer. ``executed_at`` and ``attempted_at`` are UTC."""

    kind: AnswerKind
    process_instance: ProcessInstanceId
    metering_point: MeteringPointCode
    outcome: Outcome | None = None
    executed_at: datetime | None = None
    meter: MeterNumber | None = None
    reason: RejectionReason | None = None
    attempted_at: datetime | None = None
    description: str | None = None


ARMED_TEXT = "supply is still off: the customer switches it on at the meter"
"""Said wherever an order counts as done with a contactor that only waits for the customer."""


def answer_of(order: Order) -> Answer | None:
    """The answer to the hub for the order's present state; None if none is due yet, or the order has no hub process.

    The mapping file of the request decides whether the hub expects an answer at all.

    Raises ValueError for an order that claims to be done without a confirmed movement: such an answer must
    never leave.
    """
    if order.process_instance is None:
        return None
    if order.state is OrderState.DONE:
        moved = order.kind.contactor_action is None or order.outcome is not None
        if order.executed_at is None or order.verified_at is None or not moved:
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
    if order.state in (OrderState.REJECTED, OrderState.SUPERSEDED, OrderState.WITHDRAWN):
        return Answer(
            kind=AnswerKind.REJECTED,
            process_instance=order.process_instance,
            metering_point=order.metering_point,
            reason=order.cannot_reason or RejectionReason.OTHER,
            attempted_at=order.submitted_at,
            description=order.detail,
        )
    return None


def reasons_of(kind: OrderKind) -> tuple[RejectionReason, ...]:
    """The rejection reasons that are possible for an order of that kind."""
    supply = kind.contactor_action is not None
    return tuple(reason for reason in RejectionReason if supply or reason is not RejectionReason.DEBT_BOTH_SIDES)


def possible_answers(kind: OrderKind, answer: AnswerKind) -> Iterator[Answer]:
    """All variants of an answer that an order of that kind may need: each outcome or reason, with and without each
    optional fact, with the shortest texts and with texts longer than any document allows. Used to check mappings at
    start.
    """
    told: dict[str, Sequence[object]] = {"meter": (None, MeterNumber("9" * 20))}
    if answer is AnswerKind.DONE:
        told |= {"outcome": _OUTCOMES.get(kind, (None,)), "executed_at": (_MOMENT,), "description": (None, ARMED_TEXT)}
    else:
        told |= {"reason": reasons_of(kind), "attempted_at": (None, _MOMENT), "description": (None, "", "x", _LONG)}
    for facts in product(*told.values()):
        values = dict(zip(told, facts, strict=True))
        yield Answer(kind=answer, process_instance=_PROCESS, metering_point=_POINT, **values)  # type: ignore[arg-type]


_OUTCOMES: Mapping[OrderKind, Sequence[Outcome | None]] = {
    OrderKind.DISCONNECT: (Outcome.DISCONNECTED,),
    OrderKind.RECONNECT: (Outcome.CONNECTED, Outcome.ARMED),
}
_PROCESS = ProcessInstanceId("00000000-0000-4000-8000-000000000000")
_POINT = MeteringPointCode("590000000000000006")
_MOMENT = datetime(2026, 10, 25, 0, 30, 0, 999999, tzinfo=UTC)
_LONG = "<&>\"'\x00\ud800\U0001f4a1 \t\r\n" * 400
