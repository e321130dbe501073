"""The list of orders: filters stand in its address, pages go by cursor, nothing moves, and it leaves as a file."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta
from html import unescape

import pytest

from csire_bridge.domain.identifiers import MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.order.order import OrderKind, OrderState, WaitsFor
from csire_bridge.domain.people.roles import Role
from csire_bridge.store import tables
from csire_bridge.store.queries.lists import counted, ways
from tests.support.console import Console, Page
from tests.support.store import CODE, HUB, NOW, add_order

pytestmark = pytest.mark.every_database

OTHER = MeteringPointCode("590310600000000019")


def add(console: Console, **facts: object) -> int:
    return add_order(console.database, **{"process_instance": ProcessInstanceId.new(), **facts}).key


def keys(page: Page) -> list[int]:
    assert page.status == 200, page.text
    return [int(key) for key in re.findall(r'<th scope="row"><a href="/orders/(\d+)\?list=', page.html)]


def link(page: Page, words: str) -> str:
    found = re.search(rf'<a [^>]*href="([^"]+)"[^>]*>{words}', page.html)
    assert found, page.html
    return unescape(found.group(1))


def test_filters_are_an_address_and_the_form_shows_them_again(console: Console) -> None:
    parked = add(console, state=OrderState.PARKED, detail="the meter can't be reached", supplier=HUB)
    other = add(console, metering_point=OTHER, kind=OrderKind.RECONNECT, registered_at=NOW - timedelta(days=40))
    visitor = console.visitor()
    assert keys(visitor.get("/orders")) == [other, parked]
    page = visitor.get("/orders?state=parked&state=field-work&kind=&supplier=10xpl-tso------p")
    assert keys(page) == [parked]
    assert re.search(r'value="parked" checked', page.html)
    assert f'value="{HUB}"' in page.html
    assert keys(visitor.get("/orders", point="5903 1060 0000 0000 19")) == [other]
    assert keys(visitor.get("/orders", until="2026-11-01")) == [other]
    assert keys(visitor.get("/orders", since="2026-11-23", until="2026-11-23")) == [parked]
    assert keys(visitor.get("/orders", reason="CAN'T be")) == [parked]
    assert "No order meets these filters" in visitor.get("/orders", state="armed").text


def test_every_filter_of_the_list_is_understood(console: Console) -> None:
    add(console, state=OrderState.REGISTERED, waits_for=WaitsFor.HOLD)
    filters = {
        "waits_for": "hold",
        "source": "hub",
        "disconnection_kind": "debt",
        "station": "S1",
        "dated_since": "2026-11-23 08:00",
        "dated_until": "2026-11-23",
        "clock": "today",
        "attempts": 1,
        "undelivered": "unreachable",
        "cannot": "other",
        "text": "x",
        "error": "x",
        "message": "40F29226-57d2-43d4-8ed1-b2b2a1e308b9",
        "process": "{40f29226-57d2-43d4-8ed1-b2b2a1e308b9}",
        "sid_number": "S/17",
        "meter": "M1",
    }
    visitor = console.visitor()
    for name, value in filters.items():
        assert visitor.get("/orders", **{name: value}).status == 200, name
    assert visitor.get("/orders", **filters).status == 200
    for kind in OrderKind:
        assert visitor.get("/orders", kind=kind.value).status == 200


def test_pages_lead_through_the_list_and_back_to_its_beginning(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csire_bridge.console.pages.orders.routes._ROWS", 2)
    made = [add(console) for _ in range(5)]
    visitor = console.visitor()
    page, seen = visitor.get("/orders?kind=disconnect&since=2026-11-01"), []
    while True:
        seen += keys(page)
        add(console)  # what comes meanwhile moves no page
        if "Next page" not in page.text:
            break
        page = visitor.get(link(page, "Next page"))
        assert "kind=disconnect" in page.html
    assert seen == made[::-1]
    assert keys(visitor.get(link(page, "To the beginning")))[0] > made[-1]


def test_what_has_come_since_is_told_with_its_number_and_leads_to_it(console: Console) -> None:
    add(console)
    visitor = console.visitor()
    page = visitor.get("/orders?kind=disconnect")
    news = unescape(page.html.partition('data-from="')[2].partition('"')[0])
    assert "Nothing newer" in visitor.part(news, "news").text
    new = [add(console) for _ in range(12)]
    add(console, kind=OrderKind.RECONNECT)
    told = visitor.part(news, "news")
    assert "12 newer: show" in told.text
    assert keys(visitor.get(link(told, "12 newer")))[0] == new[-1]


def test_an_empty_list_hears_of_its_first_order(console: Console) -> None:
    visitor = console.visitor()
    page = visitor.get("/orders?state=parked")
    news = unescape(page.html.partition('data-from="')[2].partition('"')[0])
    add(console, state=OrderState.PARKED)
    assert "1 newer: show" in visitor.part(news, "news").text


def test_where_few_of_many_meet_the_filters_the_page_says_how_far_it_looked(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (ways, counted):
        monkeypatch.setattr(module, "LOOK", 50)
    old = add(console, detail="needle")
    for _ in range(120):
        add(console)
    visitor = console.visitor()
    page = visitor.get("/orders?reason=needle")
    assert keys(page) == []
    assert "at least 0" in page.text
    for _ in range(3):
        assert "looked back to those registered about 23.11.2026" in page.text
        page = visitor.get(link(page, "Look further back"))
        if keys(page):
            break
    assert keys(page) == [old]


def test_a_wrong_filter_is_named_with_what_would_be_right(console: Console) -> None:
    visitor = console.visitor()
    page = visitor.get("/orders", point="590243856287817707")
    assert page.status == 422
    assert "right would be 6" in page.text
    assert "such as 2026-11-23" in visitor.get("/orders", since="yesterday").text


def test_columns_are_chosen_in_the_address(console: Console) -> None:
    add(console, attempts=3)
    page = console.visitor().get("/orders?column=attempts&column=source")
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', page.html)
    assert heads == ["Order", "Commands", "Source"]


def test_the_list_leaves_as_a_file_with_who_when_and_which_filter(console: Console) -> None:
    for number in range(3):
        add(console, detail=f"=HYPERLINK({number})", state=OrderState.PARKED)
    add(console)
    visitor = console.visitor(name="anna")
    csv = visitor.get("/orders/export?file=csv&state=parked").response
    text = csv.content.decode("utf-8-sig")
    assert text.count(str(CODE)) == 3
    assert "'=HYPERLINK(0)" in text
    assert "made by;anna" in text
    assert "filters;state=parked" in text
    book = visitor.get("/orders/export?file=xlsx&state=parked").response.content
    with zipfile.ZipFile(io.BytesIO(book)) as sheets:
        assert "<f>" not in sheets.read("xl/worksheets/sheet1.xml").decode()
        assert "anna" in sheets.read("xl/sharedStrings.xml").decode()
    with console.database.read_transaction() as tx:
        entries = tx.connection.execute(tables.audit_entries.select()).all()
    assert [one.subject for one in entries if one.act == "list.export"] == ["orders: state=parked"] * 2


def test_whoever_reads_no_personal_data_sees_none_and_may_not_ask_for_them(console: Console) -> None:
    add(console, detail="Mrs Nowak is ill", state=OrderState.PARKED)
    viewer = console.visitor(Role.VIEWER)
    page = viewer.get("/orders?column=point&column=reason")
    assert "Nowak" not in page.html
    assert str(CODE) not in page.html
    assert "…7706" in page.text
    for query in ("point=590243856287817706", "text=ill", "meter=M1"):
        assert viewer.get(f"/orders?{query}").status == 403
    assert viewer.get("/orders/export").status == 403
    assert "/orders/export" not in page.html


def test_the_list_is_read_in_polish(console: Console) -> None:
    add(console, state=OrderState.PARKED)
    page = console.visitor(language="pl").get("/orders")
    assert "Zlecenia" in page.text
    assert "decyzję" in page.text
