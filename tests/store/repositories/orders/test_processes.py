"""Process instances: known for ever, held by one transaction at a time, and filled in by the upgrade."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Thread

import pytest
from sqlalchemy import text

from csire_bridge.domain.identifiers import MessageId, ProcessInstanceId
from csire_bridge.domain.message.message import Channel, Form
from csire_bridge.domain.message.processes import Process
from csire_bridge.domain.message.sid import SidNumber, SidWithdrawal
from csire_bridge.domain.order.order import OrderKind, OrderState
from csire_bridge.store.database import Database
from tests.store.test_store import upgrade_to
from tests.support.patience import PATIENCE, wait_until
from tests.support.store import CODE, NOW, PROCESS, add_order

ASKED = Process(process_instance=PROCESS, kind=OrderKind.DISCONNECT, metering_point=CODE)
OTHER = ProcessInstanceId.new()


def waits_for_a_lock(database: Database) -> bool:
    with database.reading() as connection:
        return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())


def meanwhile(database: Database, act: Callable[[], None]) -> Thread:
    """Do ``act`` in a transaction of somebody else, who waits for ours; only PostgreSQL lets two of them be open."""
    other = Thread(target=act)
    other.start()
    wait_until(
        lambda: not database.is_postgresql or waits_for_a_lock(database),
        lambda: "nobody waits: both would decide without the other",
    )
    return other


@pytest.mark.parametrize("known_before", [True, False])
def test_given_the_end_of_a_process_that_is_not_committed_when_its_order_is_judged_then_the_order_waits_and_sees_it(
    database: Database, known_before: bool
) -> None:
    seen: list[Process] = []

    def order_comes() -> None:
        with database.transaction() as tx:
            seen.extend(tx.processes.lock([ASKED]).values())

    if known_before:
        order_comes()
        seen.clear()
    by = MessageId.new()
    with database.transaction() as tx:
        tx.processes.lock([Process(process_instance=PROCESS)])
        tx.processes.end(PROCESS, by, NOW)
        other = meanwhile(database, order_comes)
    other.join(PATIENCE)
    assert [(process.ended_at, process.ended_by) for process in seen] == [(NOW, by)]


def test_given_many_processes_when_held_by_two_in_opposite_order_then_nobody_waits_in_a_circle(
    database: Database,
) -> None:
    named = [Process(process_instance=ProcessInstanceId.new()) for _ in range(20)]

    def holds(processes: list[Process]) -> None:
        for _ in range(10):
            with database.transaction() as tx:
                assert len(tx.processes.lock(processes)) == len(named)

    with ThreadPoolExecutor(2) as both:
        list(both.map(holds, (named, named[::-1])))


def test_given_a_process_whose_end_came_first_when_it_asks_then_both_are_known_and_the_first_end_stays(
    database: Database,
) -> None:
    first, second = MessageId.new(), MessageId.new()
    with database.transaction() as tx:
        assert tx.processes.lock([Process(process_instance=PROCESS)])[PROCESS].kind is None
        tx.processes.end(PROCESS, first, NOW)
        tx.processes.end(PROCESS, second, NOW)
        tx.processes.ask(ASKED)
    with database.transaction() as tx:
        known = tx.processes.lock([ASKED, Process(process_instance=OTHER)])
    assert known[PROCESS] == Process(
        process_instance=PROCESS, kind=OrderKind.DISCONNECT, metering_point=CODE, ended_at=NOW, ended_by=first
    )
    assert known[OTHER] == Process(process_instance=OTHER)


def test_given_a_withdrawal_of_sid_when_its_order_is_taken_at_the_same_time_then_one_waits_for_the_other(
    database: Database,
) -> None:
    number, seen = SidNumber("SID-7"), []

    def order_comes() -> None:
        with database.transaction() as tx:
            tx.sid.lock([number])
            seen.append(tx.sid.kept_withdrawal(number))

    with database.transaction() as tx:
        (message,) = tx.messages.add(Channel.SID, NOW, [("sid", b"<a/>", "00" * 32, Form.BARE)])
    with database.transaction() as tx:
        tx.sid.lock([number])
        tx.sid.keep_withdrawal(SidWithdrawal(number, "paid"), message, NOW)
        tx.sid.keep_withdrawal(SidWithdrawal(number, "again"), message, NOW)
        other = meanwhile(database, order_comes)
    other.join(PATIENCE)
    assert seen == [SidWithdrawal(number, "paid")]


_MESSAGE = (
    "INSERT INTO messages (channel, origin, received_at, sha256, form, raw, state, message_id, number,"
    " process_instance, metering_point, archive) VALUES ('replay', 'x', '2026-11-23 09:00:00.000000', 'x', 'bare',"
    " :raw, 'accepted', :id, :number, :process, :point, :archive)"
)


def test_given_orders_archived_orders_and_early_ends_of_an_older_version_when_upgraded_then_their_processes_are_known(
    address: str,
) -> None:
    open_one, archived, ended = (ProcessInstanceId.new() for _ in range(3))
    by = MessageId.new()
    rows: list[dict[str, object]] = [
        {"number": "8.1.1.5", "process": open_one, "raw": b"x", "archive": None, "id": MessageId.new()},
        {"number": "8.2.1.6", "process": archived, "raw": b"", "archive": "kept.zip", "id": MessageId.new()},
        {"number": "S", "process": ended, "raw": b"...CK0986...", "archive": None, "id": by},
        {"number": "S", "process": ended, "raw": b"...CK0986...", "archive": None, "id": MessageId.new()},
        {"number": "S", "process": ProcessInstanceId.new(), "raw": b"CK0984", "archive": None, "id": MessageId.new()},
        {"number": "3.1.1.1", "process": ProcessInstanceId.new(), "raw": b"", "archive": "k", "id": MessageId.new()},
    ]
    with closing(Database(address)) as database:
        upgrade_to(database, "0012")
        with database.transaction() as tx:
            for row in rows:
                plain = {name: str(value) if isinstance(value, str) else value for name, value in row.items()}
                tx.connection.execute(text(_MESSAGE), plain | {"point": str(CODE)})
            tx.connection.execute(
                text(
                    "INSERT INTO orders (kind, state, metering_point, process_instance, source_message, source_number,"
                    " registered_at, not_before, version, attempts) VALUES ('disconnect', 'done', :point, :process,"
                    " 'm', '8.1.1.5', '2026-11-23 09:00:00.000000', '2026-11-23 09:00:00.000000', 1, 1)"
                ),
                {"point": str(CODE), "process": str(open_one)},
            )
        database.upgrade()
        with database.transaction() as tx:
            count = tx.connection.execute(text("SELECT count(*) FROM processes")).scalar_one()
            known = tx.processes.lock([Process(process_instance=one) for one in (open_one, archived, ended)])
            assert tx.orders.get(1).state is OrderState.DONE
    assert count == 3
    assert (known[open_one].kind, known[open_one].archive) == (OrderKind.DISCONNECT, None)
    assert (known[archived].kind, known[archived].archive) == (OrderKind.RECONNECT, "kept.zip")
    assert (known[ended].kind, known[ended].ended_by) == (None, by)
    assert known[ended].ended_at is not None


def test_given_an_order_that_no_row_of_a_process_stands_for_when_it_is_asked_then_the_order_is_found(
    database: Database,
) -> None:
    order = add_order(database)
    with database.transaction() as tx:
        found = tx.neighbours.of_processes([PROCESS, OTHER])
    assert {process: [one.key for one in orders] for process, orders in found.items()} == {
        PROCESS: [order.key],
        OTHER: [],
    }
