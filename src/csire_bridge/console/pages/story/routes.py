"""The page of an order, the notes that people write there, and the acknowledgement on paper."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Response

from csire_bridge.api.papers import paper_of_answer
from csire_bridge.console.area import Area
from csire_bridge.console.http.acts import carry_out
from csire_bridge.console.http.answers import download, page, redirect
from csire_bridge.console.http.refusals import Missing
from csire_bridge.console.http.visit import Personal, Reading, Visit, acting
from csire_bridge.console.language.act_words import WORDS
from csire_bridge.console.lists.fields import Key
from csire_bridge.console.pages.story.facts import order_page
from csire_bridge.console.pages.story.neighbours import neighbours_in
from csire_bridge.domain.order.notes import LONGEST_NOTE
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.domain.people.roles import Permission
from csire_bridge.pipeline.operator.orders.note_actions import write_note
from csire_bridge.store.queries.find.archived import archived_order

__all__ = ["STORY", "Key"]

_router = APIRouter()
Noting = Annotated[Visit, Depends(acting(Permission.ORDERS))]


@_router.get("/orders/{key}")
def story(
    visit: Reading, key: Key, list_of: Annotated[str | None, Query(alias="list", max_length=2000)] = None
) -> Response:
    """An order: what is now, what there is to do, and everything that happened; ``list``: where it was opened."""
    with visit.reading() as connection:
        archived = archived_order(connection, key)
    if archived is not None:
        return page(visit, "story/archived.html", {"archived": archived}, status=HTTPStatus.GONE)
    found = order_page(visit, key)
    with visit.reading() as connection:
        neighbours = neighbours_in(visit, connection, found.order, list_of)
    facts = {"found": found, "neighbours": neighbours, "longest_note": LONGEST_NOTE, "act_words": WORDS}
    return page(visit, "story/order.html", facts, reads=(Act.ORDER_READ, f"order {key}"))


@_router.post("/orders/{key}/notes")
def new_note(visit: Noting, key: Key, text: Annotated[str, Form(max_length=4 * LONGEST_NOTE)] = "") -> Response:
    """Keep a note on an order."""
    carry_out(visit, None, lambda tx, doing: write_note(tx, key, text, doing))
    return redirect(visit, f"/orders/{key}#notes", "the note is kept")


@_router.get("/answers/{key}/paper")
def paper(visit: Personal, key: Key) -> Response:
    """An answer as a readable PDF, for the file of a complaint."""
    with visit.reading() as connection:
        made = paper_of_answer(connection, key, visit.api.names())
    if made is None:
        raise Missing(f"answer {key}")
    pdf, found = made
    with visit.api.database.transaction() as tx:
        note(tx, visit.actor, Act.ORDER_READ, f"order {found.order}", visit.now, "its acknowledgement as PDF")
    return download(pdf, f"potwierdzenie-{found.order}-{found.number}.pdf", "application/pdf")


STORY = Area(_router)
