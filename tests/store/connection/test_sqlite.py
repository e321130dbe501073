"""What only SQLite promises: its file, its modes, its turns."""

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
from csire_bridge.store.connection.sqlite_writer_lock import Turn
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


def test_given_a_process_that_holds_the_turn_and_hangs_then_the_next_one_waits_no_longer_than_told(
    tmp_path: Path,
) -> None:
    file = tmp_path / "bridge.db"
    code = (
        "import sys; from pathlib import Path; from csire_bridge.store.connection.sqlite_writer_lock import Turn\n"
        "with Turn(Path(sys.argv[1])).taken(): print('held', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code, str(file)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        turn = Turn(file, longest_wait=0.2)
        with pytest.raises(StoreFailure, match="another process has held the turn"), turn.taken():
            pytest.fail("two processes had the turn")
        other.communicate()  # its standard input is closed: it ends
    with turn.taken(), turn.taken():
        pass
    turn.close()


def test_given_a_thread_that_holds_the_turn_then_the_next_one_waits_no_longer_than_told(tmp_path: Path) -> None:
    turn, held, done = Turn(tmp_path / "bridge.db", longest_wait=0.2), threading.Event(), threading.Event()

    def hold() -> None:
        with turn.taken():
            held.set()
            done.wait(PATIENCE)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(PATIENCE)
    started = time.monotonic()
    with pytest.raises(StoreFailure, match="another thread"), turn.taken():
        pytest.fail("two threads had the turn")
    assert time.monotonic() - started >= 0.2
    done.set()
    holder.join()
    with turn.taken():
        pass
    turn.close()
