"""A worker or a leader that hangs and comes back can't act on what it held, on any database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, select

from csire_bridge.domain.errors import StaleWrite
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.store import tables
from csire_bridge.store.database import Database
from csire_bridge.store.unit_of_work import UnitOfWork
from tests.support.patience import PATIENCE
from tests.support.store import MINUTE, NOW, SECOND, add_order, count, lease

Ending = Callable[[UnitOfWork, WorkItem], None]
ENDINGS: dict[str, Ending] = {
    "hold": lambda tx, item: tx.work.assert_leased([item]),
    "finish": lambda tx, item: tx.work.finish([item]),
    "postpone": lambda tx, item: tx.work.reschedule(item, NOW + MINUTE),
    "fail": lambda tx, item: tx.work.reschedule(item, NOW + MINUTE, failed="no reply"),
    "park": lambda tx, item: tx.work.park(item, "too late"),
}


def add_work(database: Database, *subjects: int) -> None:
    with database.transaction() as tx:
        tx.work.add(WorkStep.EXECUTE, subjects, NOW)


def rows(database: Database) -> list[tuple[object, ...]]:
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(select(tables.work).order_by(tables.work.c.key))]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("heir", ["another", "slow"])
def test_given_a_worker_that_hung_past_its_lease_when_it_comes_back_then_it_changes_nothing(
    database: Database, ending: str, heir: str
) -> None:
    seen = add_order(database)
    add_work(database, seen.key, 10**6)
    held = lease(database, "slow", NOW)
    taken = lease(database, heir, NOW + MINUTE, limit=1)
    before = rows(database)
    for item in held[:1]:
        with pytest.raises(StaleWrite, match=f"execute of {seen.key}"), database.transaction() as tx:
            tx.orders.move(seen, OrderState.SUBMITTING, NOW, "too late")
            ENDINGS[ending](tx, item)
    assert rows(database) == before
    with database.transaction() as tx:
        assert tx.orders.get(seen.key) == seen
        assert len(tx.orders.history(seen.key)) == 1
        for item in taken:
            ENDINGS[ending](tx, item)


def test_given_a_batch_of_which_one_piece_was_lost_when_ended_then_no_piece_of_it_is_changed(
    database: Database,
) -> None:
    add_work(database, 1, 2, 3)
    held = lease(database, "slow", NOW)
    lease(database, "heir", NOW + MINUTE, limit=1)
    before = rows(database)
    endings: list[Callable[[UnitOfWork], None]] = [
        lambda tx: tx.work.finish(held),
        lambda tx: tx.work.reschedule_all([(item, NOW, None) for item in held]),
        lambda tx: tx.work.park_all([(item, "why") for item in held]),
    ]
    for end in endings:
        with pytest.raises(StaleWrite), database.transaction() as tx:
            end(tx)
    assert rows(database) == before
    with database.transaction() as tx:
        tx.work.finish(held[1:])
    assert count(database, tables.work) == 1


def test_given_work_that_was_ended_by_its_heir_when_the_first_comes_back_then_it_hears_so(database: Database) -> None:
    add_work(database, 1)
    (held,) = lease(database, "slow", NOW)
    (taken,) = lease(database, "heir", NOW + MINUTE)
    with database.transaction() as tx:
        tx.work.finish([taken])
    with pytest.raises(StaleWrite, match="execute of 1"), database.transaction() as tx:
        tx.work.add(WorkStep.ACKNOWLEDGE, [1], NOW)
        tx.work.finish([held])
    assert count(database, tables.work) == 0


def test_given_a_lease_that_ran_out_when_nobody_has_taken_the_work_then_its_holder_may_still_end_it(
    database: Database,
) -> None:
    add_work(database, 1)
    (held,) = lease(database, "slow", NOW)
    with database.transaction() as tx:
        tx.work.assert_leased([held])
        tx.work.finish([held])
    assert count(database, tables.work) == 0


def test_given_held_work_when_hastened_then_the_lease_stays(database: Database) -> None:
    add_work(database, 1)
    (held,) = lease(database, "a", NOW)
    with database.transaction() as tx:
        tx.work.wake(WorkStep.EXECUTE, [1], NOW - SECOND)
    assert lease(database, "b", NOW + SECOND) == []
    with database.transaction() as tx:
        tx.work.reschedule(held, NOW + MINUTE)


def test_given_an_event_while_work_is_settled_when_both_are_written_then_the_event_is_not_slept_over(
    database: Database,
) -> None:
    """Whoever settles holds the work before looking for events; whoever hastens it comes before or after that."""
    for _ in range(20):
        with database.transaction() as tx:
            tx.connection.execute(delete(tables.work))
            tx.work.add(WorkStep.EXECUTE, [1], NOW)
        (held,) = lease(database, "a", NOW)
        barrier = threading.Barrier(2)

        def settle(held: WorkItem = held, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            with database.transaction() as tx:
                tx.work.assert_leased([held])
                told = tx.connection.execute(
                    select(tables.work.c.key).where(tables.work.c.step == WorkStep.INTAKE.value)
                )
                tx.work.reschedule(held, NOW if told.first() else NOW + MINUTE)

        def tell(barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            with database.transaction() as tx:
                tx.work.add(WorkStep.INTAKE, [1], NOW + 2 * MINUTE)  # stands for the event's row
                tx.work.wake(WorkStep.EXECUTE, [1], NOW)

        with ThreadPoolExecutor(2) as pool:
            for done in (pool.submit(settle), pool.submit(tell)):
                done.result()
        assert [item.subject for item in lease(database, "b", NOW)] == [1]


# --- work that ends the process


def die(database: Database, times: int, number: int = 10) -> list[WorkItem]:
    """Workers take work, one after the other, and are never heard of again; what the next one gets."""
    for turn in range(times):
        lease(database, f"worker-{turn}", NOW + turn * MINUTE, limit=number)
    return lease(database, "last", NOW + times * MINUTE, limit=number)


def test_given_workers_that_die_when_the_work_is_taken_again_then_it_is_counted_until_it_is_given_back(
    database: Database,
) -> None:
    add_work(database, 1)
    (item,) = die(database, 3)
    assert item.lapses == 3
    with database.transaction() as tx:
        tx.work.reschedule(item, NOW)
    assert [i.lapses for i in lease(database, "next", NOW)] == [0]


def test_given_a_worker_that_takes_its_own_work_again_then_nobody_died(database: Database) -> None:
    add_work(database, 1)
    lease(database, "a", NOW)
    assert [item.lapses for item in lease(database, "a", NOW + MINUTE)] == [0]


def test_given_work_that_may_be_poison_when_taken_then_it_is_taken_alone(database: Database) -> None:
    add_work(database, 1, 2, 3)
    assert [item.subject for item in die(database, 1)] == [1, 2, 3], "one death is nobody's fault"
    later = NOW + 2 * MINUTE
    assert [(item.subject, item.lapses) for item in lease(database, "x", later)] == [(1, 2)]
    assert [(item.subject, item.lapses) for item in lease(database, "y", later)] == [(2, 2)]
    (third,) = lease(database, "z", later)
    with database.transaction() as tx:
        tx.work.finish([third])
    assert [(item.subject, item.lapses) for item in lease(database, "x", later + MINUTE)] == [(1, 2)]


# --- leadership


def test_given_a_leader_that_paused_when_it_comes_back_then_what_it_writes_is_not_written(database: Database) -> None:
    later = NOW + 5 * MINUTE
    with database.transaction() as tx:
        old = tx.leases.acquire("ticker", Lease.starting("a", NOW, 5 * MINUTE), NOW)
    assert old == 1
    with database.transaction() as tx:
        tx.leases.check("ticker", "a", old)
        assert tx.leases.acquire("ticker", Lease.starting("b", later, 5 * MINUTE), later) == 2
    with pytest.raises(StaleWrite, match="term 1 is over"), database.transaction() as tx:
        tx.work.add(WorkStep.EXECUTE, [1], NOW)
        tx.leases.check("ticker", "a", old)
    assert count(database, tables.work) == 0
    with database.transaction() as tx:
        tx.leases.check("ticker", "b", 2)
        assert tx.leases.acquire("ticker", Lease.starting("a", later, 5 * MINUTE), later) is None


def test_given_a_leader_when_it_gave_the_lease_back_then_its_term_is_over_even_if_it_leads_again(
    database: Database,
) -> None:
    with database.transaction() as tx:
        first = tx.leases.acquire("ticker", Lease("a", NOW + MINUTE), NOW)
        tx.leases.release("ticker", "a", NOW)
        second = tx.leases.acquire("ticker", Lease("a", NOW + MINUTE), NOW)
    assert (first, second) == (1, 2)
    with pytest.raises(StaleWrite), database.transaction() as tx:
        tx.leases.check("ticker", "a", 1)
    with pytest.raises(StaleWrite), database.transaction() as tx:
        tx.leases.check("never held", "a", 1)


def test_given_nodes_that_all_want_a_lease_nobody_ever_held_when_they_ask_at_once_then_one_leads_and_none_fails(
    database: Database,
) -> None:
    barrier = threading.Barrier(6)

    def hold(number: int) -> int | None:
        barrier.wait()
        with database.transaction() as tx:
            return tx.leases.acquire("ticker", Lease(f"node-{number}", NOW + MINUTE), NOW)

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(hold, range(6)), key=str) == [1, None, None, None, None, None]


def test_given_a_leader_in_a_transaction_when_another_wants_to_lead_then_it_waits_for_its_end(
    database: Database,
) -> None:
    later = NOW + 5 * MINUTE
    order: list[str] = []
    with database.transaction() as tx:
        tx.leases.acquire("ticker", Lease("a", later), NOW)
    checked = threading.Event()

    def lead() -> None:
        checked.wait(PATIENCE)
        with database.transaction() as tx:
            tx.leases.acquire("ticker", Lease("b", later + MINUTE), later)
            order.append("b leads")

    follower = threading.Thread(target=lead)
    follower.start()
    with database.transaction() as tx:
        tx.leases.check("ticker", "a", 1)
        checked.set()
        follower.join(timeout=0.2)
        order.append("a is done")
    follower.join()
    assert order == ["a is done", "b leads"]
