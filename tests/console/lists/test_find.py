"""The one box takes anything pasted and leads straight to the one hit; a pasted list says what each key means."""

from __future__ import annotations

import re

import pytest

from csire_bridge.domain.identifiers import MeterNumber, ProcessInstanceId
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.people.roles import Role
from tests.support.console import Console
from tests.support.store import CODE, HUB, NOW, add_order

pytestmark = pytest.mark.every_database


def add(console: Console, **facts: object) -> int:
    return add_order(console.database, **{"process_instance": ProcessInstanceId.new(), **facts}).key


def test_the_box_leads_straight_to_the_one_hit(console: Console) -> None:
    process = ProcessInstanceId.new()
    key = add(console, process_instance=process, supplier=HUB, state=OrderState.DONE)
    with console.database.transaction() as tx:
        tx.points.put(MeteringPoint(code=CODE, updated_at=NOW, meter=MeterNumber("LG-77")))
    visitor = console.visitor()
    for text, address in (
        (str(key), f"/orders/{key}"),
        (f"{{{process}}}", f"/orders/{key}"),
        ("5902 4385–6287 817706", f"/points/{CODE}"),
        ("lg-77", f"/points/{CODE}"),
        (str(HUB).lower(), f"/orders?supplier={HUB}"),
    ):
        found = visitor.get("/find", q=text)
        assert (found.status, found.leads_to) == (303, address), text


def test_several_hits_are_shown_each_with_its_kind(console: Console) -> None:
    key = add(console)
    add(console, meter=MeterNumber(str(key)), state=OrderState.DONE)
    page = console.visitor().get("/find", q=str(key))
    assert page.status == 200
    assert {f"/orders/{key}", f"/orders/{key + 1}"} <= set(page.links)
    assert "the number of a meter" in page.text


def test_a_wrong_check_digit_and_an_unknown_key_are_told_apart(console: Console) -> None:
    visitor = console.visitor()
    wrong = visitor.get("/find", q="590243856287817707")
    assert "18 digits, wrong check digit: it ends with 7, right would be 6: 590243856287817706" in wrong.text
    unknown = visitor.get("/find", q="590243856287817706")
    assert "Nothing is known by this key" in unknown.text
    assert "the code of a metering point: 590243856287817706" in unknown.text
    polish = console.visitor(language="pl").get("/find", q="590243856287817707")
    assert "błędna cyfra kontrolna" in polish.text


def test_whoever_reads_no_personal_data_is_told_what_was_not_looked_up(console: Console) -> None:
    add(console)
    page = console.visitor(Role.VIEWER).get("/find", q=str(CODE))
    assert page.status == 200
    assert "needs the right to read personal data" in page.text
    assert str(CODE) not in page.text.replace(f"Found {CODE}", "")


def test_several_keys_in_the_box_are_a_list(console: Console) -> None:
    visitor = console.visitor()
    found = visitor.get("/find", q=f"{CODE}, 590310600000000019")
    assert found.leads_to == f"/orders/keys?keys={CODE}%20590310600000000019"
    assert visitor.get(found.leads_to).status == 200


def test_a_pasted_list_is_found_unknown_ambiguous_or_wrong(console: Console) -> None:
    first, second = add(console), add(console)
    done = add(console, state=OrderState.DONE)
    text = f"{done}\n{CODE}; 99999\n590243856287817701"
    visitor = console.visitor()
    page = visitor.send("/orders/keys", {"keys": text}, page="/orders/keys")
    assert "found: 1 ambiguous: 1 unknown: 1 wrong: 1" in page.text
    assert {f"/orders/{key}" for key in (first, second, done)} <= set(page.links)
    assert "right would be 6" in page.text
    sheet = visitor.send("/orders/keys", {"keys": text, "file": "csv"}, page="/orders/keys").response
    lines = sheet.content.decode("utf-8-sig").splitlines()
    assert re.match(rf"{done};found;{done};", lines[1])
    assert lines[2] == f"{CODE};ambiguous;;;;;{first}, {second}"


def test_more_keys_than_a_list_may_have_are_refused_in_words(console: Console) -> None:
    text = "\n".join(map(str, range(1, 1002)))
    page = console.visitor().send("/orders/keys", {"keys": text}, page="/orders/keys")
    assert page.status == 409
    assert "at most 1000 are taken" in page.text
    assert console.visitor(Role.VIEWER).get("/orders/keys").status == 403
