"""``db move``: everything arrives, both sides are compared, and the old database is not used any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from csire_bridge.domain.errors import ConfigurationError, StoreFailure
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.work import Lease
from csire_bridge.store import move as moving
from csire_bridge.store import tables
from csire_bridge.store.database import Database
from csire_bridge.store.move import move
from csire_bridge.store.scheduling.process_clocks import ProcessClock
from tests.support.bridge import play
from tests.support.store import NOW, add_order, count


def untold(_table: str, _done: int, _whole: int) -> None:
    """Progress is for people."""


def contents(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    with database.reading() as connection:
        found = {
            table.name: [dict(row._mapping) for row in connection.execute(select(table))]
            for table in tables.metadata.sorted_tables
        }
    return {name: sorted(rows, key=str) for name, rows in found.items()}


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Database]:
    """A database in which an order came, was carried out and answered."""
    with play(tmp_path) as scene:
        scene.send("disconnect")
        scene.work_until_state(OrderState.DONE)
        address = scene.scene.bridge.database.url
    with closing(Database(address)) as opened:
        yield opened


@pytest.fixture
def target(postgresql: str) -> Iterator[Database]:
    with closing(Database(postgresql)) as opened:
        yield opened


def test_given_a_database_with_work_done_when_moved_then_every_row_is_the_same_and_new_ones_get_new_keys(
    full: Database, target: Database
) -> None:
    before, told = contents(full), []
    moved = move(full, target, NOW, lambda *words: told.append(words))
    after = contents(target)
    assert after == before == contents_of_moved(full)
    assert {one.name: one.rows for one in moved} == {name: len(rows) for name, rows in before.items()}
    assert sum(map(bool, before.values())) >= 10, "hardly anything was there to move"
    assert ("orders", 1, 1) in told
    assert target.check() == []
    assert add_order(target).key == 2


def contents_of_moved(database: Database) -> dict[str, list[dict[str, Any]]]:
    """The same, of a database that refuses to be worked on."""
    with pytest.raises(ConfigurationError, match=r"was moved to postgresql.*must not be used"):
        database.require_current()
    return contents(database)


def test_given_postgresql_when_moved_to_a_file_then_it_works_as_well(target: Database, tmp_path: Path) -> None:
    add_order(target)
    with closing(Database(f"sqlite:///{tmp_path / 'new.db'}")) as file:
        file.upgrade()
        before = contents(target)
        move(target, file, NOW, untold)
        assert contents(file) == before
        assert add_order(file).key == 2


def test_given_a_moved_database_when_a_process_still_writes_then_it_stops(full: Database, target: Database) -> None:
    with closing(Database(full.url)) as forgotten:
        move(full, target, NOW, untold)
        with pytest.raises(StoreFailure, match="was moved"), forgotten.transaction():
            pytest.fail("it was written into")
    with pytest.raises(ConfigurationError, match="was moved"):
        move(full, target, NOW, untold)


def test_given_a_target_with_something_in_it_then_it_is_refused_and_nothing_is_changed(
    full: Database, target: Database
) -> None:
    add_order(target)
    with pytest.raises(ConfigurationError, match=r"not empty: .*orders \(1\)"):
        move(full, target, NOW, untold)
    assert count(target, tables.orders) == 1
    assert count(target, tables.messages) == 0
    full.require_current()


def test_given_a_process_that_runs_then_moving_is_refused(full: Database, target: Database) -> None:
    with full.transaction() as tx:
        tx.clocks.note(ProcessClock("worker-1", "machine", 1.0, NOW))
    with pytest.raises(ConfigurationError, match=r"service runs.*worker-1"):
        move(full, target, NOW + timedelta(seconds=30), untold)
    with full.transaction() as tx:
        tx.leases.acquire("ticker", Lease.starting("worker-2", NOW, timedelta(minutes=5)), NOW)
    with pytest.raises(ConfigurationError, match=r"service runs.*worker-2"):
        move(full, target, NOW + timedelta(minutes=3), untold)
    move(full, target, NOW + timedelta(hours=1), untold)


def test_given_a_move_that_is_cut_off_at_any_point_when_called_again_then_everything_is_there_once(
    full: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(full)

    def cut_off(table: str, done: int, whole: int) -> None:
        if table == "orders" and done == whole:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(full, target, NOW, cut_off)
    assert count(target, tables.messages) == 0
    with monkeypatch.context() as patch, pytest.raises(OSError, match="power cut"):
        patch.setattr(moving, "mark_moved", no_power)
        move(full, target, NOW, untold)
    assert contents(target) == before
    full.require_current()  # not marked yet
    move(full, target, NOW, untold)
    assert contents(target) == before
    with pytest.raises(ConfigurationError, match="was moved"):
        full.require_current()


def no_power(*_words: object) -> None:
    raise OSError("power cut")


def test_given_a_row_that_arrives_changed_then_nothing_is_moved(
    full: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = moving._send

    def falsify(table: Any, source: Any, into: Any, told: Any) -> Any:
        sent = send(table, source, into, told)
        if table is tables.messages:
            into.execute(update(tables.messages).values(raw=b"altered"))
        return sent

    monkeypatch.setattr(moving, "_send", falsify)
    with pytest.raises(StoreFailure, match="differs from what was sent: messages"):
        move(full, target, NOW, untold)
    assert count(target, tables.messages) == 0
    full.require_current()


def test_given_the_same_database_twice_then_it_is_refused(full: Database) -> None:
    with closing(Database(full.url)) as same, pytest.raises(ConfigurationError, match="onto itself"):
        move(full, same, NOW, untold)
    with full.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM orders")).scalar() == 1
