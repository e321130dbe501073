"""``orders list`` finds by every key that a person has in hand, and says what an order waits for and until when."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from csire_bridge.cli.shared.moments import short
from csire_bridge.domain.identifiers import Eic, MessageId, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.order.order import OrderState, WaitsFor
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import Database
from tests.support.operating import Place

OTHER = MeteringPointCode.parse("590015710563817868")
SUPPLIER = Eic.parse("19XPL-RZE-SA---V")
MESSAGE = MessageId.parse("825970f3-22cb-489c-ad3d-3d89cbba8f04")
PROCESS = ProcessInstanceId.parse("41f2c10a-0f60-4914-8283-b2a694fa7727")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--message", MESSAGE.upper()),
        ("--process", PROCESS),
        ("--supplier", SUPPLIER),
        ("--text", "MEADOW"),
        ("--reason-like", "no signal"),
        ("--point", OTHER),
        ("--until", "2026-03-02"),
    ],
)
def test_given_two_orders_when_one_is_searched_for_by_what_only_it_has_then_only_it_is_found(
    place: Place, option: str, value: str
) -> None:
    place.enter(detail="other words", registered_at=system_clock())
    early = datetime(2026, 3, 1, 9, tzinfo=UTC)
    wanted = place.enter(
        OTHER,
        source_message=MESSAGE,
        process_instance=PROCESS,
        supplier=SUPPLIER,
        description="Meadow street 3",
        detail="no signal",
        registered_at=early,
    )
    found = place.json("orders", "list", option, value)
    assert (found["count"], [order["key"] for order in found["orders"]]) == (1, [wanted])


def test_given_words_of_the_history_when_searched_for_then_the_order_is_found(place: Place) -> None:
    key = place.enter(state=OrderState.REGISTERED, detail=None)
    place.enter(detail=None)
    with closing(Database(place.address)) as database, database.transaction() as tx:
        waiting = tx.orders.get(key)
        tx.orders.wait([(waiting, WaitsFor.CAP, "waits: the hour's cap is reached")], system_clock())
    found = place.json("orders", "list", "--text", "hour's CAP")
    assert [order["key"] for order in found["orders"]] == [key]


def test_given_a_waiting_order_when_listed_then_the_list_says_for_what_and_when_it_is_looked_at_again(
    place: Place,
) -> None:
    key = place.enter(state=OrderState.REGISTERED, detail=None)
    with closing(Database(place.address)) as database, database.transaction() as tx:
        text = "waits: the hour's cap is reached"
        tx.orders.wait([(tx.orders.get(key), WaitsFor.CAP, text)], system_clock())
    columns = ("--columns", "key,waits-for,until,reason", "--csv")
    _, row = place.run("orders", "list", *columns).splitlines()
    [facts] = place.json("orders", "list")["orders"]
    assert row.startswith(f"{key};cap;")
    assert "the hour's cap is reached (looked at again " in row
    assert facts["last"] == text
    assert facts["waits_until"] is not None


def test_given_a_dated_order_when_listed_then_it_waits_for_its_date(place: Place) -> None:
    date = system_clock() + timedelta(days=3)
    place.enter(state=OrderState.REGISTERED, detail=None, not_before=date)
    said = place.run("orders", "list")
    assert f"waits for its date, {short(date)}" in said
    assert " date " in said


def test_given_orders_for_people_when_listed_then_it_is_told_who_must_act(place: Place) -> None:
    place.enter(state=OrderState.PARKED)
    place.enter(OTHER, state=OrderState.FIELD_WORK)
    said = place.run("orders", "list", "--columns", "state,waits-for", "--csv")
    assert sorted(said.splitlines()[1:]) == ["field-work;people on site", "parked;decision"]


def test_given_the_number_of_sids_order_when_searched_for_then_nothing_else_is_found(place: Place) -> None:
    place.enter()
    assert place.json("orders", "list", "--sid-number", "ZL/2026/17")["count"] == 0
