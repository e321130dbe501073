"""Signed documents that leave, and what their receivers said, within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, insert, select, update

from csire_bridge.domain.documents import Delivery, DocumentState, OutgoingDocument
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.store.among import among
from csire_bridge.store.bulk import execute_many
from csire_bridge.store.keys import add_rows
from csire_bridge.store.rows import from_row, from_rows, to_row
from csire_bridge.store.tables import outbox, outbox_events

__all__ = ["Outbox"]

_COLUMNS = [c for c in outbox.c if c.name in OutgoingDocument.__dataclass_fields__]

_MANY = select(*_COLUMNS).where(among(outbox.c.key, "keys"))
_KNOWN = select(outbox.c.message_id).where(among(outbox.c.message_id, "ids"))
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
        """Store a signed document before it leaves; raises StaleWrite when its id was given out already."""
        return self.add_all([document])[0]

    def add_all(self, documents: Sequence[OutgoingDocument]) -> list[int]:
        """Store signed documents before they leave; raises StaleWrite when an id was given out already."""
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
        """The documents of ``keys``, those that there are."""
        if not keys:
            return {}
        found = from_rows(OutgoingDocument, self._connection.execute(_MANY, {"keys": keys}))
        return {document.key: document for document in found}

    def known(self, ids: Sequence[MessageId]) -> set[MessageId]:
        """Which of ``ids`` were given to a document before."""
        if not ids:
            return set()
        return {MessageId(i) for i in self._connection.execute(_KNOWN, {"ids": [str(i) for i in ids]}).scalars()}

    def by_message_id(self, message_id: MessageId) -> OutgoingDocument | None:
        """The document that left under that id, or None."""
        row = self._connection.execute(select(*_COLUMNS).where(outbox.c.message_id == str(message_id))).one_or_none()
        return None if row is None else from_row(OutgoingDocument, row)

    def delivered(self, key: int, at: datetime, place: str) -> None:
        """Note that the channel took the document, and where to. A result that came first stays."""
        self.delivered_all([(key, Delivery(place))], at)

    def delivered_all(self, places: Sequence[tuple[int, Delivery]], at: datetime) -> None:
        """Note where each document went that the channel took. A result that came first stays."""
        if not places:
            return
        values = [{"b_key": key, "at": at, "place": d.place, "partner_answer": d.answer} for key, d in places]
        execute_many(self._connection, _DELIVERED, values)
        state = DocumentState.DELIVERED.value
        rows = [{"document": key, "at": at, "state": state, "text": f"delivered: {d.place}"} for key, d in places]
        execute_many(self._connection, _NOTE, rows)

    def park(self, key: int, at: datetime, why: str) -> None:
        """Note that the document can't leave by itself."""
        pending = update(outbox).where(outbox.c.key == key, outbox.c.state == DocumentState.PENDING.value)
        self._connection.execute(pending.values(state=DocumentState.PARKED.value))
        self._note(key, at, DocumentState.PARKED, why)

    def release(self, key: int, at: datetime, why: str) -> None:
        """Let a document that was set aside leave again, with the same bytes."""
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
