"""Behind PgBouncer a server connection is lent for one transaction: the bridge leaves no state in it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text

from csire_bridge.domain.errors import StoreFailure
from csire_bridge.domain.work import WorkStep
from csire_bridge.store import tables
from csire_bridge.store.connection.dialects import take_turns
from csire_bridge.store.database import Database
from tests.support.pgbouncer import pgbouncer
from tests.support.store import NOW, count

LIMITS = {
    "lock_timeout": "30s",
    "statement_timeout": "5min",
    "idle_in_transaction_session_timeout": "20s",
    "TimeZone": "UTC",
    "synchronous_commit": "on",
}


@pytest.fixture
def pooled(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database of which every connection looks as one of a pooler does: another number of its server's process."""
    monkeypatch.setattr(psycopg.ConnectionInfo, "backend_pid", 1, raising=False)
    with closing(Database(postgresql)) as opened:
        yield opened


def found(database: Database) -> dict[str, Any]:
    with database.transaction() as tx:
        return {name: tx.connection.execute(text(f"SHOW {name}")).scalar() for name in LIMITS}


def test_given_a_pooler_then_settings_hold_in_each_transaction_and_none_is_left_behind(pooled: Database) -> None:
    left: list[str] = []

    def look(connection: psycopg.Connection[Any], _record: object) -> None:
        left.extend(row[0] for row in connection.execute("SELECT name FROM pg_settings WHERE source = 'session'"))
        connection.rollback()

    event.listen(pooled._engine, "checkin", look)
    assert found(pooled) == LIMITS
    assert set(left) <= {"transaction_isolation", "transaction_read_only"}, "of the transaction that looks"


def test_given_a_pooler_when_a_statement_is_repeated_then_it_is_not_prepared(pooled: Database) -> None:
    with pooled.transaction() as tx:
        for _ in range(10):
            tx.connection.execute(text("SELECT 1"))
        assert tx.connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar() == 0


def test_given_a_direct_connection_then_its_statements_are_prepared_as_ever(postgresql: str) -> None:
    with closing(Database(postgresql)) as opened, opened.transaction() as tx:
        for _ in range(10):
            tx.connection.execute(text("SELECT 1"))
        assert tx.connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one() > 0


@pytest.mark.slow
def test_given_pgbouncer_in_transaction_mode_then_several_threads_work_and_each_piece_is_done_once(
    postgresql: str,
) -> None:
    with pgbouncer(postgresql, "transaction") as address, closing(Database(address)) as opened:
        opened.upgrade()
        opened.require_durable()
        assert found(opened) == LIMITS

        def work(number: int) -> None:
            for turn in range(20):
                with opened.transaction() as tx:
                    take_turns(tx.connection, "together")
                    tx.work.add(WorkStep.EXECUTE, [100 * number + turn], NOW)

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(work, range(6)))
        assert count(opened, tables.work) == 120


@pytest.mark.slow
def test_given_pgbouncer_in_statement_mode_then_it_is_refused_with_the_remedy(postgresql: str) -> None:
    with pgbouncer(postgresql, "statement") as address, closing(Database(address)) as opened:
        with pytest.raises(StoreFailure) as caught:
            opened.require_durable()
        assert "pool_mode = transaction" in caught.value.remedy
