"""The journal of messages, why messages were refused, and one message on its way through the steps."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import unquote_plus

from fastapi import APIRouter, Query, Response

from csire_bridge.api.evidence.archive import evidence_of_message
from csire_bridge.console.area import Area, MenuEntry
from csire_bridge.console.http.answers import download, page
from csire_bridge.console.http.refusals import Missing
from csire_bridge.console.http.visit import Personal, Reading
from csire_bridge.console.lists.fields import Key
from csire_bridge.console.lists.places import CURSOR, place_of
from csire_bridge.console.lists.query import query_of, with_query
from csire_bridge.console.lists.turning import VIEW, news_page, turning
from csire_bridge.console.pages.messages.filters import MessageListing
from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.domain.people.roles import Permission
from csire_bridge.store.queries.dossiers.stored_documents import DocumentKind, stored_document
from csire_bridge.store.queries.lists.message_pages import count_messages, count_new_messages, message_page
from csire_bridge.store.queries.lists.message_ways import message_way
from csire_bridge.store.queries.messages.message_attempts import attempts_of
from csire_bridge.store.queries.messages.refusal_causes import refusal_causes
from csire_bridge.store.queries.search.message_search import message_file

__all__ = ["MESSAGES"]

_router = APIRouter()
_PATH = "/messages"
_ROWS = 50
_VIEWS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("all", {}),
    ("refused", {"state": [MessageState.REFUSED]}),
    ("unproven", {"code": "trust", "state": [MessageState.REFUSED]}),
    ("repeats", {"state": [MessageState.DUPLICATE]}),
    ("again", {"again": True}),
)
"""The usual views of the journal, each a filter."""


class Span(StrEnum):
    """How far back refusals are grouped."""

    DAY = "1"
    WEEK = "7"
    MONTH = "30"


@_router.get(_PATH)
def journal(visit: Reading, asked: Annotated[MessageListing, Query()]) -> Response:
    """A page of the messages that meet the filters."""
    wanted = asked.search(visit)
    place = place_of(asked.after, by_moment=message_way(wanted).by_moment)
    with visit.reading() as connection:
        found = message_page(connection, wanted, _ROWS, place)
        count = count_messages(connection, wanted)
    query = query_of(asked, without=VIEW)
    facts: dict[str, Any] = {
        "asked_for": asked,
        "rows": found.messages,
        "count": count,
        "states": list(MessageState),
        "channels": list(Channel),
        "views": [(name, with_query(_PATH, query_of(MessageListing(**given))), query) for name, given in _VIEWS],
        **turning(_PATH, asked, found),
    }
    return page(
        visit,
        "messages/journal.html",
        facts,
        reads=(Act.MESSAGE_READ, f"messages: {unquote_plus(query)[:150] or 'all'}"),
    )


@_router.get(f"{_PATH}/news")
def news(
    visit: Reading,
    asked: Annotated[MessageListing, Query()],
    top: Annotated[str, Query(pattern=f"^{CURSOR}$")] = "0",
) -> Response:
    """How many have come since a list was made that begins at ``top``."""
    wanted = asked.search(visit)
    shown = place_of(top, by_moment=message_way(wanted).by_moment)
    with visit.reading() as connection:
        count = count_new_messages(connection, wanted, shown if top != "0" else None)
    return news_page(visit, _PATH, asked, count)


@_router.get(f"{_PATH}/causes")
def causes(visit: Reading, days: Span = Span.WEEK) -> Response:
    """Refused messages by cause, step and partner."""
    since = visit.now - timedelta(days=int(days))
    with visit.reading() as connection:
        found = refusal_causes(connection, since)
    facts = {"causes": found, "since": since, "days": days, "spans": list(Span)}
    return page(visit, "messages/causes.html", facts, reads=(Act.MESSAGE_READ, "messages: causes of refusals"))


@_router.get(f"{_PATH}/{{key}}")
def message(visit: Reading, key: Key) -> Response:
    """One message: how it went through the steps, what became of it, its other attempts."""
    with visit.reading() as connection:
        file = message_file(connection, key)
        if file is None:
            raise Missing(f"message {key}")
        known = file["message"]["message_id"] or file["message"]["claimed_id"]
        attempts = attempts_of(connection, known, key) if known else []
        document = stored_document(connection, DocumentKind.MESSAGE, key)
    facts = {
        "file": file,
        "message": file["message"],
        "state": MessageState(file["message"]["state"]),
        "channel": Channel(file["message"]["channel"]),
        "attempts": attempts,
        "document": document,
    }
    return page(visit, "messages/message.html", facts, reads=(Act.MESSAGE_READ, f"message {key}"))


@_router.get(f"{_PATH}/{{key}}/evidence")
def evidence(visit: Personal, key: Key) -> Response:
    """Everything that is stored about it, as an archive whose hashes can be checked."""
    with visit.reading() as connection:
        found = evidence_of_message(connection, key, visit.now)
    if found is None:
        raise Missing(f"message {key}")
    with visit.api.database.transaction() as tx:
        note(tx, visit.actor, Act.EVIDENCE_EXPORT, f"message {key}", visit.now)
    return download(found.zip, f"evidence-message-{key}.zip", "application/zip")


MESSAGES = Area(_router, (MenuEntry(_PATH, "Messages", Permission.READ, order=30, key="m"),))
