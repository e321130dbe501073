"""No page reads a table whole that grows with orders, messages, points or years: each of its questions has an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from sqlalchemy import insert

from csire_bridge.store.database import Database, make_current
from csire_bridge.store.queries.lists.ways import LOOK
from csire_bridge.store.tables import messages, orders
from tests.support.console import Console
from tests.support.plans import asking, read_whole
from tests.support.store import CODE, HUB, NOW
from tests.support.story import played

UUID = "40f29226-57d2-43d4-8ed1-b2b2a1e308b9"
PAGES = {
    "Today": "/",
    "alerts": "/alerts",
    "alerts of before": "/alerts/history?after=1000",
    "alerts that were sent": "/alerts/sent",
    "the box: an order": "/find?q=1",
    "the box: a point": f"/find?q={CODE}",
    "the box: a meter": "/find?q=M1",
    "the box: an identifier": f"/find?q={UUID}",
    "the box: a supplier": f"/find?q={HUB}",
    "the box: a number at SID": "/find?q=S-17",
    "a pasted list": f"/orders/keys?keys=1%20{CODE}%20M1%20{UUID}%20S-17",
    "the shift book": "/shift",
    "the shift book of a day": "/shift?day=2026-11-20&number=1",
    "the audit": "/audit",
    "the audit of a person": "/audit?actor=anna",
    "the audit of an act": "/audit?act=order-hold",
    "the audit of a subject": "/audit?subject=order+1",
    "jobs": "/jobs",
    "jobs that wait": "/jobs?state=waiting",
    "orders": "/orders",
    "orders past their deadline": "/orders?clock=past",
    "an order": "/orders/1",
    "messages": "/messages",
    "refusals by cause": "/messages/causes",
    "a message": "/messages/1",
    "a point": f"/points/{CODE}",
    "figures": "/figures",
    "views": "/views",
    "partners": "/partners",
    "system": "/system",
}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def console(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, with_tables: Callable[[int], str]
) -> Iterator[Console]:
    if request.param == "postgresql":
        address = with_tables(18)
    else:
        make_current(address := f"sqlite:///{tmp_path_factory.mktemp('plans') / 'bridge.db'}")
    with closing(Database(address)) as database:
        played(database)
        _grow(database)
        yield Console(database)


def _grow(database: Database) -> None:
    """Keys go so far that a list without an index of its own looks through a part of them only."""
    order = {"kind": "disconnect", "state": "done", "metering_point": str(CODE), "not_before": NOW, "version": 1}
    message = {
        "channel": "webhook",
        "origin": "hub",
        "received_at": NOW,
        "sha256": "a" * 64,
        "raw": b"",
        "state": "accepted",
    }
    with database.transaction() as tx:
        tx.connection.execute(insert(orders).values(key=3 * LOOK, registered_at=NOW, attempts=0, **order))
        tx.connection.execute(insert(messages).values(key=3 * LOOK, **message))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_comes_to_its_rows_by_indexes(console: Console, page: str) -> None:
    visitor = console.visitor()
    with console.database.reading() as connection:
        engine = connection.engine
    with asking(engine) as asked:
        answer = visitor.get(PAGES[page])
    assert answer.status in (200, 303), answer.text
    assert asked
    with console.database.reading() as connection:
        assert read_whole(connection, asked) == []
