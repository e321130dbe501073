"""The outbox: signed documents to send, and their receivers' answers, within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter

from sqlalchemy import Connection, bindparam, case, insert, select, update

from csire_bridge.domain.identifiers import MessageId, MessageNumber
from csire_bridge.domain.message.documents import Delivery, DocumentState, OutgoingDocument
from csire_bridge.domain.message.results import HubResult
from csire_bridge.store.sql.array_parameter import any_of
from csire_bridge.store.sql.execute_many import execute_many
from csire_bridge.store.sql.insert_returning_keys import add_rows
from csire_bridge.store.sql.row_mapper import from_rows, to_row
from csire_bridge.store.tables import kept_results, outbox, outbox_events

__all__ = ["Outbox"]

_COLUMNS = [c for c in outbox.c if c.name in OutgoingDocument.__dataclass_fields__]

_MANY = select(*_COLUMNS).where(any_of(outbox.c.key, "keys"))
_ANSWERED = select(outbox.c.order, outbox.c.number).where(any_of(outbox.c.order, "orders"))
_ORDER_OF = select(outbox.c.order).where(outbox.c.message_id == bindparam("id"))
_HELD = select(*_COLUMNS).where(any_of(outbox.c.message_id, "ids")).order_by(outbox.c.key).with_for_update()
_SENT = update(outbox).where(outbox.c.key == bindparam("b_key")).values(sent_at=bindparam("at"))
_KEEP = insert(kept_results)
_UNCOUNTED = kept_results.c.counted_at.is_(None)
_KEPT = (
    select(kept_results).where(any_of(kept_results.c.answers, "answers"), _UNCOUNTED).order_by(kept_results.c.heard_at)
)
_COUNTED = update(kept_results).where(kept_results.c.message_id == bindparam("this")).values(counted_at=bindparam("at"))
_DELIVERED = (
    update(outbox)
    .where(outbox.c.key == bindparam("b_key"))
    .values(
        delivered_at=bindparam("at"),
        place=bindparam("place"),
        partner_answer=bindparam("partner_answer"),
        state=case(
            (outbox.c.state == DocumentState.PENDING.value, DocumentState.DELIVERED.value), else_=outbox.c.state
        ),
    )
)
_NOTE = insert(outbox_events)


class Outbox:
    """Outgoing documents within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, document: OutgoingDocument) -> int:
        """Store a signed document before it is sent; raises StaleWrite if its id was used already."""
        return self.add_all([document])[0]

    def add_all(self, documents: Sequence[OutgoingDocument]) -> list[int]:
        """Store signed documents before they are sent.

        Raises StaleWrite if an id was used already, or an order has an answer with that message number.
        """
        if not documents:
            return []
        keys = add_rows(self._connection, outbox, [to_row(document, "key") for document in documents])
        rows = [
            {"document": key, "at": d.created_at, "state": d.state.value, "text": "signed and stored"}
            for key, d in zip(keys, documents, strict=True)
        ]
        execute_many(self._connection, _NOTE, rows)
        return keys

    def get(self, key: int) -> OutgoingDocument:
        """The document of that key; raises KeyError."""
        return self.many([key])[key]

    def many(self, keys: Sequence[int]) -> dict[int, OutgoingDocument]:
        """The existing documents of ``keys``."""
        if not keys:
            return {}
        found = from_rows(OutgoingDocument, self._connection.execute(_MANY, {"keys": keys}))
        return {document.key: document for document in found}

    def answered(self, orders: Sequence[int]) -> set[tuple[int, MessageNumber]]:
        """Which of ``orders`` have an answer, each with the answer's number."""
        if not orders:
            return set()
        rows = self._connection.execute(_ANSWERED, {"orders": list(orders)})
        return {(row.order, MessageNumber(row.number)) for row in rows}

    def held(self, ids: Sequence[MessageId]) -> dict[MessageId, OutgoingDocument]:
        """The documents of those message ids, locked: nobody else changes them until this transaction ends."""
        rows = self._connection.execute(_HELD, {"ids": [str(i) for i in ids]})
        return {document.message_id: document for document in from_rows(OutgoingDocument, rows)}

    def order_of(self, message_id: MessageId) -> int | None:
        """The order which the document of that message id answers."""
        found = self._connection.execute(_ORDER_OF, {"id": str(message_id)}).scalar_one_or_none()
        return None if found is None else int(found)

    def sent(self, keys: Sequence[int], at: datetime) -> None:
        """Record that documents may have reached their receiver, although it did not confirm that."""
        execute_many(self._connection, _SENT, [{"b_key": key, "at": at} for key in sorted(keys)])

    def keep(self, result: HubResult) -> None:
        """Keep an R_1 until the answer that it names was sent."""
        execute_many(self._connection, _KEEP, [{**to_row(result), "counted_at": None}])

    def kept(self, answers: Sequence[MessageId]) -> list[HubResult]:
        """The kept R_1 to those answers, the first one first."""
        if not answers:
            return []
        return list(from_rows(HubResult, self._connection.execute(_KEPT, {"answers": [str(i) for i in answers]})))

    def counted(self, results: Sequence[MessageId], at: datetime) -> None:
        """Record that kept R_1 were applied; they are not returned again."""
        execute_many(self._connection, _COUNTED, [{"this": str(i), "at": at} for i in results])

    def of_order(self, order: int) -> list[OutgoingDocument]:
        """The documents of an order, locked: nobody else changes them until this transaction ends."""
        query = select(*_COLUMNS).where(outbox.c.order == order).order_by(outbox.c.key).with_for_update()
        return list(from_rows(OutgoingDocument, self._connection.execute(query)))

    def again(self, key: int, at: datetime, why: str) -> None:
        """Make a delivered document due again, with the same bytes."""
        delivered = update(outbox).where(outbox.c.key == key, outbox.c.state == DocumentState.DELIVERED.value)
        if self._connection.execute(delivered.values(state=DocumentState.PENDING.value)).rowcount:
            self._note(key, at, DocumentState.PENDING, why)

    def contested(self, order: int) -> list[OutgoingDocument]:
        """The answers to an order that the hub contests; nobody else changes them until this transaction ends."""
        query = select(*_COLUMNS).where(outbox.c.order == order, outbox.c.state == DocumentState.CONTESTED.value)
        return list(from_rows(OutgoingDocument, self._connection.execute(query.with_for_update())))

    def settle(self, key: int, at: datetime, text: str) -> None:
        """Settle a contested answer by an operator action; the hub's code stays with the document."""
        contested = update(outbox).where(outbox.c.key == key, outbox.c.state == DocumentState.CONTESTED.value)
        self._connection.execute(contested.values(state=DocumentState.CONFIRMED.value))
        self._note(key, at, DocumentState.CONFIRMED, text)

    def note(self, document: OutgoingDocument, at: datetime, text: str) -> None:
        """Append a line to a document's history."""
        self._note(document.key, at, document.state, text)

    def delivered(self, key: int, at: datetime, place: str) -> None:
        """Record that the document was delivered, and where to. A result that came first stays."""
        self.delivered_all([(key, Delivery(place))], at)

    def delivered_all(self, places: Sequence[tuple[int, Delivery]], at: datetime) -> None:
        """Record where each document was delivered. A result that came first stays."""
        if not places:
            return
        values = [{"b_key": key, "at": at, "place": d.place, "partner_answer": d.answer} for key, d in places]
        execute_many(self._connection, _DELIVERED, sorted(values, key=itemgetter("b_key")))
        state = DocumentState.DELIVERED.value
        rows = [{"document": key, "at": at, "state": state, "text": f"delivered: {d.place}"} for key, d in places]
        execute_many(self._connection, _NOTE, rows)

    def park(self, key: int, at: datetime, why: str) -> None:
        """Record that the document can't be sent and waits for a person."""
        pending = update(outbox).where(outbox.c.key == key, outbox.c.state == DocumentState.PENDING.value)
        self._connection.execute(pending.values(state=DocumentState.PARKED.value))
        self._note(key, at, DocumentState.PARKED, why)

    def release(self, key: int, at: datetime, why: str) -> None:
        """Make a parked document due again, with the same bytes."""
        parked = update(outbox).where(outbox.c.key == key, outbox.c.state == DocumentState.PARKED.value)
        if self._connection.execute(parked.values(state=DocumentState.PENDING.value)).rowcount:
            self._note(key, at, DocumentState.PENDING, why)

    def result(self, key: int, at: datetime, state: DocumentState, code: str, text: str | None) -> None:
        """Store the hub's R_1: confirmed or contested."""
        values = {"state": state.value, "result_code": code, "result_text": text}
        self._connection.execute(update(outbox).where(outbox.c.key == key).values(values))
        self._note(key, at, state, f"R_1 {code}: {text or 'no text'}")

    def _note(self, key: int, at: datetime, state: DocumentState, text: str) -> None:
        row = {"document": key, "at": at, "state": state.value, "text": text}
        self._connection.execute(_NOTE, row)
