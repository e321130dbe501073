"""Step 6: the order's outcome becomes a document, which is validated, signed, and stored before it is sent.

Its message id is random, so nobody can know it before it was sent. However often this step runs, there is one answer:
an order has at most one document of each message number, and only stored documents are sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from csire_bridge.domain.clock import WARSAW, Clock
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import Eic, MessageId
from csire_bridge.domain.message.answers import Answer
from csire_bridge.domain.message.documents import DocumentState, OutgoingDocument
from csire_bridge.domain.message.envelope_rules import process_of
from csire_bridge.domain.message.message import Header
from csire_bridge.domain.operations.restores import IN_DOUBT
from csire_bridge.domain.order.order import Order
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.pipeline.answer.danger_notices import told_of
from csire_bridge.pipeline.batch_step import Committed, Completed, Prepared, Task
from csire_bridge.pipeline.ports.store import Store
from csire_bridge.xml.mapping.book import MappingBook
from csire_bridge.xml.mapping.outgoing.outbound import OutboundMapping
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from csire_bridge.xml.security.certificates.keys import KeyInTime
from csire_bridge.xml.security.signature import parse_back, sign_written

__all__ = ["Acknowledger", "Parties"]


@dataclass(frozen=True, slots=True)
class Parties:
    """The two parties of an answer, sender and receiver, with their market roles."""

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
        key: KeyInTime,
        parties: Parties,
        clock: Clock,
    ) -> None:
        self._store = store
        self._book = book
        self._catalogue = catalogue
        self._key = key
        self._parties = parties
        self._clock = clock

    def prepare(self, items: Sequence[WorkItem], lease: Lease | None) -> Prepared[Order]:
        """Read the orders that need an answer. One that may have been answered before a restore is left to a person."""
        with self._store.read_transaction() as tx:
            orders = told_of(tx, tx.orders.get_many([item.subject for item in items]))
            last = tx.restores.last()
        doubtful = [item for item in items if last is not None and last.doubts(orders[item.subject])]
        if doubtful:
            with self._store.transaction() as tx:
                tx.work.park_all([(item, IN_DOUBT) for item in doubtful])
        return Prepared([Task(item, orders[item.subject]) for item in items if item not in doubtful])

    def perform(self, task: Task[Order]) -> OutgoingDocument | None:
        """Build and sign the answer; None where none is due.

        Raises ConfigurationError when the mapping file builds a document that its schema refuses: such a document
        is never signed.
        """
        return self._document(task.about)

    def commit(self, done: Sequence[Completed[Order, OutgoingDocument | None]], lease: Lease | None) -> Committed:
        """Store the answers; return their delivery."""
        with self._store.transaction() as tx:
            tx.work.finish([piece.item for piece in done])
            known = tx.outbox.answered([piece.about.key for piece in done if piece.result])
            new = [
                (p.item, p.about, p.result) for p in done if p.result and (p.about.key, p.result.number) not in known
            ]
            keys = tx.outbox.add_all([document for _, _, document in new])
            notes = [(o.key, o.state, f"answered with message {d.number}") for _, o, d in new]
            now = self._clock()
            tx.orders.note_all(notes, now)
            ranks = [item.priority for item, _, _ in new]
            return Committed(tx.work.add(WorkStep.DELIVER, keys, now, priority=ranks, lease=lease))

    def _document(self, order: Order) -> OutgoingDocument | None:
        due = self._book.answer_due(order)
        if due is None:
            return None
        number, answer = due
        mapping = self._book.writer(number, answer)
        header = self._header(order, mapping)
        raw = self._signed(mapping, header, answer)
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

    def _header(self, order: Order, mapping: OutboundMapping) -> Header:
        """The header; an order that SID asked for knows the hub's process at most, not a message of the hub."""
        own, hub = self._parties.own, self._parties.hub
        return Header(
            message_id=MessageId.new(),
            answers=order.source_message,
            message_type=mapping.facts.message_type,
            number=mapping.number,
            process=process_of(mapping.number) or "",
            timestamp=self._clock().astimezone(WARSAW),
            physical_sender=own,
            juridical_sender=own,
            physical_recipient=hub,
            juridical_recipient=hub,
            sender_role=self._parties.role,
            retroactive_token=None,
        )

    def _signed(self, mapping: OutboundMapping, header: Header, answer: Answer) -> bytes:
        plain = mapping.write(header, answer)
        root = parse_back(plain)
        if not self._catalogue.decide(root):  # all sorts of answers were tried at start, but not all values
            problems = "; ".join(str(p) for p in self._catalogue.explain(root))
            raise ConfigurationError(
                f"{mapping.file} makes a document that its schema refuses: {problems}",
                "correct the mapping file; the work is tried again once it is released",
            )
        return sign_written(plain, self._key.at(header.timestamp), root)
