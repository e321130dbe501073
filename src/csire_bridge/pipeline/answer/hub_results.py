"""Matches the hub's result message (R_1) with our answer, or keeps it until that answer was sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from csire_bridge.domain.errors import Problem, ProblemCode
from csire_bridge.domain.identifiers import Eic, MessageId
from csire_bridge.domain.message.documents import DocumentState, OutgoingDocument
from csire_bridge.domain.message.message import Header, ResultNotice, UnderstoodMessage
from csire_bridge.domain.message.results import HubResult, Weight, weigh
from csire_bridge.domain.order.order import Order
from csire_bridge.pipeline.ports.store import Transaction
from csire_bridge.telemetry.logs import logger

__all__ = ["KnownAnswers", "catch_up_results"]

_log = logger(__name__)


class KnownAnswers:
    """The answers that a batch of R_1 refers to; their rows are locked until the transaction ends."""

    def __init__(self, tx: Transaction, understood: Sequence[UnderstoodMessage], hub: Eic, now: datetime) -> None:
        self._hub, self._now = hub, now
        named = [u.header.answers for u in understood if isinstance(u.request, ResultNotice) and u.header.answers]
        self._documents = tx.outbox.held(named) if named else {}
        self._orders = tx.orders.get_many([document.order for document in self._documents.values()])

    def refusal(self, understood: UnderstoodMessage) -> Problem | None:
        """Why an R_1 is refused: it is not the hub's, names nothing, or names an answer to something else."""
        header, reading = understood.header, understood.request
        if not isinstance(reading, ResultNotice):
            return None
        strange = [party for party in (header.physical_sender, header.juridical_sender) if party != self._hub]
        if strange:
            text = f"a result (R_1) counts only from the hub {self._hub}, and this one is from {strange[0]}"
            return Problem(ProblemCode.RESULT_SENDER, text, "leave results to the hub")
        result = _result(header, reading, self._now)
        if result is None:
            text = "a result (R_1) must name the message that it answers"
            return Problem(ProblemCode.RESULT_MISMATCH, text, "name the message that is answered")
        if self._weight(result) is Weight.OTHER:
            text = f"the result (R_1) names our message {result.answers}, which is of another process or metering point"
            return Problem(
                ProblemCode.RESULT_MISMATCH, text, "name the message, the process and the point that belong together"
            )
        return None

    def remark(self, understood: UnderstoodMessage) -> str | None:
        """A line for the message's history if there is something unusual about the answer; else None."""
        if not isinstance(understood.request, ResultNotice):
            return None
        result = _result(understood.header, understood.request, self._now)
        weight = self._weight(result) if result else Weight.COUNTS
        if weight is Weight.EARLY and result is not None:
            known = "has not left yet" if result.answers in self._documents else "is none of ours so far"
            return f"our message {result.answers} {known}: the result is kept, and counts once that has left"
        if weight is Weight.CONTESTED:
            return "the hub contested that message before, and a person must look: this result changes nothing"
        return None

    def file(self, tx: Transaction, understood: UnderstoodMessage) -> None:
        """Record an R_1: it confirms or contests our answer, or is kept until the answer was sent."""
        if not isinstance(understood.request, ResultNotice):
            return
        result = _result(understood.header, understood.request, self._now)
        if result is None:
            return
        if self._weight(result) is Weight.EARLY:
            _log.warning("result.early", result=result.message_id, document=result.answers)
            tx.outbox.keep(result)
        else:
            document = self._documents[result.answers]
            _count(tx, result, document, self._orders[document.order], self._now)

    def _weight(self, result: HubResult) -> Weight:
        document = self._documents.get(result.answers)
        return weigh(result, document, self._orders.get(document.order) if document else None)


def catch_up_results(tx: Transaction, left: Sequence[MessageId], now: datetime) -> set[MessageId]:
    """Apply kept results to answers that were sent just now (``left``); return the ids of the answers that had one.

    Recording a result and recording a delivery both lock the answer's row, so no result is missed.
    """
    kept = tx.outbox.kept(left)
    if not kept:
        return set()
    documents = tx.outbox.held([result.answers for result in kept])
    orders = tx.orders.get_many([document.order for document in documents.values()])
    counted = []
    for result in kept:
        document = documents[result.answers]
        order = orders[document.order]
        if weigh(result, document, order) in (Weight.COUNTS, Weight.CONTESTED):
            documents[result.answers] = _count(tx, result, document, order, now)
            counted.append(result)
        else:
            _log.error("result.unfit", result=result.message_id, document=result.answers)
    tx.outbox.counted([result.message_id for result in counted], now)
    return {result.answers for result in counted}


def _count(
    tx: Transaction, result: HubResult, document: OutgoingDocument, order: Order, now: datetime
) -> OutgoingDocument:
    said = f"hub's R_1 to message {document.number}: {result.result_code}"
    if document.state is DocumentState.CONTESTED:
        _log.error("answer.contested_again", order=order.key, number=document.number, code=result.result_code)
        text = f"{said} (message {result.message_id}); it was contested before, so a person must look"
        tx.outbox.note(document, now, text)
        tx.orders.note(order.key, order.state, now, text)
        return document
    state = DocumentState.CONFIRMED if result.accepted else DocumentState.CONTESTED
    tx.outbox.result(document.key, now, state, result.result_code, result.description)
    tx.orders.note(order.key, order.state, now, said)
    if not result.accepted:
        _log.error("answer.contested", order=order.key, number=document.number, code=result.result_code)
    return document.as_in(state)


def _result(header: Header, reading: ResultNotice, now: datetime) -> HubResult | None:
    if header.answers is None:
        return None
    return HubResult(
        message_id=header.message_id,
        answers=header.answers,
        process_instance=reading.process_instance,
        metering_point=reading.metering_point,
        result_code=reading.result_code,
        accepted=reading.accepted,
        description=reading.description,
        heard_at=now,
    )
