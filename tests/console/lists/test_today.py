"""The first page: every number on it is the number of rows behind its link."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import insert, update

from csire_bridge.domain.identifiers import MessageId, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.order.order import FINAL_STATES, NotDelivered, OrderState, WaitsFor
from csire_bridge.domain.people.roles import Role
from csire_bridge.domain.work import WorkStep
from csire_bridge.store import tables
from tests.support.console import Console, Page
from tests.support.store import CODE, NOW, document, order

pytestmark = pytest.mark.every_database

HOUR = timedelta(hours=1)
AT_STATION = MeteringPointCode("590310600000000019")


@pytest.fixture
def filled(console: Console) -> Console:
    dice = random.Random(11)  # noqa: S311 - the same orders each time
    with console.database.transaction() as tx:
        there = {"code": str(AT_STATION), "updated_at": NOW, "station": "S-1"}
        tx.connection.execute(insert(tables.metering_points).values(there))
        keys = tx.orders.add([order(**_facts(dice)) for _ in range(120)], NOW)
        tx.work.add(WorkStep.EXECUTE, keys[:40], [NOW + HOUR] * 40, priority=[0] * 40)
        tx.connection.execute(update(tables.work).where(tables.work.c.subject.in_(keys[:9])).values(attempts=6))
        for number, state in enumerate(DocumentState):
            for key in keys[: 3 + len(state)]:
                tx.outbox.add(document(key, state=state, message_id=MessageId.new(), number=f"8.{number}"))
        refused = {"channel": "webhook", "origin": "hub", "received_at": NOW, "sha256": "a" * 64, "raw": b""}
        tx.connection.execute(insert(tables.messages).values(**refused, state="refused", again_at=NOW))
    return console


def _facts(dice: random.Random) -> dict[str, object]:
    state = dice.choice(list(OrderState))
    registered = NOW - dice.randrange(30) * HOUR
    is_open = state not in FINAL_STATES
    person = state in (OrderState.PARKED, OrderState.FIELD_WORK)
    return {
        "process_instance": ProcessInstanceId.new(),
        "state": state,
        "registered_at": registered,
        "metering_point": dice.choice([CODE, AT_STATION]),
        "executed_at": NOW - dice.randrange(30) * HOUR if state is OrderState.DONE else None,
        "waits_for": dice.choice(list(WaitsFor)) if state is OrderState.REGISTERED else None,
        "undelivered_why": dice.choice(list(NotDelivered)) if person else None,
        "half_time": registered + 10 * HOUR if is_open else None,
        "four_fifths": registered + 16 * HOUR if is_open else None,
        "deadline": registered + 20 * HOUR if is_open else None,
    }


def counts(page: Page) -> list[tuple[str, str, int]]:
    """Of each count its name, its address, its number."""
    found = re.findall(r'<a href="([^"]+)" data-tally="([^"]+)">(?:<span class="big">)?([^<]+)<', page.html)
    return [(name, unescape(address), int(number.replace("\u202f", ""))) for address, name, number in found]


def rows_behind(console: Console, address: str) -> int:
    """The rows of a list, page by page."""
    visitor, rows = console.visitor(), 0
    while True:
        page = visitor.get(address)
        assert page.status == 200, page.text
        rows += len(re.findall(r'<th scope="row"><a href="/(?:orders|messages)/', page.html))
        older = re.search(r'<a href="([^"]+)" rel="next"', page.html)
        if older is None:
            return rows
        address = unescape(older.group(1))


def test_every_number_is_the_number_of_rows_behind_its_link(filled: Console) -> None:
    told = counts(filled.visitor().get("/"))
    names = {name for name, _, number in told if number}
    expected = {"parked", "field-work", "unknown", "failing", "contested", "answers-parked", "unconfirmed", "past"}
    assert expected | {"today", "came", "done", "held", "cause"} <= names
    for name, address, number in told:
        if address.startswith("/orders"):
            assert rows_behind(filled, address) == number, (name, address)


def test_orders_of_a_day_are_told_by_the_hour(filled: Console) -> None:
    told = [number for name, _, number in counts(filled.visitor().get("/")) if name in ("came", "done")]
    assert len(told) == 48
    page = filled.visitor().get("/")
    assert "Orders by the hour" in page.text
    assert "<svg" in page.html


def test_failures_at_one_station_lead_to_just_those(filled: Console) -> None:
    page = filled.visitor().get("/")
    causes = [address for name, address, _ in counts(page) if name == "cause"]
    assert causes
    assert all("station=S-1" in address for address in causes)


def test_an_empty_bridge_says_that_nothing_waits(console: Console) -> None:
    page = console.visitor(Role.VIEWER).get("/")
    assert page.status == 200
    for words in ("No alert waits for anybody.", "Nothing is held back.", "No order is open."):
        assert words in page.text
    assert {number for _, _, number in counts(page)} == {0}


@pytest.mark.parametrize("part", ["needs", "work"])
def test_its_parts_bring_themselves_up_to_date(filled: Console, part: str) -> None:
    visitor = filled.visitor()
    block = visitor.part("/", part)
    assert block.status == 200
    assert "<html" not in block.html
    assert visitor.part("/", part, block.response.headers["etag"]).status == 304


def test_the_page_is_small_enough_for_one_request(filled: Console) -> None:
    assert len(filled.visitor(language="pl").get("/").html.encode()) < 60 * 1024
