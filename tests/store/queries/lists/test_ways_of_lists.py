"""SQLite comes to each list by the index that was made for it, and sorts only where few rows are found.

It keeps no statistics, so what it does in an empty database it does in a large one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import Connection, event, select

from csire_bridge.domain.identifiers import MessageId, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.message import MessageState
from csire_bridge.domain.order.care import CareOf, Whose
from csire_bridge.domain.order.clock_stage import ClockAt, ClockStage
from csire_bridge.domain.order.order import OrderKind, OrderState, WaitsFor
from csire_bridge.store.database import Database
from csire_bridge.store.queries.lists.counted import count_newer, count_up_to
from csire_bridge.store.queries.lists.message_ways import message_way
from csire_bridge.store.queries.lists.order_ways import order_way
from csire_bridge.store.queries.lists.ways import Place, Way, rows_of
from csire_bridge.store.queries.search.message_search import FOUND_COLUMNS, MessageSearch
from csire_bridge.store.queries.search.order_search import OrderSearch
from csire_bridge.store.tables import orders
from tests.support.store import CODE, HUB, NOW, add_order

UUID = "40f29226-57d2-43d4-8ed1-b2b2a1e308b9"
ORDERS = {
    "point": (OrderSearch(point=CODE, states=(OrderState.DONE,)), "ix_orders_metering_point"),
    "process": (OrderSearch(process=ProcessInstanceId(UUID), kind=OrderKind.DISCONNECT), "ix_orders_process_instance"),
    "message": (OrderSearch(message=MessageId(UUID)), "sqlite_autoindex_orders"),
    "number at SID": (OrderSearch(sid_number="S-17"), "sqlite_autoindex_sid_orders"),
    "meter": (OrderSearch(meter=MeterNumber("M1"), since=NOW), "orders_meter"),
    "station": (OrderSearch(station="S1", states=(OrderState.DONE,)), "ix_metering_points_station"),
    "care": (OrderSearch(care=CareOf(Whose.MINE, "olga"), states=(OrderState.PARKED,)), "ix_order_care_person"),
    "clock": (OrderSearch(clock=ClockAt(ClockStage.PAST, NOW)), "ix_orders_deadline"),
    "waits for": (OrderSearch(waits_for=WaitsFor.HOLD, supplier=HUB), "ix_orders_waits_for"),
    "state": (OrderSearch(states=(OrderState.PARKED,), supplier=HUB), "ix_orders_not_done"),
    "states": (OrderSearch(states=(OrderState.PARKED, OrderState.REJECTED)), "ix_orders_not_done"),
    "time": (OrderSearch(since=NOW, supplier=HUB, states=(OrderState.DONE,)), "ix_orders_registered_at"),
    "supplier": (OrderSearch(supplier=HUB, kind=OrderKind.RECONNECT), "ix_orders_supplier"),
}
MESSAGES = {
    "message": (MessageSearch(message=UUID, states=(MessageState.REFUSED,)), "ix_messages_claimed_id"),
    "process": (MessageSearch(process=UUID), "ix_messages_process_instance"),
    "point": (MessageSearch(point=str(CODE), states=(MessageState.REFUSED,)), "ix_messages_metering_point"),
    "code": (MessageSearch(code="trust", states=(MessageState.REFUSED,)), "ix_messages_code"),
    "time": (MessageSearch(since=NOW, states=(MessageState.REFUSED,)), "ix_messages_received_at"),
    "state": (MessageSearch(states=(MessageState.REFUSED,), sender=str(HUB)), "ix_messages_not_accepted"),
    "again": (MessageSearch(again=True), "ix_messages_again"),
}
FEW = {"care", "point", "process", "message", "number at SID", "meter", "station", "clock", "again"}
SORTED_IN_A_WINDOW = {"states", "code"}  # some branches of an index, each to the same place


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with closing(Database(f"sqlite:///{tmp_path_factory.mktemp('lists') / 'bridge.db'}")) as database:
        database.upgrade()
        add_order(database)  # keys begin somewhere
        with database.reading() as opened:
            yield opened


def plans(connection: Connection, way: Way, place: Place | None) -> list[str]:
    """The plan of everything that a page, its count and the count of newer rows ask."""
    asked: list[tuple[str, object]] = []

    def note(_c: object, _k: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    columns = [orders] if way.table is orders else FOUND_COLUMNS
    try:
        rows_of(connection, select(*columns), way, 50, place)
        count_up_to(connection, way)
        if place is not None:
            count_newer(connection, way, place)
    finally:
        event.remove(connection, "before_cursor_execute", note)
    found = []
    for statement, parameters in asked:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()  # type: ignore[arg-type]
        found += [row.detail for row in rows]
    return found


@pytest.mark.parametrize("later", [False, True], ids=["first page", "later page"])
@pytest.mark.parametrize("name", ORDERS)
def test_orders_are_found_by_their_index(connection: Connection, name: str, later: bool) -> None:
    wanted, index = ORDERS[name]
    way = order_way(wanted)
    holds(name, index, plans(connection, way, Place(1000, NOW if way.by_moment else None) if later else None))


@pytest.mark.parametrize("later", [False, True], ids=["first page", "later page"])
@pytest.mark.parametrize("name", MESSAGES)
def test_messages_are_found_by_their_index(connection: Connection, name: str, later: bool) -> None:
    wanted, index = MESSAGES[name]
    way = message_way(wanted)
    holds(name, index, plans(connection, way, Place(1000, NOW if way.by_moment else None) if later else None))


def holds(name: str, index: str, lines: list[str]) -> None:
    of_the_list = [line for line in lines if line.startswith(("SEARCH", "SCAN"))]
    assert any(index in line for line in of_the_list), lines
    for line in of_the_list:
        table = line.split()[1]
        assert line.startswith("SEARCH") or table not in ("orders", "messages"), lines
    if name not in FEW | SORTED_IN_A_WINDOW:
        assert not [line for line in lines if "TEMP B-TREE" in line], lines


def test_a_list_without_an_index_of_its_own_goes_along_the_keys(connection: Connection) -> None:
    way = order_way(OrderSearch(kind=OrderKind.RECONNECT, text="odd"))
    lines = plans(connection, way, Place(100_000))
    assert not [line for line in lines if "TEMP B-TREE" in line], lines
    assert "SEARCH orders USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in lines
