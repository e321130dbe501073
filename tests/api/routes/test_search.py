"""Anything pasted leads to what it means, by every key that people have; nobody is told what he may not know."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from csire_bridge.domain.identifiers import CorrelationId, MessageId, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.message import Channel, Form
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.people.roles import Role
from csire_bridge.store import tables
from tests.support.api import Api, Caller
from tests.support.store import CODE, HUB, NOW, add_order, document

pytestmark = pytest.mark.every_database


def hits(caller: Caller, text: object) -> list[tuple[str, str]]:
    found = caller.get("/search", q=str(text))
    assert found.status_code == 200, found.text
    return [(hit["kind"], hit["key"]) for hit in found.json()["hits"]]


def add(api: Api, **facts: object) -> int:
    return add_order(api.database, **{"process_instance": ProcessInstanceId.new(), **facts}).key


def test_an_order_is_found_by_every_key_that_it_has(api: Api, caller: Caller) -> None:
    other = add(api)
    message, process, command = MessageId.new(), ProcessInstanceId.new(), CorrelationId.new()
    key = add(
        api,
        state=OrderState.SUBMITTED,
        source_message=message,
        process_instance=process,
        correlation_id=command,
        meter=MeterNumber("LG-77"),
        supplier=HUB,
    )
    with api.database.transaction() as tx:
        answer = document(key)
        tx.outbox.add(answer)
        (received,) = tx.messages.add(Channel.SID, NOW, [("sid", b"<o/>", "a" * 64, Form.BARE)])
        row = {"number": "SID/17", "order": key, "message": received, "content": "", "registered_at": NOW}
        tx.connection.execute(insert(tables.sid_orders).values(**row, taken_at=NOW))
    assert hits(caller, key) == [("order", str(key))] != [("order", str(other))]
    for text in (message, str(process).upper(), f"{{{command}}}", answer.message_id, "SID/17", "lg-77".upper()):
        assert hits(caller, text) == [("order", str(key))], text
    assert hits(caller, f" {str(HUB).lower()} ") == [("supplier", str(HUB))]
    assert hits(caller, CODE) == [("point", str(CODE))]


def test_a_meter_leads_to_its_point_however_it_is_spelled(api: Api, caller: Caller) -> None:
    with api.database.transaction() as tx:
        tx.points.put(MeteringPoint(code=CODE, updated_at=NOW, meter=MeterNumber("Lg-1234")))
    assert hits(caller, "LG-1234") == [("point", str(CODE))] == hits(caller, "licznik: lg-1234")


def test_what_means_several_things_leads_to_all_of_them(api: Api, caller: Caller) -> None:
    key = add(api)
    add(api, meter=MeterNumber(str(key)), state=OrderState.DONE)
    assert hits(caller, key) == [("order", str(key)), ("order", str(key + 1))]


def test_a_refused_message_is_found_by_the_id_that_it_claims(api: Api, caller: Caller) -> None:
    claimed = MessageId.new()
    row = {"channel": "webhook", "origin": "hub", "received_at": NOW, "sha256": "a" * 64, "raw": b"<m/>"}
    with api.database.transaction() as tx:
        refused = {**row, "state": "refused", "claimed_id": str(claimed), "code": "trust.unsigned"}
        tx.connection.execute(insert(tables.messages).values(refused))
    assert hits(caller, claimed) == [("message", "1")]


def test_a_wrong_check_digit_is_told_and_an_unknown_point_finds_nothing(caller: Caller) -> None:
    wrong = caller.get("/search", q="590243856287817707").json()
    assert wrong["hits"] == []
    assert wrong["wrong"].endswith("right would be 6: 590243856287817706")
    unknown = caller.get("/search", q="5902 4385 6287 817706").json()
    assert (unknown["hits"], unknown["wrong"]) == ([], None)
    assert unknown["meanings"] == [{"kind": "point", "key": "590243856287817706"}]


def test_whoever_reads_no_personal_data_learns_nothing_by_points_meters_and_numbers(api: Api) -> None:
    key = add(api, meter=MeterNumber("LG-77"), state=OrderState.DONE)
    viewer = Caller(api, api.token(Role.VIEWER))
    assert hits(viewer, CODE) == [] == hits(viewer, "LG-77")
    assert hits(viewer, key) == [("order", str(key))]
    assert str(CODE) not in viewer.get("/search", q=str(key)).text


@pytest.mark.parametrize("text", ["", "x" * 201])
def test_no_text_and_a_very_long_one_are_refused(caller: Caller, text: str) -> None:
    assert caller.get("/search", q=text).status_code == 422


def test_reading_is_noted(api: Api, caller: Caller) -> None:
    add(api)
    hits(caller, CODE)
    with api.database.read_transaction() as tx:
        entries = tx.connection.execute(tables.audit_entries.select()).all()
    assert [entry.subject for entry in entries if entry.subject.startswith("search")] == [f"search: {CODE}"]
