"""``/audit``: who did what and who read what; as a file; and whether it is as it was written."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from csire_bridge.access.audit_export import as_facts, csv_pieces, json_pieces
from csire_bridge.access.audit_search import AuditSearch, found_entries
from csire_bridge.access.audit_verify import verify
from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Auditing, Call
from csire_bridge.api.http.fields import MomentText
from csire_bridge.api.http.pages import After, Limit, Page, page, start_of
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.store.housekeeping.audit_guard import missing_guards
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["audit_router"]

audit_router = APIRouter(prefix="/audit", tags=["audit"])


class AuditForm(StrEnum):
    """The forms of a file."""

    CSV = "csv"
    JSON = "json"


_MEDIA = {AuditForm.CSV: "text/csv; charset=utf-8", AuditForm.JSON: "application/x-ndjson"}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {media.partition(";")[0]: {} for media in _MEDIA.values()}, "description": "the entries"}
}


def _wanted(
    actor: Annotated[str | None, Query(max_length=100, examples=["anna"])] = None,
    act_name: Annotated[str | None, Query(alias="act", max_length=40, examples=["hold.set", "hold."])] = None,
    subject: Annotated[str | None, Query(max_length=200, examples=["order 17"])] = None,
    since: MomentText | None = None,
    until: MomentText | None = None,
) -> AuditSearch:
    return AuditSearch(actor=actor, act=act_name, subject=subject, since=since, until=until)


Wanted = Annotated[AuditSearch, Depends(_wanted)]


@audit_router.get("", response_model=Page[Facts], summary="Who did what, and read what")
def audit(call: Auditing, wanted: Wanted, limit: Limit = 50, after: After = None) -> Response:
    """The newest entries first; `act` may end in a dot for a whole group. That it was read is an entry, too."""
    with call.reading() as connection:
        found = wanted.page(UnitOfWork(connection), limit + 1, start_of(after))
    return answer(call, page(found, limit, lambda one: one.key, as_facts), (Act.AUDIT_READ, "audit"))


@audit_router.get("/export", response_class=Response, responses=_FILE, summary="Entries as a file")
def export(
    call: Auditing, wanted: Wanted, form: Annotated[AuditForm, Query(alias="format")] = AuditForm.CSV
) -> Response:
    """Every entry that fits, the newest first, with the hashes of the chain; for JSON, a line each."""
    with call.needs.database.transaction() as tx:
        note(tx, call.actor, Act.AUDIT_EXPORT, "audit", call.now, after=wanted)
    entries = found_entries(lambda: _reading(call), wanted)
    pieces = csv_pieces(entries) if form is AuditForm.CSV else json_pieces(entries)
    headers = {"Content-Disposition": f'attachment; filename="audit.{"csv" if form is AuditForm.CSV else "jsonl"}"'}
    return StreamingResponse(pieces, headers=headers, media_type=_MEDIA[form])


@audit_router.get("/verify", response_model=Facts, summary="Whether the audit is as it was written")
def verified(
    call: Auditing,
    noted: Annotated[str | None, Query(max_length=64, description="A hash noted before must still be there.")] = None,
) -> Response:
    """The whole chain is gone through. `whole` is true if nothing was changed, added or taken away."""
    with call.reading() as connection:
        found = verify(UnitOfWork(connection).audit, missing_guards(connection), noted)
    told = asdict(found) | {"whole": found.whole, "sentences": found.sentences()}
    return answer(call, told, (Act.AUDIT_READ, "audit, the whole chain"))


def _reading(call: Call) -> AbstractContextManager[UnitOfWork]:
    return call.needs.database.read_transaction()
