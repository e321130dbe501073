"""An order's story is told on one time line; people write notes on it, and take its acknowledgement away."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader

from csire_bridge.domain.identifiers import CorrelationId, MessageId, MessageNumber, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.message import Channel, Form, MessageState, SettledMessage
from csire_bridge.domain.meter.contactor import HeadEndEvent, HeadEndEventKind
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.notes import LONGEST_NOTE
from csire_bridge.domain.order.order import OrderState, Outcome
from csire_bridge.domain.people.roles import Role
from csire_bridge.pipeline.operator import guard_actions
from csire_bridge.store.unit_of_work import UnitOfWork
from tests.support.api import Api, Caller
from tests.support.store import CODE, HUB, MINUTE, NOW, SECOND, add_order, document, order

ANSWER = (
    b'<DisconnectionNotification xmlns="urn:pl:oire:unk_8_1_1_11:v1"><Payload><DisconnectionData>'
    b"<PhysicalStatus>CK0070</PhysicalStatus><MeterNumber>M1</MeterNumber>"
    b"</DisconnectionData></Payload></DisconnectionNotification>"
)
SHA = hashlib.sha256(ANSWER).hexdigest()


def write(caller: Caller, key: int, text: str) -> Any:
    return caller.post(f"/orders/{key}/notes", {"text": text})


def played(api: Api) -> int:
    """An order that the hub asked for, that was held, executed, and answered."""
    asked, process = MessageId.new(), ProcessInstanceId.new()
    with api.database.transaction() as tx:
        (message,) = tx.messages.add(Channel.WEBHOOK, NOW, [("127.0.0.1", b"<a/>", "cd" * 32, Form.BARE)])
        (key,) = tx.orders.add([order(source_message=asked, process_instance=process)], NOW + SECOND)
        tx.messages.settle([_accepted(message, asked)])
        tx.messages.note([(message, NOW + SECOND, "map", "understood as OrderRequest of message 8.1.1.5")])
    _at(api, lambda tx: guard_actions.set_hold(tx, CODE, HoldKind.EMERGENCY, None, _by("anna", 2, "fire")))
    _moved(api, key, 3, OrderState.SUBMITTING, "command 1 to the meter is being given")
    _moved(api, key, 4, OrderState.SUBMITTED, "the head-end system accepted the command")
    _at(api, lambda tx: tx.head_end.add([(b"<event/>", _event(), key)], NOW + 5 * SECOND))
    _at(api, lambda tx: tx.orders.note_all([(key, OrderState.SUBMITTED, "head-end says so")], NOW + 5 * SECOND))
    facts = {"outcome": Outcome.DISCONNECTED, "executed_at": NOW + 5 * SECOND, "verified_at": NOW + 6 * SECOND}
    _moved(api, key, 6, OrderState.DONE, "contactor read: disconnected", meter=MeterNumber("M1"), **facts)
    with api.database.transaction() as tx:
        tx.outbox.add(document(key, document=ANSWER, sha256=SHA, created_at=NOW + 7 * SECOND))
    return key


def _accepted(message: int, asked: MessageId) -> SettledMessage:
    accepted = SettledMessage(key=message, state=MessageState.ACCEPTED, receipt=b"<r/>", message_id=asked)
    return replace(accepted, number=MessageNumber("8.1.1.5"), sender=HUB)


def _event() -> HeadEndEvent:
    return HeadEndEvent(
        CorrelationId("c"), MeterNumber("M1"), HeadEndEventKind.DISCONNECTED, "3.31.0.68", NOW + 4 * SECOND
    )


def _by(name: str, seconds: int, why: str) -> OperatorAction:
    return OperatorAction(name, NOW + seconds * SECOND, why)


def _at(api: Api, do: Any) -> None:
    with api.database.transaction() as tx:
        do(tx)


def _moved(api: Api, key: int, seconds: int, state: OrderState, text: str, **facts: object) -> None:
    def move(tx: UnitOfWork) -> None:
        before = tx.orders.get(key)
        after = replace(before, state=state, version=before.version + 1, **facts)  # type: ignore[arg-type]
        tx.orders.move_all([(before, after, text)], NOW + seconds * SECOND)

    _at(api, move)


def test_the_time_line_has_everything_in_order_each_by_what_it_is_about(api: Api, caller: Caller) -> None:
    key = played(api)
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
    key = played(api)
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
    key = played(api)
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
    key = played(api)
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
