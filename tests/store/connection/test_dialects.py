"""Statements that differ between the databases say the same on each."""

from __future__ import annotations

from csire_bridge.store.connection.dialects import insert_new
from csire_bridge.store.database import Database
from csire_bridge.store.tables import ticks
from tests.support.store import NOW


def test_given_a_row_when_inserted_twice_then_only_the_first_time_says_so(database: Database) -> None:
    row = {"name": "trial", "since": NOW, "done_at": None}
    with database.transaction() as tx:
        assert [insert_new(tx.connection, ticks, row) for _ in range(2)] == [True, False]
    with database.transaction() as tx:
        assert not insert_new(tx.connection, ticks, row)
