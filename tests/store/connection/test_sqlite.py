"""What only SQLite promises: its file, its modes, its writers."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from csire_bridge.domain.errors import ConfigurationError, StoreFailure
from csire_bridge.domain.message.message import Channel, Form
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.connection.sqlite_writer_lock import WriterLock
from csire_bridge.store.database import Database
from tests.support.patience import PATIENCE
from tests.support.store import NOW, add_order


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}")) as opened:
        opened.upgrade()
        yield opened


def test_given_a_file_when_opened_then_a_commit_is_durable_and_readers_do_not_wait(database: Database) -> None:
    with database.reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_given_a_full_disk_when_written_then_it_is_a_store_failure_and_what_was_there_stays(
    database: Database,
) -> None:
    kept = add_order(database)
    with pytest.raises(StoreFailure, match="full") as caught, database.transaction() as tx:
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        tx.messages.add(Channel.REPLAY, NOW, [("big.xml", b"x" * 1_000_000, "00" * 32, Form.BARE)])
    assert "free space" in caught.value.remedy
    with closing(Database(database.url)) as reopened, reopened.transaction() as tx:
        assert tx.orders.get(kept.key) == kept
        assert tx.messages.raw([1]) == []


def test_given_a_file_when_asked_then_it_keeps_what_it_commits(database: Database) -> None:
    database.require_durable()


def test_given_a_database_in_memory_when_asked_then_it_is_refused() -> None:
    with closing(Database("sqlite://")) as opened, pytest.raises(ConfigurationError, match="in memory"):
        opened.require_durable()


def test_given_a_file_that_has_no_write_ahead_log_then_it_is_refused(tmp_path: Path) -> None:
    name = f"file:{tmp_path / 'bridge.db'}?vfs=unix-none&uri=true"  # a file system without locks and shared memory
    with closing(Database(f"sqlite:///{name}")) as opened, pytest.raises(ConfigurationError, match="network drive"):
        opened.require_durable()


def test_given_another_process_that_writes_then_a_writer_waits_inside_sqlite_and_goes_next(tmp_path: Path) -> None:
    file = tmp_path / "bridge.db"
    code = (
        "import sqlite3, sys\n"
        "held = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "held.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read(); held.execute('COMMIT')"
    )
    with closing(Database(f"sqlite:///{file}")) as database:
        database.upgrade()
        written = threading.Event()

        def write() -> None:
            with database.transaction() as tx:
                tx.work.add(WorkStep.EXECUTE, [1], NOW)
            written.set()

        words = [sys.executable, "-c", code, str(file)]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == "held\n"
            writer = threading.Thread(target=write)
            writer.start()
            assert not written.is_set()
            other.communicate()  # its standard input is closed: it commits and ends
        writer.join(PATIENCE)
        assert written.is_set()


def test_given_a_thread_that_holds_the_writer_lock_then_the_next_one_waits_no_longer_than_told() -> None:
    lock, held, done = WriterLock(longest_wait=0.2), threading.Event(), threading.Event()

    def hold() -> None:
        with lock.taken():
            held.set()
            done.wait(PATIENCE)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(PATIENCE)
    started = time.monotonic()
    with pytest.raises(StoreFailure, match="another thread"), lock.taken():
        pytest.fail("two threads had the lock")
    assert time.monotonic() - started >= 0.2
    done.set()
    holder.join()
    with lock.taken():
        pass


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"hello, this is a text, and no database " * 30, "no SQLite database, or it is encrypted"),
        (b"SQLite format 3\x00" + b"\x10\x00\x02\x02\x00\x40\x20\x20" + b"\x00" * 4076, "the database is damaged"),
    ],
)
def test_given_a_file_that_is_no_database_or_a_damaged_one_then_the_sentence_says_so_and_does_not_promise_a_retry(
    tmp_path: Path, content: bytes, told: str
) -> None:
    file = tmp_path / "bridge.db"
    file.write_bytes(content)
    with closing(Database(f"sqlite:///{file}")) as database, pytest.raises(StoreFailure, match=told) as raised:
        database.upgrade()
    assert "tries again" not in str(raised.value)
