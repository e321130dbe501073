"""The page of an order tells what is now, what happened and why, to whom it may; notes are kept, paper taken away."""

from __future__ import annotations

import hashlib
import io

import pytest
from pypdf import PdfReader
from sqlalchemy import insert

from csire_bridge.domain.order.order import OrderState, WaitsFor
from csire_bridge.domain.people.roles import Role
from csire_bridge.store import tables
from tests.support.console import Console
from tests.support.store import CODE, add_order
from tests.support.story import SHA, played

PARKED = OrderState.PARKED


@pytest.mark.every_database
def test_the_page_has_the_state_and_the_whole_story_with_ways_to_each_record(console: Console) -> None:
    key = played(console.database)
    page = console.visitor().get(f"/orders/{key}")
    assert page.status == 200
    for said in (
        f"Order {key}: disconnect done",
        "8.1.1.5 received by webhook",
        "emergency hold at the metering point",
        "command 1 to the meter is being given",
        "contactor read: disconnected",
        "8.1.1.11 signed and stored",
    ):
        assert said in page.text, said
    for link in (f"/points/{CODE}", "/messages/1", "/documents/message/1", "/documents/event/1", "/answers/1/paper"):
        assert link in page.links, link


def test_it_is_polish_on_a_polish_page(console: Console) -> None:
    key = played(console.database)
    page = console.visitor(language="pl").get(f"/orders/{key}")
    assert f"Zlecenie {key}: wyłączenie" in page.text
    assert "8.1.1.5 odebrany kanałem webhook" in page.text
    assert "stycznik odczytany" in page.text.lower() or "odczyt stycznika" in page.text.lower()


def test_an_order_that_waits_says_for_what_and_what_would_make_it_go(console: Console) -> None:
    key = add_order(console.database, state=OrderState.REGISTERED, waits_for=WaitsFor.STOP).key
    page = console.visitor().get(f"/orders/{key}")
    assert "Waits for: stop" in page.text
    assert "To be sent now, this would have to change:" in page.text
    assert "Gates, asked one by one now" in page.text


def test_whoever_may_not_read_personal_data_sees_neither_point_nor_meter_nor_notes(console: Console) -> None:
    key = played(console.database)
    console.visitor().send(f"/orders/{key}/notes", {"text": "Jan Kowalski called"}, page=f"/orders/{key}")
    page = console.visitor(Role.VIEWER).get(f"/orders/{key}")
    assert page.status == 200
    for kept in ("Kowalski", str(CODE), "M1", "fire"):
        assert kept not in page.text, kept
    assert str(CODE)[-4:] in page.text
    assert console.visitor(Role.VIEWER).get("/answers/1/paper").status == 403


def test_a_note_is_kept_and_shown_and_an_auditor_may_write_none(console: Console) -> None:
    key = add_order(console.database).key
    visitor = console.visitor(Role.OPERATOR)
    done = visitor.send(f"/orders/{key}/notes", {"text": "line one\nline two"}, page=f"/orders/{key}")
    assert (done.status, done.leads_to) == (303, f"/orders/{key}#notes")
    assert "line one line two" in visitor.get(f"/orders/{key}").text
    auditor = console.visitor(Role.AUDITOR)
    assert f'action="/orders/{key}/notes"' not in auditor.get(f"/orders/{key}").html
    token = hashlib.sha256(f"form {auditor.client.cookies['csire-session']}".encode()).hexdigest()
    refused = auditor.send_bare(f"/orders/{key}/notes", {"text": "x", "csrf": token})
    assert refused.status == 403
    assert "operator" in refused.text


def test_an_empty_note_is_refused_with_what_to_do(console: Console) -> None:
    key = add_order(console.database).key
    refused = console.visitor().send(f"/orders/{key}/notes", {"text": "   "}, page=f"/orders/{key}")
    assert refused.status == 409
    assert "write what others shall know" in refused.text


def test_the_acknowledgement_is_taken_away_as_pdf_and_as_the_very_bytes(console: Console) -> None:
    played(console.database)
    visitor = console.visitor()
    paper = visitor.get("/answers/1/paper").response
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.content)).pages)
    assert SHA in text
    raw = visitor.get("/documents/answer/1/bytes").response
    assert raw.headers["x-content-sha256"] == SHA
    assert visitor.get("/answers/7/paper").status == 404


def test_there_is_a_word_for_an_order_that_is_not_there(console: Console) -> None:
    assert console.visitor().get("/orders/99").status == 404
    assert console.visitor().get("/orders/0").status == 422


def test_the_state_brings_itself_up_to_date(console: Console) -> None:
    key = add_order(console.database).key
    visitor = console.visitor()
    first = visitor.part(f"/orders/{key}", "now")
    assert first.status == 200
    assert visitor.part(f"/orders/{key}", "now", first.response.headers["etag"]).status == 304


def test_an_order_of_a_list_leads_to_its_neighbours_there_and_back_to_the_list(console: Console) -> None:
    def add(state: OrderState) -> int:
        return add_order(console.database, state=state, process_instance=None).key

    old, _other, middle, new = (add(state) for state in (PARKED, OrderState.REGISTERED, PARKED, PARKED))
    visitor = console.visitor()
    listed = visitor.get("/orders?state=parked")
    link = next(link for link in listed.links if link.startswith(f"/orders/{middle}?"))
    page = visitor.get(link)
    assert f"/orders/{new}?list=state%3Dparked" in page.links
    assert f"/orders/{old}?list=state%3Dparked" in page.links
    assert "/orders?state=parked" in page.links
    alone = visitor.get(f"/orders/{middle}")
    assert "Back to the list" not in alone.text
    assert visitor.get(f"/orders/{middle}?list=state%3Dnonsense").status == 200
    last = visitor.get(f"/orders/{old}?list=all")
    assert "The older one" not in last.text
    assert "The newer one" in last.text


def test_there_is_a_page_for_every_state_and_role(console: Console) -> None:
    keys = {state: add_order(console.database, state=state, process_instance=None).key for state in OrderState}
    for role in (Role.VIEWER, Role.OPERATOR):
        visitor = console.visitor(role)
        assert {state: visitor.get(f"/orders/{key}").status for state, key in keys.items()} == dict.fromkeys(keys, 200)


def test_a_block_of_a_page_counts_as_reading_it_unless_it_is_the_same_as_before(console: Console) -> None:
    key = played(console.database)
    visitor = console.visitor()

    def readings() -> int:
        with console.database.read_transaction() as tx:
            entries = tx.connection.execute(tables.audit_entries.select()).all()
        return sum(one.subject == f"order {key}" and one.act == "order.read" for one in entries)

    block = visitor.part(f"/orders/{key}", "now")
    assert (block.status, 'id="now-title"' in block.html, readings()) == (200, True, 1)
    same = visitor.part(f"/orders/{key}", "now", block.response.headers["etag"])
    assert (same.status, readings()) == (304, 1)


def test_a_sentence_leads_to_the_rule_set_and_the_orders_that_it_names(console: Console) -> None:
    order = add_order(console.database, state=OrderState.REGISTERED, waits_for=WaitsFor.RULES)
    told = "waits until 2026-11-30 08:00 Polish time: no (rule for disconnect; rule set 3 by anna of 2026-11-23 10:00)"
    with console.database.transaction() as tx:
        tx.orders.note(order.key, order.state, console.api.now, f"{told}; from order 24, as a step of it <b>")
    for language in ("en", "pl"):
        page = console.visitor(language=language).get(f"/orders/{order.key}")
        assert {"/rules/3", "/orders/24"} <= set(page.links)
        assert "<b>" not in page.html


def test_an_order_that_retention_took_says_where_it_is(console: Console) -> None:
    gone = {"order": 17, "state": "done", "process_instance": None, "archive": "retention-1-orders.zip"}
    with console.database.transaction() as tx:
        tx.connection.execute(insert(tables.archived_orders).values(gone))
    page = console.visitor(Role.VIEWER).get("/orders/17")
    assert page.status == 410
    assert "csire-bridge evidence --check retention-1-orders.zip" in page.text
    assert console.visitor().get("/find?q=17").leads_to == "/orders/17"
    assert console.visitor().get("/orders/18").status == 404
