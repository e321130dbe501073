"""The pages of one order, message, document or point read its rows by indexes, however many others there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from csire_bridge.config.settings import Settings
from csire_bridge.domain.order.order import OrderState
from csire_bridge.service.wiring.settings_to_values import execution_policy
from csire_bridge.store.database import Database
from csire_bridge.store.queries.dossiers.point_dossier import point_file
from csire_bridge.store.queries.dossiers.stored_documents import DocumentKind, stored_document
from csire_bridge.store.queries.messages.message_attempts import attempts_of
from csire_bridge.store.queries.messages.refusal_causes import refusal_causes
from csire_bridge.store.queries.search.message_search import message_file
from csire_bridge.store.queries.story.entries import MOST
from csire_bridge.store.queries.story.order_story import order_story
from csire_bridge.store.queries.story.related import related_orders
from csire_bridge.store.repositories.orders.orders import OrderBook
from tests.support.store import CODE, NOW, SECOND, add_order
from tests.support.story import played

FEW = ("stops", "allowances", "restores", "rule_sets")
"""Tables of which each row was written by a person; they are read whole."""
POLICY = execution_policy(Settings(database="sqlite:///none.db"))


def story(connection: Connection) -> object:
    order = OrderBook(connection).get(1)
    return order_story(connection, order, POLICY.deadlines, POLICY.law, NOW + timedelta(hours=1))


PAGES: dict[str, Callable[[Connection], object]] = {
    "the story of an order": story,
    "its related orders": lambda connection: related_orders(connection, OrderBook(connection).get(1)),
    "a message": lambda connection: message_file(connection, 1),
    "its other attempts": lambda connection: attempts_of(connection, "x" * 36, 1),
    "refusals by cause": lambda connection: refusal_causes(connection, NOW),
    "a point": lambda connection: point_file(connection, CODE, POLICY.law, NOW),
    "documents": lambda connection: [stored_document(connection, kind, 1) for kind in DocumentKind],
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path_factory.mktemp('pages') / 'bridge.db'}")) as found:
        found.upgrade()
        played(found)
        yield found


@pytest.mark.parametrize("page", PAGES)
def test_no_table_that_grows_is_read_whole(database: Database, page: str) -> None:
    asked: list[tuple[str, Any]] = []
    with database.reading() as connection:

        def listen(_c: object, _cursor: object, statement: str, given: Any, *_: object) -> None:
            asked.append((statement, given))

        event.listen(connection, "before_cursor_execute", listen)
        PAGES[page](connection)
        event.remove(connection, "before_cursor_execute", listen)
        assert asked
        for statement, given in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all()
            scans = [row.detail for row in plan if row.detail.startswith("SCAN ")]
            of_tables = [one for one in scans if not one.startswith(("SCAN json_each", "SCAN (", "SCAN CONSTANT"))]
            assert [one for one in of_tables if one.split()[1] not in FEW] == [], statement


def test_the_story_of_an_order_with_very_many_lines_takes_few_queries_and_rows(database: Database) -> None:
    key = add_order(database, process_instance=None, source_message=None, source_sender=None).key
    with database.transaction() as tx:
        notes = [(key, OrderState.REGISTERED, f"line {number}") for number in range(2 * MOST)]
        tx.orders.note_all(notes, NOW + SECOND)
    asked: list[str] = []
    with database.reading() as connection:
        event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2]))
        told = order_story(connection, OrderBook(connection).get(key), POLICY.deadlines, POLICY.law, NOW)
    assert len(told.entries) <= MOST + 5
    assert told.cut
    assert len(asked) < 30
