"""Clocks that are set, over every database: nothing waits for the old time, nothing is done early, and it is told."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.operations.circuit_breaker import Circuit
from csire_bridge.domain.operations.schedule import Daily, Every
from csire_bridge.domain.work import Lease, WorkStep
from csire_bridge.runtime.steady_clock import SteadyClock
from csire_bridge.store.database import Database
from csire_bridge.store.queries.alerts.alert_conditions import standing
from csire_bridge.worker.clock_watch import ClockWatch
from csire_bridge.worker.scheduler import LEASE_NAME, ScheduledJob, Ticker
from tests.support.defaults import PARTNER_WAIT
from tests.support.logs import told
from tests.support.patience import PATIENCE
from tests.support.store import MINUTE, NOW, SECOND, lease

HOUR = timedelta(hours=1)
LONG = timedelta(seconds=10)


# --- leases and due work after a clock was set back


@pytest.mark.every_database
@pytest.mark.parametrize("back", [HOUR, 2 * HOUR, timedelta(days=400)])
def test_given_a_process_that_died_and_a_clock_that_was_set_back_then_its_leases_are_over(
    database: Database, back: timedelta
) -> None:
    with database.transaction() as tx:
        tx.work.add(WorkStep.EXECUTE, [1], NOW - 2 * back)
        assert tx.leases.acquire("hub queue", Lease.starting("dead", NOW, MINUTE), NOW) == 1
    assert len(lease(database, "dead", NOW)) == 1
    then = NOW - back
    (taken,) = lease(database, "heir", then)
    assert taken.lapses == 1
    with database.transaction() as tx:
        assert tx.leases.acquire("hub queue", Lease.starting("heir", then, MINUTE), then) == 2


@pytest.mark.parametrize("lengths", [(SECOND, MINUTE), (MINUTE, SECOND)], ids=["short after long", "long after short"])
def test_given_processes_whose_leases_differ_in_length_then_none_takes_what_another_holds(
    database: Database, lengths: tuple[timedelta, timedelta]
) -> None:
    with database.transaction() as tx:
        tx.work.add(WorkStep.EXECUTE, [1], NOW)
        tx.leases.acquire("ticker", Lease.starting("holder", NOW, lengths[1]), NOW)
    assert lease(database, "holder", NOW, length=lengths[1])
    assert not lease(database, "other", NOW, length=lengths[0])
    with database.transaction() as tx:
        assert tx.leases.acquire("ticker", Lease.starting("other", NOW, lengths[0]), NOW) is None


def test_given_a_clock_that_was_set_back_when_a_process_leads_then_all_that_waits_is_looked_at(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with database.transaction() as tx:
        tx.work.add(WorkStep.EXECUTE, [1, 2], [NOW, NOW + MINUTE])
        tx.work.add(WorkStep.DELIVER, [3], NOW - SECOND)
        (parked,) = tx.work.lease([WorkStep.DELIVER], NOW, Lease.starting("a", NOW, MINUTE), 1)
        tx.work.park(parked, "broken")
        tx.guards.set_circuit(Circuit("head-end"), Circuit("head-end", 5, NOW, NOW + MINUTE, "down"))
        tx.leases.acquire(LEASE_NAME, Lease.starting("dead", NOW, LONG), NOW)
    then = NOW - 2 * HOUR
    heir = Ticker(database, lambda: then, "heir", [], LONG)
    heir.lead()
    assert heir.leads
    assert "clock.set_back" in caplog.text
    assert sorted(item.subject for item in lease(database, "w", then)) == [1, 2]
    with database.transaction() as tx:
        assert tx.guards.circuit("head-end").may_try(then)
    caplog.clear()
    heir.lead()
    assert "clock.set_back" not in caplog.text, "it is told once"


def test_given_a_daily_tick_that_was_done_by_a_clock_that_was_ahead_then_it_is_done_again(database: Database) -> None:
    done: list[datetime] = []
    nightly = ScheduledJob("nightly", Daily(NOW.time()), lambda *_: done.append(now[0]), remembered=True)
    now = [NOW + timedelta(days=400)]
    with database.transaction() as tx:
        tx.ticks.meet("nightly", NOW)
        tx.ticks.done("nightly", now[0])
    now[0] = NOW + HOUR
    node = Ticker(database, lambda: now[0], "node", [nightly], LONG)
    node.lead()
    for _ in range(3):
        node.look(nightly)
    assert done == [NOW + HOUR]


# --- the ticker's own thread


def test_given_a_ticker_that_was_frozen_for_longer_than_a_minute_then_it_has_not_stopped(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Ticker(database, lambda: NOW, "node", [], LONG)
    node.start()
    try:
        late = time.monotonic() + 1000
        monkeypatch.setattr("csire_bridge.worker.scheduler.time.monotonic", lambda: late)
        node._heartbeat = late - 100
        seen = [(node.silent, node.runs)]
        node.lead()
        seen.append((node.silent, node.runs))
    finally:
        node.stop()
    assert seen == [(True, True), (False, True)], "it goes on when its machine does"
    assert not node.runs


def test_given_a_machine_whose_clock_was_set_back_when_told_so_then_the_ticker_looks_at_once(
    database: Database,
) -> None:
    ticked, may = Event(), Event()

    def run(*_: object) -> None:
        if may.is_set():
            ticked.set()

    node = Ticker(database, lambda: NOW, "node", [ScheduledJob("t", Every(timedelta(0)), run)], LONG)
    node.lead()
    node.start()
    try:
        for job in node._scheduler.get_jobs():  # what a clock that is set back leaves of the plan
            job.modify(next_run_time=datetime.now(UTC) + 2 * HOUR)
        may.set()
        node.look_now()
        assert ticked.wait(PATIENCE)
    finally:
        node.stop()


# --- the watch of one process


class Machine:
    """A machine whose clock can be set, and which can be frozen."""

    def __init__(self) -> None:
        self.set_by, self.slept = timedelta(0), 0.0

    def wall(self) -> datetime:
        return datetime.now(UTC) + self.set_by + timedelta(seconds=self.slept)

    def ticks(self) -> float:
        return time.monotonic() + self.slept

    def clock(self) -> SteadyClock:
        return SteadyClock(self.wall, self.ticks)


def watch(database: Database, machine: Machine, clock: SteadyClock, name: str = "p", **more: object) -> ClockWatch:
    watching = ClockWatch(database, clock, name, machine="this run", **more)  # type: ignore[arg-type]
    watching.begin()
    return watching


def alerts(database: Database, now: datetime) -> set[AlertKind]:
    with database.reading() as connection:
        return {alert.kind for alert in standing(connection, now, HOUR, HOUR, PARTNER_WAIT)}


@pytest.mark.parametrize("step", [-2 * HOUR, 2 * HOUR, timedelta(seconds=-90)])
def test_given_a_machine_whose_clock_is_set_then_the_service_goes_on_by_its_own_time_and_it_is_told_until_mended(
    database: Database, step: timedelta, caplog: pytest.LogCaptureFixture
) -> None:
    machine, told = Machine(), list[str]()
    clock = machine.clock()
    watching = watch(database, machine, clock, stepped=lambda: told.append("stepped"))
    assert alerts(database, clock()) == set()
    before = machine.wall()
    machine.set_by = step
    watching.look()
    assert abs(clock() - before) < MINUTE
    assert told == ["stepped"]
    assert "'clock.set'" in caplog.text
    assert alerts(database, clock()) == {AlertKind.CLOCKS_DIFFER}
    machine.set_by = timedelta(0)
    watching.look()
    assert alerts(database, clock()) == set()
    assert told == ["stepped"] * 2
    watching.end()
    with database.read_transaction() as tx:
        assert tx.clocks.newest_on("this run") is None


def test_given_a_machine_that_was_frozen_then_it_is_told_and_nothing_else_happens(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(f"sqlite:///{tmp_path}/bridge.db")
    database.upgrade()
    machine = Machine()
    clock = machine.clock()
    watching = watch(database, machine, clock, stepped=lambda: pytest.fail("no clock was set"))
    with caplog.at_level(logging.WARNING):
        machine.slept = 70
        watching.look()
    assert [line["seconds"] for line in told(caplog, "process.stood_still")] == [70]
    assert alerts(database, clock()) == set()
    database.close()


def test_given_a_server_when_a_process_starts_on_a_machine_with_a_wrong_clock_then_it_goes_by_the_servers_time(
    postgresql: str,
) -> None:
    database = Database(postgresql)
    database.upgrade()
    machine = Machine()
    machine.set_by = 3 * HOUR
    clock = machine.clock()
    watch(database, machine, clock)
    assert abs(clock() - datetime.now(UTC)) < MINUTE
    assert alerts(database, clock()) == {AlertKind.CLOCKS_DIFFER}
    database.close()


def test_given_a_machine_that_stood_still_when_its_clock_and_the_server_agree_then_their_time_is_taken_over(
    postgresql: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A virtual machine that was moved: its monotonic clock stood still as well, then its clock was put right."""
    database = Database(postgresql)
    database.upgrade()
    machine = Machine()
    clock = machine.clock()
    watching = watch(database, machine, clock)
    clock.take_over(clock() - 10 * MINUTE)
    machine.set_by = timedelta(seconds=3)
    watching.look()
    assert abs(clock() - datetime.now(UTC)) < MINUTE
    assert [line["by_seconds"] > 0 for line in told(caplog, "clock.corrected")] == [True]
    assert alerts(database, clock()) == set()
    database.close()


def test_given_a_file_and_a_clock_beyond_this_machine_that_agrees_with_it_then_the_machines_time_is_taken_over(
    tmp_path: Path,
) -> None:
    database = Database(f"sqlite:///{tmp_path}/bridge.db")
    database.upgrade()
    machine = Machine()
    clock = machine.clock()
    watching = watch(database, machine, clock, witness=machine.wall)
    machine.set_by = 10 * MINUTE
    watching.look()
    assert abs(clock() - machine.wall()) < MINUTE
    assert alerts(database, clock()) == set()
    database.close()


def test_given_a_file_and_a_process_that_runs_when_another_starts_after_the_clock_was_set_then_both_go_by_one_time(
    tmp_path: Path,
) -> None:
    database = Database(f"sqlite:///{tmp_path}/bridge.db")
    database.upgrade()
    machine = Machine()
    first = machine.clock()
    watching = watch(database, machine, first, "first")
    machine.set_by = -2 * HOUR
    watching.look()
    second = machine.clock()
    watch(database, machine, second, "second")
    assert abs(second() - first()) < SECOND
    machine.slept = 3600  # by now the rows of both are old: who starts now is alone
    third = machine.clock()
    watch(database, machine, third, "third")
    assert abs(third() - machine.wall()) < SECOND
    database.close()
