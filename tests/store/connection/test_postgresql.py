"""What only PostgreSQL can do to us, and several nodes to each other."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, text

from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError, OurFault, StaleWrite, StoreFailure
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.work import WorkStep
from csire_bridge.lab.simulators.postgres import PostgresServer
from csire_bridge.service.startup_checks import check_settings
from csire_bridge.store import tables
from csire_bridge.store.connection.dialects import lift_limits
from csire_bridge.store.database import Database
from csire_bridge.worker.alert_job import Watch
from tests.support.defaults import PARTNER_WAIT, RESULT_WAIT
from tests.support.patience import PATIENCE
from tests.support.store import CODE, NOW, PROCESS, add_order, count


@pytest.fixture
def database(postgresql: str) -> Iterator[Database]:
    with closing(Database(postgresql)) as opened:
        opened.upgrade()
        yield opened


def as_administrator(address: str, statement: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement.encode())


# --- it keeps what it commits


def test_given_a_good_server_when_asked_then_it_keeps_what_it_commits(database: Database) -> None:
    database.require_durable()


def test_given_a_server_that_does_not_wait_for_the_disk_when_the_service_starts_then_it_is_refused() -> None:
    with PostgresServer(18, {"fsync": "off", "full_page_writes": "off"}) as server:
        address = server.new_database()
        with pytest.raises(ConfigurationError) as caught:
            check_settings(load_settings(environment=False, database=address))
        with closing(Database(address)) as opened, pytest.raises(ConfigurationError) as alone:
            opened.require_durable()
    for told in (str(caught.value), str(alone.value)):
        assert "fsync = off" in told
        assert "full_page_writes = off" in told
        assert "postgresql.conf" in told


def test_given_a_server_that_answers_before_the_disk_does_then_our_sessions_wait_for_it(database: Database) -> None:
    for value, expected in (("off", "on"), ("local", "on"), ("remote_write", "on"), ("remote_apply", "remote_apply")):
        name = database.url.partition("?")[0].rpartition("/")[2]
        as_administrator(database.url, f'ALTER DATABASE "{name}" SET synchronous_commit = {value}')
        with closing(Database(database.url)) as opened:
            opened.require_durable()
            with opened.transaction() as tx:
                assert tx.connection.execute(text("SHOW synchronous_commit")).scalar() == expected


def test_given_a_table_that_a_crash_would_empty_then_it_is_refused_by_name(database: Database) -> None:
    as_administrator(database.url, "ALTER TABLE work SET UNLOGGED")
    with pytest.raises(ConfigurationError, match="tables work are not logged"):
        database.require_durable()


def test_given_a_server_that_crashes_when_it_is_back_then_what_was_committed_is_there_and_the_pool_recovers() -> None:
    with PostgresServer(18) as server, closing(Database(server.new_database())) as opened:
        opened.upgrade()
        kept = add_order(opened)
        with pytest.raises(StoreFailure), opened.transaction() as tx:
            tx.orders.note(kept.key, kept.state, NOW, "never committed")
            server.kill()
        with pytest.raises(StoreFailure):
            count(opened, tables.orders)
        server.start_again()
        with opened.transaction() as tx:
            assert tx.orders.get(kept.key) == kept
            assert len(tx.orders.history(kept.key)) == 1


# --- what goes wrong between transactions


def test_given_a_connection_that_is_cut_in_a_transaction_then_nothing_of_it_is_left_and_the_next_one_works(
    database: Database,
) -> None:
    kept = add_order(database)
    with pytest.raises(StoreFailure, match="can't be used"), database.transaction() as tx:
        tx.orders.move(kept, OrderState.SUBMITTING, NOW, "never committed")
        pid = tx.connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        as_administrator(database.url, f"SELECT pg_terminate_backend({pid}, 5000)")
    with database.transaction() as tx:
        assert tx.orders.get(kept.key) == kept


def test_given_two_transactions_in_each_others_way_then_one_is_told_to_try_again(database: Database) -> None:
    one, two = add_order(database), add_order(database)
    barrier = threading.Barrier(2)

    def cross(first: int, second: int) -> str:
        try:
            with database.transaction() as tx:
                tx.orders.recall(first, NOW)
                barrier.wait(PATIENCE)
                tx.orders.recall(second, NOW)
        except StaleWrite as error:
            return error.text
        return "committed"

    with ThreadPoolExecutor(2) as pool:
        ends = sorted(pool.map(cross, (one.key, two.key), (two.key, one.key)))
    assert ends[0] == "committed"
    assert "blocked each other" in ends[1]


def test_given_a_lock_that_somebody_holds_for_too_long_then_who_waits_is_told(database: Database) -> None:
    kept = add_order(database)
    with database.transaction() as holder:
        holder.orders.recall(kept.key, NOW)
        with pytest.raises(StoreFailure, match="did not answer in time"), database.transaction() as tx:
            tx.connection.execute(text("SET LOCAL lock_timeout = '100ms'"))
            tx.orders.recall(kept.key, NOW)


def test_given_a_session_then_no_wait_in_it_is_without_end(database: Database) -> None:
    limits = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    with database.transaction() as tx:
        found = {name: tx.connection.execute(text(f"SHOW {name}")).scalar() for name in limits}
    assert found == {
        "lock_timeout": "30s",
        "statement_timeout": "5min",
        "idle_in_transaction_session_timeout": "20s",
    }


def test_given_an_upgrade_or_a_move_then_nothing_limits_its_transaction_and_all_others_are_limited(
    database: Database,
) -> None:
    limits = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    with database.transaction() as tx:
        lift_limits(tx.connection)
        assert {tx.connection.execute(text(f"SHOW {name}")).scalar() for name in limits} == {"0"}
    with database.transaction() as tx:
        assert "0" not in {tx.connection.execute(text(f"SHOW {name}")).scalar() for name in limits}


def test_given_a_node_that_hangs_in_a_transaction_then_the_server_ends_it_and_others_go_on(database: Database) -> None:
    kept = add_order(database)
    with pytest.raises(StoreFailure), database.transaction() as hung:
        hung.connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = '100ms'"))
        hung.orders.move(kept, OrderState.SUBMITTING, NOW, "never committed")
        with database.transaction() as tx:  # waits for the hung one's lock
            tx.orders.move(kept, OrderState.REJECTED, NOW, "the other node")
        hung.orders.recall(kept.key, NOW)
    with database.transaction() as tx:
        assert tx.orders.get(kept.key).state is OrderState.REJECTED


def test_given_a_value_that_does_not_fit_then_only_that_row_is_refused(database: Database) -> None:
    with pytest.raises(OurFault, match="refuses a row") as caught:
        add_order(database, meter=MeterNumber("1" * 21))
    assert not isinstance(caught.value, (StoreFailure, StaleWrite))
    add_order(database)


def test_given_a_reader_when_others_write_then_it_sees_one_moment(database: Database) -> None:
    with database.reading() as connection:
        assert connection.execute(select(tables.orders)).all() == []
        add_order(database)
        assert connection.execute(select(tables.orders)).all() == []
    assert count(database, tables.orders) == 1


# --- several nodes


def told(**facts: object) -> RegistryUpdate:
    return RegistryUpdate(process_instance=PROCESS, metering_point=CODE, effective_date=date(2026, 11, 23), **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("known", [True, False])
def test_given_messages_that_tell_of_one_point_at_once_then_no_fact_is_lost(database: Database, known: bool) -> None:
    news = [told(danger_registered=True), told(has_contactor=True), told(prepaid=False), told(tariff_group="G11")]
    if known:
        with database.transaction() as tx:
            tx.points.put(MeteringPoint(code=CODE, updated_at=NOW, connected=True))
    barrier = threading.Barrier(len(news))

    def tell(update: RegistryUpdate) -> int:
        barrier.wait()
        tries = 0
        while True:
            tries += 1
            try:
                with database.transaction() as tx:
                    tx.points.record_notice(update, NOW)
            except StaleWrite:  # as the worker does: it is looked at again
                continue
            return tries

    with ThreadPoolExecutor(len(news)) as pool:
        assert sum(pool.map(tell, news)) >= len(news)
    with database.transaction() as tx:
        point = tx.points.get(CODE)
    assert point is not None
    assert (point.danger_registered, point.has_contactor, point.prepaid, point.tariff_group) == (
        True,
        True,
        False,
        "G11",
    )
    assert point.connected is (True if known else None)


def test_given_several_nodes_that_look_at_once_then_an_alert_is_told_by_one_of_them(database: Database) -> None:
    add_order(database, state=OrderState.PARKED)
    barrier = threading.Barrier(5)

    def look(_: int) -> int:
        watch = Watch(database, lambda: NOW, result_wait=RESULT_WAIT, partner_wait=PARTNER_WAIT)
        barrier.wait()
        return len(watch.look())

    with ThreadPoolExecutor(5) as pool:
        assert sum(pool.map(look, range(5))) == 1
    assert count(database, tables.alerts) == 1


WORKER = """
import os, sys
from datetime import UTC, datetime, timedelta
from csire_bridge.domain.work import Lease, WorkStep
from csire_bridge.store.database import Database
database, name = Database(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
while True:
    now = datetime.now(UTC)
    with database.transaction() as tx:
        items = tx.work.lease(list(WorkStep), now, Lease.starting(name, now, timedelta(minutes=5)), 7)
    if not items:
        break
    with database.transaction() as tx:
        tx.work.finish(items)
    print(*(item.subject for item in items), flush=True)
"""


def test_given_several_processes_on_one_database_when_they_work_then_each_piece_is_done_once(
    database: Database,
) -> None:
    with database.transaction() as tx:
        tx.work.add(WorkStep.EXECUTE, range(500), NOW - timedelta(days=365))
    words = [sys.executable, "-c", WORKER, database.url]
    workers = [
        subprocess.Popen([*words, f"node-{n}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n in range(3)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    said = [worker.communicate(timeout=PATIENCE)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    done = Counter(int(subject) for lines in said for subject in lines.split())
    assert done == Counter(range(500))
    assert sum(bool(lines) for lines in said) > 1, "one process alone did all the work"
    assert count(database, tables.work) == 0


def test_given_an_address_that_nobody_listens_at_then_it_is_a_store_failure(tmp_path: Path) -> None:
    with closing(Database(f"postgresql://bridge@/none?host={tmp_path}")) as opened:
        for use in (opened.upgrade, opened.require_durable, lambda: count(opened, tables.orders)):
            with pytest.raises(StoreFailure, match="can't be used"):
                use()
