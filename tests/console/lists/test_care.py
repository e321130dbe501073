"""Who takes care of an order: taken, given, left; found by a filter, told in the list, the story and the shift book."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from csire_bridge.domain.identifiers import ProcessInstanceId
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.people.roles import Role
from tests.support.console import Console, Visitor
from tests.support.store import add_order


def parked(console: Console) -> str:
    made = add_order(console.database, state=OrderState.PARKED, process_instance=ProcessInstanceId.new())
    return str(made.key)


def gives(visitor: Visitor, person: str, *keys: str, back: str = "") -> str:
    sent = visitor.send("/orders/care", {"item": keys, "person": person, "back": back}, "/stop")
    assert sent.status == 303, sent.text
    return sent.leads_to


def rows(visitor: Visitor, whose: str) -> set[str]:
    found = re.findall(r'href="/orders/([0-9]+)[?]list=', visitor.get(f"/orders?care={whose}&state=parked").html)
    return set(found)


@pytest.mark.every_database
def test_a_clerk_takes_orders_of_a_list_and_finds_them_again(console: Console) -> None:
    olga, oskar = console.visitor(Role.OPERATOR, "olga"), console.visitor(Role.OPERATOR, "oskar")
    first, second, third = (parked(console) for _ in range(3))
    assert gives(olga, "olga", first, second, back="/orders?state=parked") == "/orders?state=parked"
    assert (rows(olga, "mine"), rows(oskar, "mine")) == ({first, second}, set())
    assert (rows(oskar, "somebodys"), rows(oskar, "nobodys")) == ({first, second}, {third})
    assert "olga" in oskar.get("/orders?state=parked").text
    assert 'In my care <span class="count">2</span>' in " ".join(olga.get("/").html.split())


def test_it_is_given_to_a_colleague_and_left_and_the_story_and_the_shift_book_tell(console: Console) -> None:
    olga, oskar = console.visitor(Role.OPERATOR, "olga"), console.visitor(Role.OPERATOR, "oskar")
    key = parked(console)
    gives(olga, "oskar", key)
    page = oskar.get(f"/orders/{key}")
    assert "given by olga" in page.text
    assert "oskar takes care of it" in page.text
    assert "Open orders that somebody takes care of" in olga.get("/shift").text
    console.api.now += timedelta(minutes=1)
    assert gives(oskar, "", key) == f"/orders/{key}"
    assert "nobody takes care of it" in olga.get(f"/orders/{key}").text
    assert rows(oskar, "somebodys") == set()


def test_whoever_may_not_act_on_orders_neither_takes_nor_is_given_one(console: Console) -> None:
    key = parked(console)
    wanda = console.visitor(Role.VIEWER, "wanda")
    assert wanda.send("/orders/care", {"item": key, "person": "wanda"}, f"/orders/{key}").status == 403
    assert "I take care of it" not in wanda.get(f"/orders/{key}").text
    olga = console.visitor(Role.OPERATOR, "olga")
    for person in ("wanda", "nobody-of-that-name"):
        assert olga.send("/orders/care", {"item": key, "person": person}, "/stop").status == 409
    assert olga.send("/orders/care", {"person": "olga"}, "/stop").status == 409
    assert olga.send("/orders/care", {"item": "999999", "person": "olga"}, "/stop").status == 409


def test_the_way_back_leads_to_no_other_host(console: Console) -> None:
    olga, key = console.visitor(Role.OPERATOR, "olga"), parked(console)
    assert gives(olga, "olga", key, back="//evil.example/") == f"/orders/{key}"
