"""The stored bytes of every document, whichever table they are in, with what was found out about them; read only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from csire_bridge.store.tables import archives, head_end_events, messages, outbox, sid_reports

__all__ = ["DocumentKind", "StoredDocument", "stored_document"]


class DocumentKind(StrEnum):
    """What a document is: a message as received and our receipt for it, our answer and what its receiver answered, an
    event of the head-end system, our report to SID and SID's answer."""

    MESSAGE = "message"
    RECEIPT = "receipt"
    ANSWER = "answer"
    PARTNER_ANSWER = "partner-answer"
    EVENT = "event"
    SID_REPORT = "sid-report"
    SID_ANSWER = "sid-answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """Bytes that were received or sent. ``at`` (UTC) is when they came in or were made.

    ``raw`` is empty where they are not here any more: ``archive`` then names the file that has them, and
    ``archived_at`` (UTC) and ``archive_sha256`` say when and with which hash it was written. ``whole_bytes`` is how
    many came, where only the head is kept. ``sha256`` is the hash that was stored with the bytes, or theirs where none
    was stored. ``order`` is the key of the order that it belongs to, where the row says so.

    Of a message: ``state``, ``sender`` (proven by its signature, None if not), ``code`` and ``problem`` are what was
    found at the intake.
    """

    kind: DocumentKind
    key: int
    at: datetime
    raw: bytes
    sha256: str
    number: str | None = None
    message_id: str | None = None
    order: int | None = None
    state: str | None = None
    sender: str | None = None
    claimed_sender: str | None = None
    code: str | None = None
    problem: str | None = None
    whole_bytes: int | None = None
    archive: str | None = None
    archived_at: datetime | None = None
    archive_sha256: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """A name for a file with these bytes."""
        number = f"-{self.number}" if self.number else ""
        return f"{self.kind}-{self.key}{number}.xml"


def stored_document(connection: Connection, kind: DocumentKind, key: int) -> StoredDocument | None:
    """The document of that kind and key; None if there is none, or the row has no such bytes."""
    table, read = _READERS[kind]
    row = connection.execute(select(table).where(table.c.key == key)).one_or_none()
    return None if row is None else read(connection, row)


def _message(connection: Connection, row: Row[Any]) -> StoredDocument:
    return StoredDocument(
        kind=DocumentKind.MESSAGE,
        key=row.key,
        at=row.received_at,
        raw=row.raw,
        sha256=row.sha256,
        number=row.number or row.claimed_number,
        message_id=row.message_id or row.claimed_id,
        state=row.state,
        sender=row.sender,
        claimed_sender=row.claimed_sender,
        code=row.code,
        problem=row.problem,
        whole_bytes=row.whole_bytes,
        **_archive(connection, row.archive),
        facts={"channel": row.channel, "origin": row.origin, "form": row.form},
    )


def _archive(connection: Connection, name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    a = archives.c
    row = connection.execute(select(a.begun_at, a.ended_at, a.sha256).where(a.name == name)).one_or_none()
    known = {} if row is None else {"archived_at": row.ended_at or row.begun_at, "archive_sha256": row.sha256}
    return {"archive": name, **known}


def _receipt(_: Connection, row: Row[Any]) -> StoredDocument | None:
    return _of_bytes(DocumentKind.RECEIPT, row, row.receipt, row.received_at, number=row.number)


def _answer(_: Connection, row: Row[Any]) -> StoredDocument:
    return StoredDocument(
        kind=DocumentKind.ANSWER,
        key=row.key,
        at=row.created_at,
        raw=row.document,
        sha256=row.sha256,
        number=row.number,
        message_id=row.message_id,
        order=row.order,
        state=row.state,
        facts={name: getattr(row, name) for name in ("sent_at", "delivered_at", "place", "result_code", "result_text")},
    )


def _partner_answer(_: Connection, row: Row[Any]) -> StoredDocument | None:
    at = row.delivered_at or row.created_at
    return _of_bytes(DocumentKind.PARTNER_ANSWER, row, row.partner_answer, at, number=row.number, order=row.order)


def _event(_: Connection, row: Row[Any]) -> StoredDocument | None:
    return _of_bytes(DocumentKind.EVENT, row, row.raw, row.received_at, order=row.order)


def _sid_report(_: Connection, row: Row[Any]) -> StoredDocument | None:
    return _of_bytes(DocumentKind.SID_REPORT, row, row.document, row.at, order=row.order)


def _sid_answer(_: Connection, row: Row[Any]) -> StoredDocument | None:
    return _of_bytes(DocumentKind.SID_ANSWER, row, row.partner_answer, row.delivered_at or row.at, order=row.order)


def _of_bytes(
    kind: DocumentKind, row: Row[Any], raw: bytes | None, at: datetime, **facts: Any
) -> StoredDocument | None:
    if raw is None:
        return None
    return StoredDocument(kind=kind, key=row.key, at=at, raw=raw, sha256=hashlib.sha256(raw).hexdigest(), **facts)


_Reader = Callable[[Connection, Row[Any]], StoredDocument | None]
_READERS: Mapping[DocumentKind, tuple[Table, _Reader]] = {
    DocumentKind.MESSAGE: (messages, _message),
    DocumentKind.RECEIPT: (messages, _receipt),
    DocumentKind.ANSWER: (outbox, _answer),
    DocumentKind.PARTNER_ANSWER: (outbox, _partner_answer),
    DocumentKind.EVENT: (head_end_events, _event),
    DocumentKind.SID_REPORT: (sid_reports, _sid_report),
    DocumentKind.SID_ANSWER: (sid_reports, _sid_answer),
}
