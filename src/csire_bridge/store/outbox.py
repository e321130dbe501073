"""Signed documents that leave, and what their receivers said, within one transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from csire_bridge.domain.documents import DocumentState, OutgoingDocument
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.store.rows import from_row, to_row
from csire_bridge.store.tables import outbox, outbox_events

__all__ = ["Outbox"]

_COLUMNS = [c for c in outbox.c if c.name in OutgoingDocument.__dataclass_fields__]


class Outbox:
    """Outgoing documents within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, document: OutgoingDocument) -> int:
        """Store a signed document before it leaves; raises StaleWrite when its id was given out already."""
        statement = insert(outbox).values(to_row(document, "key")).returning(outbox.c.key)
        key: int = self._connection.execute(statement).scalar_one()
        self._note(key, document.created_at, document.state, "signed and stored")
        return key

    def get(self, key: int) -> OutgoingDocument:
        """The document of that key; raises KeyError."""
        return self._one(outbox.c.key == key, key)

    def by_message_id(self, message_id: MessageId) -> OutgoingDocument | None:
        """The document that left under that id, or None."""
        try:
            return self._one(outbox.c.message_id == str(message_id), message_id)
        except KeyError:
            return None

    def _one(self, condition: object, what: object) -> OutgoingDocument:
        row = self._connection.execute(select(*_COLUMNS).where(condition)).one_or_none()  # type: ignore[arg-type]
        if row is None:
            raise KeyError(what)
        return from_row(OutgoingDocument, row._mapping)  # type: ignore[arg-type]

    def delivered(self, key: int, at: datetime, place: str) -> None:
        """Note that the channel took the document, and where to. A result that came first stays."""
        statement = update(outbox).where(outbox.c.key == key).values(delivered_at=at, place=place)
        self._connection.execute(statement)
        pending = update(outbox).where(outbox.c.key == key, outbox.c.state == DocumentState.PENDING.value)
        self._connection.execute(pending.values(state=DocumentState.DELIVERED.value))
        self._note(key, at, DocumentState.DELIVERED, f"delivered: {place}")

    def park(self, key: int, at: datetime, why: str) -> None:
        """Note that the document can't leave by itself."""
        pending = update(outbox).where(outbox.c.key == key, outbox.c.state == DocumentState.PENDING.value)
        self._connection.execute(pending.values(state=DocumentState.PARKED.value))
        self._note(key, at, DocumentState.PARKED, why)

    def result(self, key: int, at: datetime, state: DocumentState, code: str, text: str | None) -> None:
        """Store the hub's R_1: confirmed or contested."""
        values = {"state": state.value, "result_code": code, "result_text": text}
        self._connection.execute(update(outbox).where(outbox.c.key == key).values(values))
        self._note(key, at, state, f"R_1 {code}: {text or 'no text'}")

    def _note(self, key: int, at: datetime, state: DocumentState, text: str) -> None:
        row = {"document": key, "at": at, "state": state.value, "text": text}
        self._connection.execute(insert(outbox_events), row)
