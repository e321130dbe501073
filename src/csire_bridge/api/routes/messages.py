"""``/messages``: find messages, show one, its bytes; judge refused ones again, or replay them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlalchemy import select

from csire_bridge.api.evidence.archive import evidence_of_message
from csire_bridge.api.http.acts import Work, act
from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Ordering, Personal, Reading
from csire_bridge.api.http.fields import (
    LARGEST_KEY,
    IdempotencyKey,
    Key,
    MomentText,
    Why,
)
from csire_bridge.api.http.pages import LookedPage, looked_page, place_of
from csire_bridge.api.http.problems import missing
from csire_bridge.api.routes.filters import MessageFilter, MessageListing
from csire_bridge.api.routes.jobs.jobs import plan_job
from csire_bridge.api.routes.jobs.new_job import NewJob
from csire_bridge.api.routes.shapes import Facts, MessageFacts
from csire_bridge.domain.jobs.kinds import JobKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.pipeline.intake.judge_again import reopen_by_hand
from csire_bridge.store.queries.lists.message_pages import message_page
from csire_bridge.store.queries.lists.message_ways import message_way
from csire_bridge.store.queries.messages.refusal_causes import refusal_causes
from csire_bridge.store.queries.search.message_search import message_file
from csire_bridge.store.tables import messages

__all__ = ["message_router"]

message_router = APIRouter(prefix="/messages", tags=["messages"])
_LOOK = "look its key up with GET /api/v1/messages"
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "the bytes as they were received"}
}

_ZIP: dict[int | str, dict[str, Any]] = {200: {"content": {"application/zip": {}}, "description": "an archive"}}


class JudgeAgain(Why):
    """Which refused messages are judged again, and why."""

    keys: Annotated[
        list[Annotated[int, Field(ge=1, le=LARGEST_KEY)]], Field(min_length=1, max_length=1000, examples=[[17, 18]])
    ]


class Replay(Why):
    """Refused messages whose bytes are taken in once more: by their keys, or all that match."""

    keys: (
        Annotated[
            list[Annotated[int, Field(ge=1, le=LARGEST_KEY)]], Field(min_length=1, max_length=1000, examples=[[17]])
        ]
        | None
    ) = None
    messages: MessageFilter | None = None


@message_router.get("", response_model=LookedPage[MessageFacts], summary="Messages, the newest first")
def find(call: Reading, asked: Annotated[MessageListing, Query()]) -> Response:
    """A page of the messages that meet every filter.

    They go by key; by the moment of receipt where ``since``, ``until`` or ``code`` is given. A page of filters that few
    meet can end early, even empty: ``looked_to`` says how far was looked, ``next`` goes on from there.
    """
    wanted = asked.search(call)
    place = place_of(asked.after, by_moment=message_way(wanted).by_moment)
    with call.reading() as connection:
        found = message_page(connection, wanted, asked.limit, place)
    body = looked_page([asdict(one) for one in found.messages], found.next, found.looked_to)
    return answer(call, body, (Act.MESSAGE_READ, "messages: " + (call.request.url.query[:150] or "all")))


@message_router.get("/causes", response_model=Facts, summary="Refused messages by cause")
def causes(
    call: Reading,
    since: Annotated[MomentText | None, Query(description="Received then or later; else in the last 30 days.")] = None,
) -> Response:
    """By the code of what was wrong, with the step that found it and the partners; the most frequent first.

    Of each cause the newest 1000 are looked at; `count` is then not `exact`.
    """
    with call.reading() as connection:
        items = [asdict(one) for one in refusal_causes(connection, since or call.now - timedelta(days=30))]
    return answer(call, {"items": items, "next": None}, (Act.MESSAGE_READ, "messages: causes of refusals"))


@message_router.get("/{key}", response_model=Facts, summary="Everything about one message but its bytes")
def show(call: Reading, key: Key) -> Response:
    """Facts, history, earlier verdicts, receipt, orders."""
    with call.reading() as connection:
        file = message_file(connection, key)
    if file is None:
        raise missing(f"message {key}", _LOOK)
    return answer(call, file, (Act.MESSAGE_READ, f"message {key}"))


@message_router.get("/{key}/bytes", response_class=Response, responses=_BYTES, summary="The bytes as received")
def content(call: Personal, key: Key) -> Response:
    """Exactly what was received; the header X-Content-SHA256 has the hash that was kept with them.

    Of a stranger's message only the head may be kept; bytes that were archived are not here any more.
    """
    with call.needs.database.transaction() as tx:
        row = tx.connection.execute(
            select(messages.c.raw, messages.c.sha256, messages.c.archive).where(messages.c.key == key)
        ).first()
        if row is None:
            raise missing(f"message {key}", _LOOK)
        if row.archive is not None and not row.raw:
            raise missing(f"content of message {key} here: it is in the archive {row.archive}", "look there")
        note(tx, call.actor, Act.MESSAGE_READ, f"message {key}, bytes", call.now)
    headers = {"X-Content-SHA256": row.sha256, "Content-Disposition": f'attachment; filename="message-{key}.xml"'}
    return Response(row.raw, media_type="application/octet-stream", headers=headers)


@message_router.get("/{key}/evidence", response_class=Response, responses=_ZIP, summary="Everything as evidence")
def evidence(call: Personal, key: Key) -> Response:
    """Every layer that is stored about it - bytes, receipt, order, events, answer, result - as a ZIP with hashes.

    `csire-bridge evidence --check FILE` tells whether a file is whole.
    """
    with call.reading() as connection:
        found = evidence_of_message(connection, key, call.now)
    if found is None:
        raise missing(f"message {key}", _LOOK)
    with call.needs.database.transaction() as tx:
        note(tx, call.actor, Act.EVIDENCE_EXPORT, f"message {key}", call.now)
    headers = {"Content-Disposition": f'attachment; filename="evidence-message-{key}.zip"'}
    return Response(found.zip, media_type="application/zip", headers=headers)


@message_router.post("/judge-again", response_model=Facts, summary="Judge refused messages again")
def judge_again(call: Ordering, body: JudgeAgain, key: IdempotencyKey = None) -> Response:
    """After a fault of ours was corrected. What is still wrong is refused again; old verdicts stay in the history."""

    def prepare(_: OperatorAction) -> Work:
        return lambda tx, doing: {"messages": reopen_by_hand(tx, body.keys, doing)}

    return act(call, Act.MESSAGE_JUDGE_AGAIN, body, key, prepare)


@message_router.post(
    "/replay", response_model=Facts, status_code=HTTPStatus.CREATED, summary="Plan the replay of refused messages"
)
def replay(call: Reading, body: Replay, key: IdempotencyKey = None) -> Response:
    """A job, as by `POST /jobs`: look at it, then start it. What was accepted is never taken in again."""
    keys = " ".join(map(str, body.keys)) if body.keys else None
    return plan_job(call, NewJob(kind=JobKind.REPLAY, keys=keys, messages=body.messages, why=body.why), key)
