"""SQLite's write-ahead log stays small, nobody waits for that, and who keeps it from being cut is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from csire_bridge.domain.message.message import Channel, Form
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.store.connection.options import DatabaseOptions
from csire_bridge.store.database import Database
from csire_bridge.worker.database_log_job import keep_log_small, log_alerts
from tests.support.bridge import play
from tests.support.patience import wait_until
from tests.support.store import NOW

LIMIT = 200_000
BIG = b"x" * 3 * LIMIT


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}", DatabaseOptions(log_bytes=LIMIT))) as opened:
        opened.upgrade()
        yield opened


def write_much(database: Database, name: str = "big.xml") -> None:
    with database.transaction() as tx:
        tx.messages.add(Channel.REPLAY, NOW, [(name, BIG, "00" * 32, Form.BARE)])


def test_given_a_log_that_is_too_long_when_the_job_runs_then_it_is_cut_and_nothing_is_lost(database: Database) -> None:
    write_much(database)
    assert database.log_size > LIMIT
    keep_log_small(database)
    assert database.log_size == 0
    with database.read_transaction() as tx:
        assert tx.messages.raw([1])[0].raw == BIG


def test_given_a_short_log_when_the_job_runs_then_its_file_stays_for_the_next_writer(database: Database) -> None:
    with database.transaction() as tx:
        tx.ticks.meet("something", NOW)
    size = database.log_size
    assert 0 < size <= LIMIT
    keep_log_small(database)
    assert database.log_size == size


def test_given_a_reader_when_the_job_runs_then_it_and_writers_go_on_and_the_log_is_cut_after_it_ends(
    database: Database,
) -> None:
    write_much(database)
    with database.read_transaction() as reader:
        assert len(reader.messages.raw([1])) == 1
        for number in range(4):
            write_much(database, f"{number}.xml")
            keep_log_small(database)
        assert database.log_size > LIMIT
        assert len(reader.messages.raw([1, 2])) == 1, "the reader sees another moment than before"
    keep_log_small(database)
    assert database.log_size == 0


def test_given_a_writer_in_the_middle_of_a_transaction_when_another_process_cuts_then_neither_waits(
    database: Database,
) -> None:
    write_much(database)
    with closing(Database(database.url, database.options)) as other, database.transaction() as tx:
        tx.ticks.meet("something", NOW)
        keep_log_small(other)  # would wait for half a minute for the writer, and then fail
    with database.read_transaction() as tx:
        assert tx.ticks.get("something") is not None


def test_given_a_reader_of_hours_then_an_alert_says_so_until_the_log_is_cut(database: Database) -> None:
    with closing(Database(database.url, DatabaseOptions(log_bytes=10_000))) as strict:
        with strict.read_transaction() as reader:
            reader.connection.execute(text("SELECT count(*) FROM messages"))
            write_much(database)
            keep_log_small(strict)
            (alert,) = log_alerts(strict)
            assert alert.kind is AlertKind.DATABASE_LOG_LONG
            assert "bridge.db" in alert.text(NOW)
        keep_log_small(strict)
        assert log_alerts(strict) == []


def test_given_a_service_then_its_scheduled_jobs_keep_the_log_small(tmp_path: Path) -> None:
    with play(tmp_path) as scene:
        database = scene.scene.bridge.database
        with database.read_transaction() as reader:
            reader.connection.execute(text("SELECT count(*) FROM messages"))
            for number in range(30):
                write_much(database, f"{number}.xml")
        assert database.log_size > database.options.log_bytes
        ticker = scene.scene.bridge.ticker()
        ticker.start()
        try:
            wait_until(lambda: database.log_size <= database.options.log_bytes)
        finally:
            ticker.stop()
