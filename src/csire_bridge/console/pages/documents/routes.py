"""A stored document element by element, as text in slices, its bytes, and what another one says otherwise."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.responses import RedirectResponse

from csire_bridge.api.routes.documents import reading_of
from csire_bridge.console.area import Area
from csire_bridge.console.http.answers import download, page
from csire_bridge.console.http.refusals import Missing
from csire_bridge.console.http.visit import Personal, Visit
from csire_bridge.console.lists.fields import Key
from csire_bridge.domain.people.audited import note
from csire_bridge.store.queries.dossiers.stored_documents import DocumentKind, StoredDocument, stored_document
from csire_bridge.xml.parser import MAX_ELEMENTS
from csire_bridge.xml.reading.differences import compared
from csire_bridge.xml.reading.explained import explained, text_slice

__all__ = ["DOCUMENTS"]

_router = APIRouter(prefix="/documents/{kind}/{key}")
_ELEMENTS = 200
_SLICE = 8 * 1024


@_router.get("")
def show(
    visit: Personal, kind: DocumentKind, key: Key, after: Annotated[int, Query(ge=0, le=MAX_ELEMENTS)] = 0
) -> Response:
    """What each element is called and means, and what the signature tells."""
    found = _the_document(visit, kind, key)
    told = explained(found.raw, visit.api.names(), after=after, limit=_ELEMENTS)
    facts = {"document": found, "explained": told, "after": after}
    return page(visit, "documents/explained.html", facts, reads=reading_of(found))


@_router.get("/text")
def text(visit: Personal, kind: DocumentKind, key: Key, start: Annotated[int, Query(ge=0, le=1 << 40)] = 0) -> Response:
    """Its bytes as text, a slice at a time."""
    found = _the_document(visit, kind, key)
    facts = {"document": found, "slice": text_slice(found.raw, start, _SLICE), "step": _SLICE}
    return page(visit, "documents/text.html", facts, reads=reading_of(found))


@_router.get("/bytes")
def content(visit: Personal, kind: DocumentKind, key: Key) -> Response:
    """Exactly what was received or sent."""
    found = _the_document(visit, kind, key)
    if not found.raw:
        raise Missing(f"content of {kind} {key} here")
    act, subject = reading_of(found)
    with visit.api.database.transaction() as tx:
        note(tx, visit.actor, act, f"{subject}, bytes", visit.now)
    response = download(found.raw, found.file_name, "application/octet-stream")
    response.headers["X-Content-SHA256"] = found.sha256
    return response


@_router.get("/differences")
def chosen(visit: Personal, kind: DocumentKind, key: Key, other: Annotated[int, Query(ge=1, le=2**53 - 1)]) -> Response:
    """From the form that asks for the other one's key to the page of both."""
    return RedirectResponse(f"/documents/{kind}/{key}/differences/{other}", 303)


@_router.get("/differences/{other}")
def differences(visit: Personal, kind: DocumentKind, key: Key, other: Key) -> Response:
    """Value by value, the second against the first."""
    one, second = _the_document(visit, kind, key), _the_document(visit, kind, other)
    facts = {"one": one, "other": second, "found": compared(one.raw, second.raw, visit.api.names())}
    return page(visit, "documents/differences.html", facts, reads=reading_of(one))


def _the_document(visit: Visit, kind: DocumentKind, key: int) -> StoredDocument:
    with visit.reading() as connection:
        found = stored_document(connection, kind, key)
    if found is None:
        raise Missing(f"document {kind} {key}")
    return found


DOCUMENTS = Area(_router)
