"""Search the audit, take it along as a file, and see whether it is as it was written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Response
from starlette.responses import StreamingResponse

from csire_bridge.access.audit_export import MOST_IN_A_SHEET, csv_pieces, json_pieces, xlsx
from csire_bridge.access.audit_search import AuditSearch, changes_of, found_entries
from csire_bridge.access.audit_verify import verify
from csire_bridge.console.area import Area, Group, MenuEntry
from csire_bridge.console.http.answers import download, page
from csire_bridge.console.http.visit import Auditing
from csire_bridge.console.language.act_words import GROUPS, WORDS
from csire_bridge.console.lists.fields import After, Day
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.domain.people.roles import Permission
from csire_bridge.sheets.cells import Cell
from csire_bridge.store.housekeeping.audit_guard import missing_guards
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["AUDIT"]

_router = APIRouter()
_SHOWN = 50
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _Form(StrEnum):
    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"


class _Asked:
    """The fields of the search as they were given; days are Polish, and both are meant whole."""

    def __init__(
        self,
        actor: Annotated[str | None, Query(max_length=100)] = None,
        act: Annotated[str | None, Query(max_length=40)] = None,
        subject: Annotated[str | None, Query(max_length=200)] = None,
        since: Day | None = None,
        until: Day | None = None,
    ) -> None:
        self.fields: Mapping[str, Any] = {
            name: value
            for name, value in (
                ("actor", actor),
                ("act", act),
                ("subject", subject),
                ("since", since),
                ("until", until),
            )
            if value is not None
        }
        begin = _midnight(since) if since else None
        end = _midnight(until + timedelta(days=1)) if until else None
        self.wanted = AuditSearch(actor=actor, act=act, subject=subject, since=begin, until=end)


_Search = Annotated[_Asked, Depends()]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), WARSAW).astimezone(UTC)


@_router.get("/audit")
def search(visit: Auditing, asked: _Search, after: After = None) -> Response:
    """The newest entries that fit, with what was before and after."""
    with visit.reading() as connection:
        found = asked.wanted.page(UnitOfWork(connection), _SHOWN + 1, after)
    shown = found[:_SHOWN]
    query = urlencode(asked.fields)
    older = urlencode({**asked.fields, "after": shown[-1].key}) if len(found) > _SHOWN else None
    facts = {
        "rows": [(one, _words(one.entry.act), changes_of(one.entry)) for one in shown],
        "asked_for": asked.fields,
        "query": query,
        "older": f"/audit?{older}" if older else None,
        "newest": f"/audit?{query}" if after else None,
        "groups": GROUPS,
        "acts": WORDS,
    }
    return page(visit, "audit/search.html", facts, reads=(Act.AUDIT_READ, "audit"))


@_router.get("/audit/export")
def export(visit: Auditing, asked: _Search, form: Annotated[_Form, Query(alias="format")] = _Form.CSV) -> Response:
    """Everything that fits as a file, the newest first; that it was taken is an entry itself."""
    with visit.api.database.transaction() as tx:
        note(tx, visit.actor, Act.AUDIT_EXPORT, "audit", visit.now, after=asked.wanted)
    if form is _Form.XLSX:
        entries = list(found_entries(visit.api.database.read_transaction, asked.wanted, MOST_IN_A_SHEET))
        about: dict[str, Cell] = {
            "made by": visit.actor.name,
            "made at (Polish time)": visit.now,
            "at most": MOST_IN_A_SHEET,
        }
        about |= {name: str(value) for name, value in asked.fields.items()}
        return download(xlsx(entries, about), "audit.xlsx", _SPREADSHEET)
    entries_of_all = found_entries(visit.api.database.read_transaction, asked.wanted)
    pieces = csv_pieces(entries_of_all) if form is _Form.CSV else json_pieces(entries_of_all)
    name, media = ("audit.csv", "text/csv; charset=utf-8") if form is _Form.CSV else ("audit.jsonl", "application/json")
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces, headers=headers, media_type=media)


@_router.get("/audit/verify")
def whole(visit: Auditing, noted: Annotated[str | None, Query(max_length=64)] = None) -> Response:
    """Go through the whole chain, and say in words what was found."""
    with visit.reading() as connection:
        found = verify(UnitOfWork(connection).audit, missing_guards(connection), noted)
    return page(
        visit, "audit/whole.html", {"found": found, "noted": noted}, reads=(Act.AUDIT_READ, "audit, the whole chain")
    )


def _words(act: str) -> str | None:
    try:
        return WORDS.get(Act(act))
    except ValueError:  # an act of a newer or older version
        return None


AUDIT = Area(_router, (MenuEntry("/audit", "Audit", Permission.AUDIT, order=830, group=Group.ADMINISTRATION),))
