"""``/documents``: stored bytes of every kind, explained element by element, as text, and compared with others."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Call, Personal
from csire_bridge.api.http.fields import Key
from csire_bridge.api.http.problems import missing
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.store.queries.dossiers.stored_documents import DocumentKind, StoredDocument, stored_document
from csire_bridge.xml.parser import MAX_ELEMENTS
from csire_bridge.xml.reading.differences import compared
from csire_bridge.xml.reading.explained import explained, text_slice

__all__ = ["document_router"]

document_router = APIRouter(prefix="/documents/{kind}/{key}", tags=["documents"])
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "the bytes as they were received or sent"}
}
_LONGEST_SLICE = 64 * 1024


@document_router.get("", response_model=Facts, summary="A stored document, explained element by element")
def show(
    call: Personal,
    kind: DocumentKind,
    key: Key,
    after: Annotated[int, Query(ge=0, le=MAX_ELEMENTS, description="Begin after the element of this number.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """Elements with their names in Polish and English, the words of codes, and what its signature tells.

    `problem` says why a document can't be explained; read its text then. `next` is where the next slice begins.
    """
    found = the_document(call, kind, key)
    body = facts_of_document(found) | asdict(explained(found.raw, call.needs.names(), after=after, limit=limit))
    return answer(call, body, reading_of(found))


@document_router.get("/text", response_model=Facts, summary="A slice of its bytes as text")
def text(
    call: Personal,
    kind: DocumentKind,
    key: Key,
    start: Annotated[int, Query(ge=0, le=1 << 40, description="The first byte.")] = 0,
    size: Annotated[int, Query(ge=1, le=_LONGEST_SLICE)] = 16 * 1024,
) -> Response:
    """`next` is where the next slice begins; `exact` is false where bytes are no UTF-8."""
    found = the_document(call, kind, key)
    return answer(call, facts_of_document(found) | asdict(text_slice(found.raw, start, size)), reading_of(found))


@document_router.get("/bytes", response_class=Response, responses=_BYTES, summary="Its bytes")
def content(call: Personal, kind: DocumentKind, key: Key) -> Response:
    """Exactly what was received or sent; the header X-Content-SHA256 has the hash that was kept with them."""
    found = the_document(call, kind, key)
    if not found.raw and found.archive is not None:
        raise missing(f"content of {kind} {key} here: it is in the archive {found.archive}", "look there")
    act, subject = reading_of(found)
    with call.needs.database.transaction() as tx:
        note(tx, call.actor, act, f"{subject}, bytes", call.now)
    headers = {
        "X-Content-SHA256": found.sha256,
        "Content-Disposition": f'attachment; filename="{found.file_name}"',
    }
    return Response(found.raw, media_type="application/octet-stream", headers=headers)


@document_router.get("/differences/{other}", response_model=Facts, summary="What it says otherwise than another one")
def differences(call: Personal, kind: DocumentKind, key: Key, other: Key) -> Response:
    """Value by value, the second against the first; signatures, which always differ, come last."""
    one, second = the_document(call, kind, key), the_document(call, kind, other)
    body = {"one": facts_of_document(one), "other": facts_of_document(second)}
    found = compared(one.raw, second.raw, call.needs.names())
    return answer(call, body | asdict(found), reading_of(one))


def the_document(call: Call, kind: DocumentKind, key: int) -> StoredDocument:
    """The document of that kind and key; raises ApiProblem (404)."""
    with call.reading() as connection:
        found = stored_document(connection, kind, key)
    if found is None:
        raise missing(f"document {kind} {key}", "messages, orders and answers tell the keys of their documents")
    return found


def facts_of_document(found: StoredDocument) -> dict[str, Any]:
    """Everything about a document but its bytes."""
    facts = {name: getattr(found, name) for name in StoredDocument.__dataclass_fields__ if name != "raw"}
    return facts | {"bytes": found.whole_bytes or len(found.raw), "bytes_kept": len(found.raw)}


def reading_of(found: StoredDocument) -> tuple[Act, str]:
    """As what the audit notes that somebody has read it."""
    if found.kind in (DocumentKind.MESSAGE, DocumentKind.RECEIPT):
        return Act.MESSAGE_READ, f"message {found.key}"
    return Act.ORDER_READ, f"order {found.order}" if found.order else f"{found.kind} {found.key}"
