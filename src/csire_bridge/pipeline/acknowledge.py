"""Step 6: the order's outcome becomes a document, is judged by its schema, signed, and stored before it leaves.

Its message id follows from the order's own, so however often this step runs, there is one answer.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from csire_bridge.domain.answers import Answer, answer_of
from csire_bridge.domain.clock import WARSAW, Clock
from csire_bridge.domain.documents import DocumentState, OutgoingDocument
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import Eic, MessageNumber
from csire_bridge.domain.messages import Header
from csire_bridge.domain.orders import Order
from csire_bridge.domain.rules import process_of
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.pipeline.ports import Store
from csire_bridge.xml.catalogue import SchemaCatalogue
from csire_bridge.xml.keys import SigningKey
from csire_bridge.xml.mapping.book import MappingBook
from csire_bridge.xml.signature import sign_enveloped

__all__ = ["Acknowledger", "Parties"]


@dataclass(frozen=True, slots=True)
class Parties:
    """Who answers whom, and in which market role."""

    own: Eic
    hub: Eic
    role: str


class Acknowledger:
    """Builds, signs and stores answers."""

    def __init__(
        self,
        store: Store,
        book: MappingBook,
        catalogue: SchemaCatalogue,
        key: SigningKey,
        parties: Parties,
        clock: Clock,
    ) -> None:
        self._store = store
        self._book = book
        self._catalogue = catalogue
        self._key = key
        self._parties = parties
        self._clock = clock

    def run(self, item: WorkItem, lease: Lease | None = None) -> list[WorkItem]:
        """Answer the order of ``item``; return the delivery that follows.

        Raises ConfigurationError when the mapping file builds a document that its schema refuses: such a document
        is never signed.
        """
        with self._store.transaction() as tx:
            order = tx.orders.get(item.subject)
        document = self._document(order)
        with self._store.transaction() as tx:
            tx.work.finish([item.key])
            if document is None or tx.outbox.by_message_id(document.message_id) is not None:
                return []
            key = tx.outbox.add(document)
            tx.orders.note(order.key, order.state, document.created_at, f"answered with message {document.number}")
            return tx.work.add(WorkStep.DELIVER, [key], document.created_at, priority=item.priority, lease=lease)

    def _document(self, order: Order) -> OutgoingDocument | None:
        answer = answer_of(order)
        number = self._book.answers(order.source_number).get(answer.kind) if answer else None
        if answer is None or number is None:
            return None
        header = self._header(order, number)
        raw = self._signed(header, answer)
        return OutgoingDocument(
            key=0,
            order=order.key,
            number=number,
            message_id=header.message_id,
            document=raw,
            sha256=hashlib.sha256(raw).hexdigest(),
            state=DocumentState.PENDING,
            created_at=header.timestamp,
        )

    def _header(self, order: Order, number: MessageNumber) -> Header:
        own, hub = self._parties.own, self._parties.hub
        return Header(
            message_id=order.source_message.derive(number),
            answers=order.source_message,
            message_type=self._book.outbound[number].facts.message_type,
            number=number,
            process=process_of(number) or "",
            timestamp=self._clock().astimezone(WARSAW),
            physical_sender=own,
            juridical_sender=own,
            physical_recipient=hub,
            juridical_recipient=hub,
            sender_role=self._parties.role,
            retroactive_token=None,
        )

    def _signed(self, header: Header, answer: Answer) -> bytes:
        mapping = self._book.outbound[header.number]
        root = mapping.build(header, answer)
        if not self._catalogue.decide(root):
            problems = "; ".join(str(p) for p in self._catalogue.explain(root))
            raise ConfigurationError(
                f"{mapping.file} builds a document that its schema refuses: {problems}",
                "correct the mapping file; the work is tried again once it is released",
            )
        return sign_enveloped(root, self._key)
