"""An order's story: its time line, related orders, notes, who takes care, its acknowledgements (XML, PDF)."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from csire_bridge.access.care_actions import take_care
from csire_bridge.api.http.acts import act
from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Ordering, Personal, Reading
from csire_bridge.api.http.fields import IdempotencyKey, Key, Strict
from csire_bridge.api.http.problems import missing
from csire_bridge.api.papers import paper_of_answer
from csire_bridge.api.routes.orders.find_orders import the_order
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.notes import LONGEST_NOTE
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.pipeline.operator.orders.note_actions import write_note
from csire_bridge.store.queries.story.order_story import order_story
from csire_bridge.store.queries.story.related import related_orders
from csire_bridge.store.repositories.orders.notes import Notes
from csire_bridge.store.sql.row_mapper import to_row
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["order_story_router"]

order_story_router = APIRouter(tags=["orders"])
_PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {}}, "description": "a document on A4, in Polish"}
}


class NewNote(Strict):
    """What others shall know. It can't be changed; a wrong note is corrected by another one."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE)]


class NewCare(Strict):
    """Whoever takes care of it; null: nobody."""

    person: Annotated[str | None, Field(max_length=64)]


@order_story_router.get("/orders/{key}/timeline", response_model=Facts, summary="Its story on one time line")
def timeline(call: Reading, key: Key) -> Response:
    """Messages, verdicts, commands, events, readings, acts of people, answers, results and clocks, oldest first.

    What is still to come has `to_come`; `cut`: the oldest entries were left out. `document` and `key` find bytes with
    GET /documents.
    """
    order, policy = the_order(call, key), call.needs.policy
    with call.reading() as connection:
        story = order_story(connection, order, policy.deadlines, policy.law, call.now)
    return answer(call, asdict(story), (Act.ORDER_READ, f"order {key}"), order.version)


@order_story_router.get("/orders/{key}/related", response_model=Facts, summary="Orders that it has to do with")
def related(call: Reading, key: Key) -> Response:
    """Of its steps, its process and its point; the newest 20 of each."""
    order = the_order(call, key)
    with call.reading() as connection:
        items = [asdict(one) for one in related_orders(connection, order)]
    return answer(call, {"items": items, "next": None}, (Act.ORDER_READ, f"order {key}"))


@order_story_router.get("/orders/{key}/notes", response_model=Facts, summary="What people wrote on it")
def notes(call: Personal, key: Key) -> Response:
    """Every note, the oldest first."""
    the_order(call, key)
    with call.reading() as connection:
        items = [to_row(one) for one in Notes(connection).of(key)]
    return answer(call, {"items": items, "next": None}, (Act.ORDER_READ, f"order {key}"))


@order_story_router.post(
    "/orders/{key}/notes", response_model=Facts, status_code=HTTPStatus.CREATED, summary="Write a note on it"
)
def new_note(call: Ordering, key: Key, body: NewNote, idempotency: IdempotencyKey = None) -> Response:
    """Notes are for people: they change no order, and no partner is told."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> object:
        return to_row(write_note(tx, key, body.text, doing))

    return act(call, Act.ORDER_NOTE, body, idempotency, lambda _: work, status=HTTPStatus.CREATED)


@order_story_router.post("/orders/{key}/care", response_model=Facts, summary="Who takes care of it")
def care(call: Ordering, key: Key, body: NewCare, idempotency: IdempotencyKey = None) -> Response:
    """An account that may act on orders; nobody with null. It changes no order."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> object:
        found = take_care(tx, key, body.person, doing)
        return to_row(found) if found else {"order": key, "person": None}

    return act(call, Act.ORDER_CARE, body, idempotency, lambda _: work)


@order_story_router.get(
    "/answers/{key}/paper", response_class=Response, responses=_PDF, summary="An answer as a readable PDF"
)
def paper(call: Personal, key: Key) -> Response:
    """For the file of a complaint, in Polish: who asked, what was done and when, the signature, and the hash.

    The XML is at /documents/answer/{key}/bytes.
    """
    with call.reading() as connection:
        made = paper_of_answer(connection, key, call.needs.names())
    if made is None:
        raise missing(f"answer {key}", "GET /api/v1/orders/{key} tells the answers of an order")
    pdf, found = made
    with call.needs.database.transaction() as tx:
        note(tx, call.actor, Act.ORDER_READ, f"order {found.order}", call.now, "its acknowledgement as PDF")
    name = f"acknowledgement-{found.order}-{found.number}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(pdf, media_type="application/pdf", headers=headers)
