"""What would become of a message that was judged, in words."""

from __future__ import annotations

from csire_bridge.domain.errors import PartnerFault
from csire_bridge.domain.message.message import OrderRequest, UnderstoodMessage
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["foretold", "words_of"]


def words_of(judgement: UnderstoodMessage) -> str:
    """Its number, and what it asks for."""
    reading = judgement.request
    what = f"{reading.kind} order" if isinstance(reading, OrderRequest) else type(reading).__name__
    return f"message {judgement.header.number}: {what}"


def foretold(tx: Transaction, judgement: UnderstoodMessage | PartnerFault) -> tuple[bool, str]:
    """Whether it would be accepted as something new, and what it is, or why not."""
    if isinstance(judgement, PartnerFault):
        return False, f"it would be refused again: {judgement.problems[0]}"
    sent = judgement.header.sent_id
    taken = tx.messages.taken([sent]).get(sent)
    if taken is not None:
        return False, f"its id was accepted before, as message {taken.message}: it would be a duplicate"
    return True, words_of(judgement)
