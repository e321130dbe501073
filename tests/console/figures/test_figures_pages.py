"""Statistics as pages and files: a period beside another, the published years, the same numbers everywhere."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pypdf import PdfReader

from csire_bridge.console.pages.figures.query import FigureQuery
from csire_bridge.domain.identifiers import Eic, MessageId, MeterNumber
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import NotDelivered, OrderKind, OrderState, RejectionReason
from csire_bridge.domain.people.roles import Role
from tests.support.console import Console
from tests.support.rules import SUPPLIER
from tests.support.store import CODE, MINUTE, NOW, add_order


def ended(console: Console, minutes: int | None, *, days_ago: int = 0, **changes: Any) -> None:
    at = NOW - timedelta(days=days_ago)
    facts: dict[str, Any] = {"source_message": MessageId.new(), "process_instance": None, "registered_at": at}
    new = add_order(console.database, **facts, first_given_at=at, attempts=1, **changes)
    parked = replace(new, state=OrderState.PARKED, version=2)
    if minutes is None:
        last = replace(parked, state=OrderState.REJECTED, version=3, cannot_reason=RejectionReason.NOT_POSSIBLE)
        last = replace(last, undelivered_at=at, undelivered_why=NotDelivered.TIMED_OUT)
    else:
        moments: Any = {"executed_at": at + minutes * MINUTE, "delivered_at": at + minutes * MINUTE}
        last = replace(parked, state=OrderState.DONE, version=3, **moments)
    with console.database.transaction() as tx:
        tx.orders.move_all([(new, parked, "parked")], at)
        tx.orders.move_all([(parked, last, "ended")], at)


@pytest.mark.every_database
def test_a_period_stands_beside_the_one_before_and_the_published_years(console: Console) -> None:
    ended(console, 10, supplier=SUPPLIER)
    ended(console, 300, kind=OrderKind.RECONNECT)
    ended(console, None)
    ended(console, 20, days_ago=31)
    page = console.visitor(Role.VIEWER).get("/figures")
    assert page.status == 200
    assert "2026-11 2026-10 Orders registered 3 1 Done 2 1" in page.text
    assert "by hand, 11.2023-08.2024" in page.text
    assert "automated, 08.2024-04.2025" in page.text
    assert "up to 15 min: 100 %, 0 %, 12 %, 65 %" in page.text
    assert "timed out 1 33.3 %" in page.text
    assert str(SUPPLIER) in page.text


def test_the_filters_stand_in_the_address_and_in_the_form(console: Console) -> None:
    ended(console, 10, supplier=SUPPLIER)
    ended(console, 10)
    visitor = console.visitor()
    asked = {"from": "2026-11-23", "to": "2026-11-23", "kind": "disconnect", "supplier": str(SUPPLIER)}
    page = visitor.get("/figures", **asked, beside="nothing")
    assert "Orders registered 1 Done 1" in page.text
    assert 'value="2026-11-23"' in page.html
    assert f"<option selected>{SUPPLIER}</option>" in page.html
    (pdf,) = [link for link in page.links if link.startswith("/figures.pdf")]
    assert "kind=disconnect" in pdf
    assert "Orders registered 1" in visitor.get("/figures", supplier="-", beside="nothing").text
    assert "Orders registered 0" in visitor.get("/figures", **{"from": "2020-01-01", "to": "2020-01-31"}).text


def test_a_page_of_a_full_month_with_many_suppliers_is_small_enough_for_one_request(console: Console) -> None:
    names = [f"19XSUPPLIER{number:04d}" for number in range(40)]
    for number, name in enumerate(names):
        supplier = Eic.parse(name + Eic.check_character(name))
        ended(console, 5 + 7 * number, days_ago=number % 23, supplier=supplier, kind=list(OrderKind)[number % 2])
    visitor = console.visitor(language="pl")
    page = visitor.get("/figures")
    assert len(page.html.encode()) < 60_000
    assert page.html.count('<th scope="row">19XSUPPLIER') == 15
    assert "Jeszcze 25 jest w pliku." in page.text
    assert visitor.get("/figures/suppliers.csv").html.count("19XSUPPLIER") == 40


@pytest.mark.parametrize("wrong", ["from=2026-11-31", "kind=x", "supplier=abc", "from=2026-11-30&to=2026-11-01"])
def test_an_address_that_cannot_be_read_is_told_and_this_month_is_shown(console: Console, wrong: str) -> None:
    page = console.visitor().get(f"/figures?{wrong}")
    assert page.status == 200
    assert "this month is shown" in page.text
    assert "Statistics: 2026-11" in page.text


def test_the_same_figures_are_files(console: Console) -> None:
    ended(console, 10, supplier=SUPPLIER)
    visitor = console.visitor(language="pl")
    lines = visitor.get("/figures/suppliers.csv").response.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Sprzedawca;")
    assert lines[1].startswith(f"{SUPPLIER};1;1.0;0.0;")
    book = zipfile.ZipFile(io.BytesIO(visitor.get("/figures.xlsx").response.content))
    names = book.read("xl/workbook.xml").decode()
    assert all(f'name="{name}"' in names for name in ("kinds", "clocks", "hours", "about"))
    assert "a-administrator" in book.read("xl/sharedStrings.xml").decode()
    paper = PdfReader(io.BytesIO(visitor.get("/figures.pdf").response.content))
    text = " ".join(page.extract_text() for page in paper.pages)
    assert "Zarejestrowane zlecenia" in text
    assert "ręcznie, 11.2023-08.2024" in text
    assert "Terminowość" in text
    assert visitor.get("/figures/secrets.csv").status == 404


def test_stations_below_the_share_are_listed_and_all_of_them_where_wanted(console: Console) -> None:
    with console.database.transaction() as tx:
        tx.points.put(MeteringPoint(code=CODE, updated_at=NOW, meter=MeterNumber("M1"), station="GPZ-7"))
    ended(console, 10)
    visitor = console.visitor()
    page = visitor.get("/figures/stations", month="2026-11")
    assert "No group of meters is below the share" in page.text
    assert "GPZ-7" in visitor.get("/figures/stations", month="2026-11", all_groups="true").text
    ended(console, 600)
    assert "GPZ-7" in visitor.get("/figures/stations").text
    assert "No rule of the law" in visitor.get("/figures/stations", month="2020-01").text
    assert visitor.get("/figures/stations", month="x").status == 404


def test_an_address_made_of_a_question_asks_the_same_question() -> None:
    asked = FigureQuery.of({"from": "2026-01-05", "to": "2026-02-07", "source": "sid", "supplier": "-"}, NOW)
    parts = dict(part.split("=") for part in asked.address().split("&"))
    assert FigureQuery.of(parts, NOW) == asked
    assert FigureQuery.of({"to": "2026-10-15"}, NOW).period.first.isoformat() == "2026-10-01"
