"""What an order's answer to the hub tells; a mapping file turns it into a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import product
from typing import Any

from csire_bridge.domain.identifiers import Eic, MessageId, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.order.kept import Kept
from csire_bridge.domain.order.order import (
    DisconnectionKind,
    Order,
    OrderKind,
    OrderState,
    Outcome,
    ReconnectionReason,
    RejectionReason,
)

__all__ = ["ARMED_TEXT", "Answer", "AnswerKind", "answer_of", "possible_answers", "reasons_of"]


class AnswerKind(StrEnum):
    """The two answers that an execution order can have."""

    DONE = "done"
    REJECTED = "cannot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The facts of one answer. All moments are UTC.

    From ``order_kind`` on they repeat the request: ``request`` is its message id, ``asked_at`` its own timestamp (of a
    request that SID joined: the first one), and ``kept`` what its mapping file keeps for answers.
    """

    kind: AnswerKind
    process_instance: ProcessInstanceId
    metering_point: MeteringPointCode
    outcome: Outcome | None = None
    executed_at: datetime | None = None
    meter: MeterNumber | None = None
    reason: RejectionReason | None = None
    attempted_at: datetime | None = None
    description: str | None = None
    order_kind: OrderKind | None = None
    request: MessageId | None = None
    asked_at: datetime | None = None
    disconnection_kind: DisconnectionKind | None = None
    reconnection_reason: ReconnectionReason | None = None
    requested_date: date | None = None
    effective_date: date | None = None
    supplier: Eic | None = None
    tariff_group: str | None = None
    contracted_power: Decimal | None = None
    end_reason: str | None = None
    kept: Kept | None = None


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
            outcome=order.outcome,
            executed_at=order.executed_at,
            meter=order.meter,
            description=ARMED_TEXT if order.outcome is Outcome.ARMED else None,
            **_repeated(order),
        )
    if order.state in (OrderState.REJECTED, OrderState.SUPERSEDED, OrderState.WITHDRAWN):
        return Answer(
            kind=AnswerKind.REJECTED,
            process_instance=order.process_instance,
            reason=order.cannot_reason or RejectionReason.OTHER,
            attempted_at=order.submitted_at,
            description=order.detail,
            **_repeated(order),
        )
    return None


def _repeated(order: Order) -> dict[str, Any]:
    """What an answer repeats of its request."""
    return {
        "metering_point": order.metering_point,
        "order_kind": order.kind,
        "request": order.source_message,
        "asked_at": order.registered_at,
        "disconnection_kind": order.disconnection_kind,
        "reconnection_reason": order.reconnection_reason,
        "requested_date": order.requested_date,
        "effective_date": order.effective_date,
        "supplier": order.supplier,
        "tariff_group": order.tariff_group,
        "contracted_power": order.contracted_power,
        "end_reason": order.end_reason,
        "kept": order.kept,
    }


def reasons_of(kind: OrderKind) -> tuple[RejectionReason, ...]:
    """The rejection reasons that are possible for an order of that kind."""
    supply = kind.contactor_action is not None
    return tuple(reason for reason in RejectionReason if supply or reason is not RejectionReason.DEBT_BOTH_SIDES)


def possible_answers(
    kind: OrderKind, answer: AnswerKind, requests: Iterable[Mapping[str, Any]] = ({},)
) -> Iterator[Answer]:
    """All variants of an answer that an order of that kind may need: each outcome or reason, with and without each
    optional fact, with the shortest texts and with texts longer than any document allows; each with the facts of each
    of ``requests``. Used to check mappings at start.
    """
    told: dict[str, Sequence[object]] = {"meter": (None, MeterNumber("9" * 20))}
    if answer is AnswerKind.DONE:
        told |= {"outcome": _OUTCOMES.get(kind, (None,)), "executed_at": (_MOMENT,), "description": (None, ARMED_TEXT)}
    else:
        told |= {"reason": reasons_of(kind), "attempted_at": (None, _MOMENT), "description": (None, "", "x", _LONG)}
    same = {"kind": answer, "process_instance": _PROCESS, "metering_point": _POINT, "order_kind": kind}
    for request in requests:
        for facts in product(*told.values()):
            values: dict[str, Any] = {**same, "asked_at": _MOMENT, **request, **dict(zip(told, facts, strict=True))}
            yield Answer(**values)


_OUTCOMES: Mapping[OrderKind, Sequence[Outcome | None]] = {
    OrderKind.DISCONNECT: (Outcome.DISCONNECTED,),
    OrderKind.RECONNECT: (Outcome.CONNECTED, Outcome.ARMED),
}
_PROCESS = ProcessInstanceId("00000000-0000-4000-8000-000000000000")
_POINT = MeteringPointCode("590000000000000006")
_MOMENT = datetime(2026, 10, 25, 0, 30, 0, 999999, tzinfo=UTC)
_LONG = "<&>\"'\x00\ud800\U0001f4a1 \t\r\n" * 400
