"""Outgoing documents: a signed answer in the outbox, and its state of delivery."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from csire_bridge.domain.identifiers import MessageId, MessageNumber

__all__ = ["Delivery", "DocumentState", "OutgoingDocument"]


class DocumentState(StrEnum):
    """``DELIVERED`` means that the partner's channel took it, ``CONFIRMED`` that the hub's R_1 accepted it.

    ``CONTESTED`` means that the hub's R_1 rejected it: a person must clear it up, and only a person can settle it; then
    it becomes ``CONFIRMED``.
    """

    PENDING = "pending"
    DELIVERED = "delivered"
    CONFIRMED = "confirmed"
    CONTESTED = "contested"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a document went, and the bytes with which its receiver answered, if any."""

    place: str
    answer: bytes | None = None


@dataclass(frozen=True, slots=True)
class OutgoingDocument:
    """A signed document; ``document`` are the bytes that leave at every try.

    ``sent_at`` is when a try was made of which we don't know whether it arrived, or which was refused; ``delivered_at``
    when the channel took the document. Moments are UTC.
    """

    key: int
    order: int
    number: MessageNumber
    message_id: MessageId
    document: bytes
    sha256: str
    state: DocumentState
    created_at: datetime
    sent_at: datetime | None = None
    delivered_at: datetime | None = None

    @property
    def has_left(self) -> bool:
        """Whether its receiver may have got it."""
        return self.sent_at is not None or self.delivered_at is not None

    def as_in(self, state: DocumentState) -> OutgoingDocument:
        """The same document in another state."""
        return replace(self, state=state)
