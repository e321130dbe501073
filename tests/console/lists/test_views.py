"""Saved views: filters under a name, own or shared, in the menu with a count that is marked from a threshold on."""

from __future__ import annotations

import re

import pytest

from csire_bridge.console.pages.views.counted import filters_of
from csire_bridge.console.pages.views.shipped import SHIPPED
from csire_bridge.domain.identifiers import ProcessInstanceId
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.people.roles import Role
from csire_bridge.store import tables
from tests.support.console import Console, Page
from tests.support.store import CODE, add_order


def add(console: Console, **facts: object) -> int:
    return add_order(console.database, **{"process_instance": ProcessInstanceId.new(), **facts}).key


def menu(page: Page) -> dict[str, tuple[str, bool]]:
    """Of each view in the menu its count, and whether it is marked."""
    shown = re.findall(r'<a href="[^"]+">([^<]+) <span class="count( loud)?">([^<]+)<', page.html)
    return {name: (count, bool(loud)) for name, loud, count in shown}


@pytest.mark.every_database
@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_views_from_the_beginning_and_each_is_a_list(console: Console, role: Role) -> None:
    visitor = console.visitor(role)
    told = menu(visitor.get("/orders"))
    assert list(told) == [view.name for view in SHIPPED[role]]
    for view in SHIPPED[role]:
        assert filters_of(view.query).model_dump(exclude_defaults=True)
        assert visitor.get(f"/orders?{view.query}").status == 200


def test_a_view_is_saved_from_a_list_and_stands_in_the_menu_with_its_count(console: Console) -> None:
    for _ in range(3):
        add(console, state=OrderState.REJECTED)
    visitor = console.visitor(Role.OPERATOR, "olga")
    fields = {"name": "not possible", "query": "state=cannot&after=7", "in_menu": "true", "threshold": "3"}
    saved = visitor.send("/views", fields, page="/orders?state=cannot")
    assert (saved.status, saved.leads_to) == (303, "/orders?state=cannot")
    page = visitor.get(saved.leads_to)
    assert "the view not possible is saved" in page.text
    assert menu(page)["not possible"] == ("3", True)
    assert "not possible" not in menu(console.visitor(Role.OPERATOR, "ola").get("/orders"))
    again = visitor.send("/views", fields, page="/orders")
    assert (again.status, "you have a view not possible already" in again.text) == (409, True)


def test_below_its_threshold_a_view_is_not_marked(console: Console) -> None:
    add(console, state=OrderState.PARKED)
    visitor = console.visitor()
    visitor.send("/views", {"name": "p", "query": "state=parked", "in_menu": "true", "threshold": "2"}, page="/orders")
    assert menu(visitor.get("/views"))["p"] == ("1", False)


def test_a_view_is_shared_with_all_or_a_role_by_whoever_acts_on_orders(console: Console) -> None:
    olga, viewer = console.visitor(Role.OPERATOR, "olga"), console.visitor(Role.VIEWER, "wanda")
    supervisor = console.visitor(Role.SUPERVISOR, "sylwia")
    olga.send("/views", {"name": "for all", "query": "kind=reconnect", "shared_with": "all"}, page="/orders")
    olga.send("/views", {"name": "for chiefs", "query": "kind=disconnect", "shared_with": "supervisor"}, page="/orders")
    assert "for all" in viewer.get("/views").text
    assert "for chiefs" not in viewer.get("/views").text
    assert "for chiefs" in supervisor.get("/views").text
    refused = viewer.send("/views", {"name": "mine", "query": "", "shared_with": "all"}, page="/orders")
    assert refused.status == 403
    assert viewer.send("/views", {"name": "mine", "query": "state=done"}, page="/orders").status == 303


def test_a_view_is_removed_by_its_owner_or_an_administrator_and_both_stand_in_the_audit(console: Console) -> None:
    olga = console.visitor(Role.OPERATOR, "olga")
    olga.send("/views", {"name": "x", "query": "state=done", "shared_with": "all"}, page="/orders")
    assert console.visitor(Role.OPERATOR, "ola").send("/views/1/remove", {}, page="/orders").status == 403
    assert console.visitor(Role.ADMINISTRATOR, "adam").send("/views/1/remove", {}, page="/orders").status == 303
    assert "You have saved no view yet" in olga.get("/views").text
    with console.database.read_transaction() as tx:
        acts = [one.act for one in tx.connection.execute(tables.audit_entries.select())]
    assert [act for act in acts if act.startswith("view.")] == ["view.share", "view.remove"]


def test_a_shared_view_tells_nobody_what_he_may_not_know(console: Console) -> None:
    add(console)
    fields = {"name": "one point", "query": f"point={CODE}", "shared_with": "all", "in_menu": "true"}
    console.visitor(Role.OPERATOR, "olga").send("/views", fields, page="/orders")
    assert "one point" not in menu(console.visitor(Role.VIEWER, "wanda").get("/orders"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "needs a name"),
        ({"name": "x" * 61}, "1 to 60 characters"),
        ({"name": "x", "query": "state=gone"}, "no filters of a list"),
        ({"name": "x", "threshold": "many"}, "a number above 0"),
        ({"name": "x", "shared_with": "me"}, "with a role"),
    ],
)
def test_what_can_be_no_view_is_refused_in_words(console: Console, fields: dict[str, str], words: str) -> None:
    page = console.visitor().send("/views", fields, page="/orders")
    assert page.status == 409
    assert words in page.text
