"""An order's story is told on one time line; people write notes on it, and take its acknowledgement away."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pypdf import PdfReader

from csire_bridge.domain.identifiers import ProcessInstanceId
from csire_bridge.domain.order.notes import LONGEST_NOTE
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.people.roles import Role
from tests.support.api import Api, Caller
from tests.support.store import CODE, HUB, MINUTE, NOW, add_order
from tests.support.story import SHA, played


def write(caller: Caller, key: int, text: str) -> Any:
    return caller.post(f"/orders/{key}/notes", {"text": text})


@pytest.mark.every_database
def test_the_time_line_has_everything_in_order_each_by_what_it_is_about(api: Api, caller: Caller) -> None:
    key = played(api.database)
    write(caller, key, "the customer called")
    body = caller.get(f"/orders/{key}/timeline").json()
    told = [(one["kind"], one["who"]) for one in body["entries"] if one["kind"] != "clock"]
    assert told == [
        ("message", HUB),
        ("note", "token of-administrator"),
        ("verdict", None),
        ("order", None),
        ("guard", "anna"),
        ("command", None),
        ("command", None),
        ("event", None),
        ("reading", None),
        ("answer", None),
    ]
    event = next(one for one in body["entries"] if one["kind"] == "event")
    assert event["document"] == "event"
    assert event["facts"]["occurred_at"] == "2026-11-23T09:00:04.123456Z"
    assert body["cut"] is False


def test_whoever_may_not_read_personal_data_gets_the_time_line_without_notes(api: Api, caller: Caller) -> None:
    key = played(api.database)
    write(caller, key, "Jan Kowalski called")
    viewer = Caller(api, api.token(Role.VIEWER))
    found = viewer.get(f"/orders/{key}/timeline")
    assert found.status_code == 200
    assert "Kowalski" not in found.text
    assert '"(masked)"' in found.text
    assert viewer.get(f"/orders/{key}/notes").status_code == 403


def test_a_note_is_kept_with_who_and_when_and_stands_in_the_audit(api: Api, caller: Caller) -> None:
    key = add_order(api.database).key
    made = write(caller, key, "  first line\nsecond line  \n")
    assert made.status_code == 201
    (note,) = caller.get(f"/orders/{key}/notes").json()["items"]
    assert note["text"] == "first line\nsecond line"
    assert note["by"] == "token of-administrator"
    acts = [one["act"] for one in caller.get("/audit", subject=f"order {key}").json()["items"]]
    assert "order.note" in acts


@pytest.mark.parametrize("text", ["   ", "x" * (LONGEST_NOTE + 1), "bell \x07"])
def test_a_note_that_says_nothing_or_too_much_is_refused(api: Api, caller: Caller, text: str) -> None:
    key = add_order(api.database).key
    assert write(caller, key, text).status_code in (409, 422)
    assert caller.get(f"/orders/{key}/notes").json()["items"] == []


def test_a_note_needs_an_order_and_the_right(api: Api, caller: Caller) -> None:
    key = add_order(api.database).key
    assert write(caller, key + 100, "x").status_code == 409
    auditor = Caller(api, api.token(Role.AUDITOR))
    assert write(auditor, key, "x").status_code == 403
    assert auditor.get(f"/orders/{key}/notes").status_code == 200


def test_related_orders_are_told_once_the_closest_relation_first(api: Api, caller: Caller) -> None:
    key = played(api.database)
    same_point = add_order(api.database, process_instance=ProcessInstanceId.new()).key
    step = add_order(api.database, process_instance=None, source_message=None, parent=key).key
    items = caller.get(f"/orders/{key}/related").json()["items"]
    assert [(one["key"], one["relation"]) for one in items] == [
        (step, "a step of it"),
        (same_point, "of the same point"),
    ]


def test_the_acknowledgement_is_a_pdf_that_says_who_asked_what_was_done_when_and_with_which_hash(
    api: Api, caller: Caller
) -> None:
    key = played(api.database)
    (answer,) = caller.get(f"/orders/{key}").json()["answers"]
    found = caller.get(f"/answers/{answer['key']}/paper")
    assert found.headers["content-type"] == "application/pdf"
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(found.content)).pages)
    for said in (
        str(CODE),
        "wyłączenie (wstrzymanie dostarczania energii)",
        "23.11.2026 10:00:05 (UTC+01:00)",
        "komunikat 8.1.1.5",
        HUB,
        SHA,
        "CK0070 (Wyłączony)",
        "komunikat nie ma podpisu",
    ):
        assert said in text, said
    assert caller.get(f"/answers/{answer['key']}/paper").content == found.content
    assert Caller(api, api.token(Role.VIEWER)).get(f"/answers/{answer['key']}/paper").status_code == 403
    assert caller.get("/answers/999/paper").status_code == 404


def test_a_story_of_very_many_lines_says_that_older_ones_were_left_out(api: Api, caller: Caller) -> None:
    key = add_order(api.database).key
    with api.database.transaction() as tx:
        for number in range(1001):
            tx.orders.note_all([(key, OrderState.REGISTERED, f"line {number}")], NOW + number * MINUTE)
    body = caller.get(f"/orders/{key}/timeline").json()
    assert body["cut"] is True
    assert body["entries"][-1]["text"] == "line 1000"
