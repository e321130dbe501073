"""Whatever is written into any field of any page or form, there is an answer: never a fault of our own, never a tag."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from csire_bridge.domain.identifiers import ProcessInstanceId
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.people.roles import Role
from csire_bridge.store.database import Database, make_current
from tests.support.console import OWN, Console, Visitor
from tests.support.store import CODE, add_order
from tests.support.story import played

TAG = "<script>alert(1)</script>"
ODD = {
    "signs": f"a\x00b \u202eabc\u2066 \U0001f600 %_'\";--\\ {TAG} %(x)s {{y}}",
    "long": "\u017c" * 3000,
    "digits": "9" * 400,
    "early": "0001-01-01",
    "late": "9999-12-31T23:59",
    "wide digits": "\uff11\uff12",
}
USUAL = {
    "why": "x",
    "count": 1,
    "kind": "retry",
    "item": "2",
    "name": "zed",
    "role": "viewer",
    "scope": "disconnections",
    "hours": 1,
    "title": "w",
    "text": "a note",
    "query": "state=parked",
    "keys": "2",
}
PLACES = {"name": "adam", "eic": "10XPL-TSO------P", "code": str(CODE), "kind": "message"}
_PLACE = re.compile(r"\{(\w+)[^}]*\}")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    make_current(address := f"sqlite:///{tmp_path_factory.mktemp('odd') / 'bridge.db'}")
    with closing(Database(address)) as database:
        played(database)
        add_order(database, state=OrderState.PARKED, process_instance=ProcessInstanceId.new())
        made = Console(database)
        chief = made.visitor(Role.SUPERVISOR, "sylwia")
        chief.send("/cap/ask", {"count": 5, "why": "x"}, "/cap")
        chief.send("/rules/drafts", {"title": "w", "based_on": ""}, "/rules")
        chief.send("/jobs/plan", {"kind": "retry", "why": "x", "item": ["2"]}, "/stop")
        yield made


def names_of(dependant: Dependant, kind: str) -> Iterator[str]:
    """The names of the fields that a route reads from its address, or from its form."""
    for field in getattr(dependant, kind):
        yield from getattr(field.field_info.annotation, "model_fields", None) or [field.alias]
    for below in dependant.dependencies:
        yield from names_of(below, kind)


def faults_of(console: Console, route: APIRoute, what: str) -> list[str]:
    """The fields of a route in which that text leads to a fault, or comes back as it is."""
    visitor = console.visitor(Role.ADMINISTRATOR, "adam")
    address = _PLACE.sub(lambda found: PLACES.get(found[1], "1"), route.path)
    asked, sent = set(names_of(route.dependant, "query_params")), set(names_of(route.dependant, "body_params"))
    wrong = []
    for name in sorted(asked | (sent - {"csrf"})):
        wrong += [name] if is_fault(visitor, route, address, name, what, in_form=name in sent) else []
    for place in _PLACE.finditer(route.path):
        before, after = (_PLACE.sub("1", part) for part in (route.path[: place.start()], route.path[place.end() :]))
        odd = before + quote(what[:900], safe="") + after
        wrong += [place[1]] if is_fault(visitor, route, odd, None, what, in_form=False) else []
    return wrong


def is_fault(visitor: Visitor, route: APIRoute, address: str, name: str | None, what: str, *, in_form: bool) -> bool:
    query = {name: what} if name and not in_form else None
    if "GET" in (route.methods or ()):
        answer = visitor.client.get(address, params=query)
    else:
        token = visitor.get("/stop").html.partition('name="csrf" value="')[2].partition('"')[0]
        fields = {**USUAL, "csrf": token, **({name: what} if name and in_form else {})}
        headers = {"Origin": OWN, "Sec-Fetch-Site": "same-origin"}
        answer = visitor.client.post(address, params=query, data=fields, headers=headers)
    is_page = answer.headers.get("content-type", "").startswith("text/html")
    return answer.status_code >= 500 or (is_page and TAG in answer.text)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ODD)
def test_odd_input_is_answered_without_a_fault_of_our_own(console: Console, kind: str) -> None:
    wrong = {
        f"{sorted(route.methods or ())} {route.path}": found
        for route in console.routes()
        if route.path != "/logout" and (found := faults_of(console, route, ODD[kind]))
    }
    assert wrong == {}
