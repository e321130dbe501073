"""Operator actions on answers: the same bytes are sent again."""

from __future__ import annotations

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.message.documents import DocumentState, OutgoingDocument
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.operator.orders.release_work import release
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["resend"]


@audited(Act.ANSWER_RESEND, "order {key}")
def resend(tx: Transaction, key: int, act: OperatorAction) -> list[int]:
    """Send an order's answers again, with the same id and bytes; return their keys.

    Answers that could not be sent, and those that were delivered and of which nothing was heard. The hub recognises
    the id, so an answer that has arrived counts once. Raises ActionRefused if there is none.
    """
    documents = tx.outbox.of_order(key)
    delivered = [one for one in documents if one.state is DocumentState.DELIVERED]
    parked = [one for one in documents if one.state is DocumentState.PARKED]
    if not delivered and not parked:
        raise ActionRefused(_why_none(key, documents), f"look at it: csire-bridge orders show {key}")
    of_parked = {one.key for one in parked}
    release(tx, [piece for piece in tx.work.parked(WorkStep.DELIVER) if piece.subject in of_parked], act)
    for one in delivered:
        text = act.history_line(f"message {one.number} is sent again")
        tx.outbox.again(one.key, act.at, text)
        tx.work.add(WorkStep.DELIVER, [one.key], act.at)
    return [one.key for one in (*delivered, *parked)]


def _why_none(key: int, documents: list[OutgoingDocument]) -> str:
    if not documents:
        return f"order {key} has no answer that could be sent again"
    states = " and ".join(sorted({f"{one.number} is {one.state}" for one in documents}))
    return f"no answer of order {key} needs to be sent again: {states}"
