"""What every store promises. Each test gets a ``database``, of every kind in turn (tests/conftest.py)."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, select
from sqlalchemy.exc import StatementError

from csire_bridge.domain.errors import BridgeError, ConfigurationError, OurFault, StaleWrite, StoreFailure
from csire_bridge.domain.identifiers import (
    CorrelationId,
    Eic,
    MessageId,
    MessageNumber,
    MeteringPointCode,
    MeterNumber,
    ProcessInstanceId,
)
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.message import Channel, Form, MessageState, RegistryUpdate, SettledMessage, TakenId
from csire_bridge.domain.meter.contactor import ControlState, HeadEndEvent, HeadEndEventKind
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import (
    TRANSITIONS,
    DisconnectionKind,
    OrderKind,
    OrderState,
    Outcome,
)
from csire_bridge.domain.order.requests.related import CommandedOrder
from csire_bridge.domain.work import Lease, WorkStep
from csire_bridge.store import tables
from csire_bridge.store.database import Database, make_current
from tests.support.chance import examples
from tests.support.patience import PATIENCE
from tests.support.store import (
    CODE,
    HUB,
    MINUTE,
    NOW,
    PROCESS,
    SECOND,
    STEPS,
    add_order,
    count,
    document,
    lease,
    order,
)

# --- tables


@pytest.mark.usefixtures("real_upgrade")
def test_given_an_empty_place_when_upgraded_again_and_again_then_the_tables_stay_and_so_does_what_is_in_them(
    address: str,
) -> None:
    with closing(Database(address)) as database:
        database.upgrade()
        kept = add_order(database)
        for _ in range(3):
            database.upgrade()
        with database.transaction() as tx:
            assert tx.orders.get(kept.key) == kept


@pytest.mark.usefixtures("real_upgrade")
def test_given_the_migrations_when_compared_with_the_tables_of_the_code_then_nothing_differs(address: str) -> None:
    make_current(address)
    with closing(Database(address)) as database, database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []
        names = set(inspect(connection).get_table_names())
    assert names == set(tables.metadata.tables) | {"alembic_version"}


def test_given_orders_of_an_older_version_when_upgraded_then_they_and_all_that_refers_to_them_stay(
    address: str,
) -> None:
    with closing(Database(address)) as database:
        upgrade_to(database, "0003")
        with database.transaction() as tx:
            tx.connection.exec_driver_sql(
                "insert into orders (kind, state, metering_point, process_instance, source_message, source_number,"
                " registered_at, not_before, version, attempts) values ('disconnect', 'registered', '1', 'p', 'm',"
                " '8.1.1.5', '2026-11-23 09:00:00.000000', '2026-11-23 09:00:00.000000', 1, 0)"
            )
            tx.connection.exec_driver_sql(
                'insert into order_events ("order", at, state, text)'
                " values (1, '2026-11-23 09:00:00.000000', 'registered', 'kept')"
            )
        database.upgrade()
        with database.transaction() as tx:
            assert tx.orders.get(1).source_number == "8.1.1.5"
            assert [event.text for event in tx.orders.history(1)] == ["kept"]
            tx.orders.add([order(source_message=None, source_number=None, process_instance=None)] * 2, NOW)
        assert count(database, tables.orders) == 3
        with pytest.raises(OurFault), database.transaction() as tx:
            tx.orders.note(99, OrderState.DONE, NOW, "of nothing")


def upgrade_to(database: Database, revision: str) -> None:
    """Make the tables of an older version."""
    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).parents[1] / "migrations"))
    with database.transaction() as tx:
        config.attributes["connection"] = tx.connection
        command.upgrade(config, revision)


def test_given_several_processes_when_all_upgrade_at_once_then_all_succeed(address: str) -> None:
    code = "import sys; from csire_bridge.store.database import Database; Database(sys.argv[1]).upgrade()"
    processes = [subprocess.Popen([sys.executable, "-c", code, address]) for _ in range(3)]
    assert [process.wait(timeout=PATIENCE) for process in processes] == [0, 0, 0]
    with closing(Database(address)) as opened:
        assert count(opened, tables.orders) == 0


# --- transactions


def test_given_an_exception_when_the_transaction_ends_then_nothing_of_it_is_left(database: Database) -> None:
    with pytest.raises(RuntimeError, match="power cut"), database.transaction() as tx:
        (message,) = tx.messages.add(Channel.REPLAY, NOW, [("a.xml", b"<a/>", "00" * 32, Form.BARE)])
        tx.messages.take([((HUB, MessageId.new()), message, "00" * 32)])
        (key,) = tx.orders.add([order()], NOW)
        tx.outbox.add(document(key))
        tx.work.add(WorkStep.EXECUTE, [key], NOW)
        tx.points.put(MeteringPoint(code=CODE, updated_at=NOW))
        raise RuntimeError("power cut")
    for table in tables.metadata.tables.values():
        assert count(database, table) == 0, table.name


def test_given_a_transaction_when_not_yet_committed_then_readers_do_not_see_it(database: Database) -> None:
    with database.transaction() as tx:
        tx.messages.add(Channel.REPLAY, NOW, [("a.xml", b"<a/>", "00" * 32, Form.BARE)])
        assert count(database, tables.messages) == 0
    assert count(database, tables.messages) == 1


def test_given_many_writers_when_they_read_first_and_write_later_then_none_is_refused_and_no_write_is_lost(
    database: Database,
) -> None:
    started = add_order(database)

    def add_one(number: int) -> None:
        with database.transaction() as tx:
            current = tx.orders.get(started.key)
            tx.orders.note(current.key, current.state, NOW, f"line {number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(40)))
    with database.transaction() as tx:
        assert len(tx.orders.history(started.key)) == 41


# --- moments


@pytest.mark.parametrize(
    "moment",
    [
        NOW,
        NOW.replace(microsecond=0),
        NOW.replace(microsecond=1),
        NOW.replace(microsecond=999999),
        NOW.astimezone(timezone(timedelta(hours=1))),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(1901, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_given_a_moment_when_it_comes_back_then_it_is_the_same_aware_utc_to_the_microsecond(
    database: Database, moment: datetime
) -> None:
    found = add_order(database, registered_at=moment).registered_at
    assert found == moment
    assert found.tzinfo is UTC


def test_given_a_naive_moment_when_written_then_it_is_refused_and_nothing_is_stored(database: Database) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(StatementError, match="no time zone"):
        add_order(database, registered_at=naive)
    with pytest.raises(StatementError, match="no time zone"), database.transaction() as tx:
        tx.work.lease([WorkStep.EXECUTE], naive, Lease("w", NOW), 1)
    assert count(database, tables.orders) == 0


def test_given_moments_of_different_length_when_sorted_by_the_database_then_they_are_in_order(
    database: Database,
) -> None:
    moments = [NOW.replace(microsecond=m) for m in (0, 1, 10, 500000, 999999)]
    with database.transaction() as tx:
        tx.work.add(WorkStep.EXECUTE, range(5), list(reversed(moments)))
        found = tx.work.lease([WorkStep.EXECUTE], NOW + SECOND, Lease("w", NOW + MINUTE), 5)
    assert [item.subject for item in found] == [4, 3, 2, 1, 0]


# --- journal


def test_given_arrivals_when_journaled_then_bytes_come_back_as_they_were_in_order_with_a_history(
    database: Database,
) -> None:
    raws = [bytes(range(256)), b"", "zażółć".encode()]
    with database.transaction() as tx:
        keys = tx.messages.add(
            Channel.QUEUE, NOW, [(f"{n}.xml", raw, f"{n}" * 64, Form.BARE) for n, raw in enumerate(raws)]
        )
    with database.transaction() as tx:
        found = tx.messages.raw(keys)
    assert [m.raw for m in found] == raws
    assert [m.key for m in found] == keys == sorted(keys)
    assert {(m.channel, m.received_at) for m in found} == {(Channel.QUEUE, NOW)}
    assert [(m.origin, m.sha256) for m in found] == [(f"{n}.xml", f"{n}" * 64) for n in range(3)]
    with database.reading() as connection:
        events = connection.execute(select(tables.message_events.c.message, tables.message_events.c.text)).all()
    assert [tuple(e) for e in events] == [(key, f"queue: {n}.xml") for n, key in enumerate(keys)]


def test_given_no_arrivals_when_journaled_then_nothing_happens(database: Database) -> None:
    with database.transaction() as tx:
        assert tx.messages.add(Channel.QUEUE, NOW, []) == []
        assert tx.messages.raw([]) == []
        assert tx.messages.taken([]) == {}
        tx.messages.take([])
        tx.messages.settle([])
        tx.messages.note([])
        assert tx.orders.add([], NOW) == []
        assert tx.work.add(WorkStep.EXECUTE, [], NOW) == []
        tx.work.finish([])
    assert count(database, tables.message_events) == 0


def settled(key: int, **changes: object) -> SettledMessage:
    base = SettledMessage(
        key=key,
        state=MessageState.ACCEPTED,
        receipt=b"<receipt/>",
        message_id=MessageId.new(),
        number=MessageNumber("8.1.1.5"),
        sender="10XPL-TSO------P",
        process_instance=PROCESS,
        metering_point=CODE,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_given_a_settled_message_when_settled_again_then_the_first_verdict_stays(database: Database) -> None:
    with database.transaction() as tx:
        (key,) = tx.messages.add(Channel.REPLAY, NOW, [("a.xml", b"<a/>", "00" * 32, Form.BARE)])
        tx.messages.settle([settled(key)])
    with database.transaction() as tx:
        assert tx.messages.raw([key]) == []
        tx.messages.settle([settled(key, state=MessageState.REFUSED, receipt=b"<other/>", code="schema.value")])
    with database.reading() as connection:
        row = connection.execute(select(tables.messages)).one()
    assert (row.state, row.receipt, row.code, row.raw) == ("accepted", b"<receipt/>", None, b"<a/>")


def test_given_several_messages_when_settled_together_then_each_has_its_own_end(database: Database) -> None:
    with database.transaction() as tx:
        one, two, three = tx.messages.add(Channel.REPLAY, NOW, [(f"{n}", b"x", "0" * 64, Form.BARE) for n in range(3)])
        refusal = settled(
            two, state=MessageState.REFUSED, message_id=None, number=None, code="parser.dtd", problem="a DTD"
        )
        tx.messages.settle([settled(one), refusal])
        assert [m.key for m in tx.messages.raw([one, two, three])] == [three]
    with database.reading() as connection:
        rows = connection.execute(select(tables.messages).order_by(tables.messages.c.key)).all()
    assert [(r.state, r.code, r.problem) for r in rows] == [
        ("accepted", None, None),
        ("refused", "parser.dtd", "a DTD"),
        ("received", None, None),
    ]


def test_given_an_id_when_taken_then_a_repeat_finds_message_hash_and_receipt(database: Database) -> None:
    taken, free = MessageId.new(), MessageId.new()
    with database.transaction() as tx:
        (key,) = tx.messages.add(Channel.REPLAY, NOW, [("a.xml", b"<a/>", "cd" * 32, Form.BARE)])
        tx.messages.take([((HUB, taken), key, "cd" * 32)])
        tx.messages.settle([settled(key, message_id=taken)])
    with database.transaction() as tx:
        found = tx.messages.taken([(HUB, taken), (HUB, free)])
    assert found == {(HUB, taken): TakenId(key, "cd" * 32, {Form.BARE: b"<receipt/>"})}


def test_given_repeats_in_both_forms_then_the_first_receipt_of_each_form_is_found(database: Database) -> None:
    taken = MessageId.new()
    forms = (Form.BARE, Form.SOAP, Form.SOAP, Form.BARE)
    with database.transaction() as tx:
        keys = tx.messages.add(Channel.WEBHOOK, NOW, [("a", b"a", "cd" * 32, form) for form in forms])
        tx.messages.take([((HUB, taken), keys[0], "cd" * 32)])
        states = (MessageState.ACCEPTED, *[MessageState.DUPLICATE] * 3)
        for key, state in zip(keys, states, strict=True):
            tx.messages.settle([settled(key, message_id=taken, state=state, receipt=b"%d" % keys.index(key))])
    with database.read_transaction() as tx:
        assert tx.messages.taken([(HUB, taken)])[HUB, taken].receipts == {Form.BARE: b"0", Form.SOAP: b"1"}
        assert tx.messages.ends(keys)[keys[2]].receipt == b"2"
        assert tx.messages.ends([10**6]) == {}


def test_given_a_lease_by_name_then_one_holds_it_until_it_ends_or_is_given_back(database: Database) -> None:
    mine, other = (Lease.starting(name, NOW, timedelta(minutes=5)) for name in ("me", "you"))
    later = NOW + timedelta(minutes=5)
    with database.transaction() as tx:
        assert tx.leases.acquire("queue", mine, NOW) == 1
        assert tx.leases.acquire("queue", mine, NOW) == 1
        assert not tx.leases.acquire("queue", other, NOW)
        tx.leases.release("queue", "you", NOW)
        assert not tx.leases.acquire("queue", other, NOW)
        assert tx.leases.acquire("queue", other, later) == 2
        tx.leases.release("queue", "you", later)
        assert tx.leases.acquire("queue", Lease.starting("me", later, timedelta(minutes=5)), later) == 3


def test_given_two_workers_when_both_take_one_id_then_the_second_loses_and_writes_nothing(database: Database) -> None:
    wanted, other = MessageId.new(), MessageId.new()
    with database.transaction() as tx:
        one, two = tx.messages.add(
            Channel.REPLAY, NOW, [("a", b"a", "0" * 64, Form.BARE), ("b", b"b", "1" * 64, Form.SOAP)]
        )
        tx.messages.take([((HUB, wanted), one, "0" * 64)])
    with pytest.raises(StaleWrite), database.transaction() as tx:
        tx.messages.note([(two, NOW, "intake", "never seen")])
        tx.messages.take([((HUB, other), two, "1" * 64), ((HUB, wanted), two, "1" * 64)])
    with database.transaction() as tx:
        assert tx.messages.taken([(HUB, wanted), (HUB, other)]).keys() == {(HUB, wanted)}
    assert count(database, tables.message_events) == 2


def test_given_an_id_of_one_sender_when_another_sends_it_too_then_neither_burns_the_others(database: Database) -> None:
    same, other = MessageId.new(), Eic.parse("19XPL-RZE-SA---V")
    with database.transaction() as tx:
        one, two = tx.messages.add(
            Channel.WEBHOOK, NOW, [("a", b"a", "0" * 64, Form.BARE), ("b", b"b", "1" * 64, Form.BARE)]
        )
        tx.messages.take([((other, same), one, "0" * 64)])
        tx.messages.settle([settled(one, message_id=same, sender=str(other), receipt=b"theirs")])
        assert tx.messages.taken([(HUB, same)]) == {}
        tx.messages.take([((HUB, same), two, "1" * 64)])
        tx.messages.settle([settled(two, message_id=same, receipt=b"the hub's")])
        asked = [order(source_message=same, source_sender=sender) for sender in (other, HUB)]
        assert len(tx.orders.add(asked, NOW)) == 2
    with database.transaction() as tx:
        found = tx.messages.taken([(HUB, same), (other, same)])
    assert found == {
        (HUB, same): TakenId(two, "1" * 64, {Form.BARE: b"the hub's"}),
        (other, same): TakenId(one, "0" * 64, {Form.BARE: b"theirs"}),
    }


def test_given_ids_and_orders_of_before_when_upgraded_then_they_are_those_of_their_messages_sender(
    address: str,
) -> None:
    taken = MessageId.new()
    with closing(Database(address)) as database:
        upgrade_to(database, "0018")
        with database.transaction() as tx:
            run, mark = tx.connection.exec_driver_sql, "?" if address.startswith("sqlite") else "%s"
            at = "2026-11-23 09:00:00.000000"
            of_message = (
                "insert into messages (channel, origin, received_at, sha256, raw, state, message_id, sender)"
                " values ('webhook', 'a', ?, 'x', 'x', 'accepted', ?, ?)"
            )
            run(of_message.replace("?", mark), (at, str(taken), str(HUB)))
            of_id = "insert into accepted_ids (message_id, message, content) values (?, 1, 'c')"
            run(of_id.replace("?", mark), (str(taken),))
            of_order = (
                "insert into orders (kind, state, metering_point, process_instance, source_message, source_number,"
                " registered_at, not_before, version, attempts)"
                " values ('disconnect', 'done', '1', 'p', ?, '8.1.1.5', ?, ?, 1, 0)"
            )
            run(of_order.replace("?", mark), (str(taken), at, at))
            run(
                "insert into partners (eic, entered_at, entered_by, role, numbers)"
                " values ('19XPL-RZE-SA---V', '2026-11-23 09:00:00.000000', 'Anna', 'supplier', '8.1.1.5')"
            )
        database.upgrade()
        with database.transaction() as tx:
            assert tx.messages.taken([(HUB, taken)])[HUB, taken].message == 1
            assert tx.orders.get(1).source_sender == HUB
            (partner,) = tx.partners.partners()
            assert (partner.numbers, partner.may_send_as_the_hub) == ("8.1.1.5", None)


# --- orders


def test_given_an_order_with_every_fact_when_it_comes_back_then_nothing_is_lost_and_types_are_kept(
    database: Database,
) -> None:
    full = order(
        disconnection_kind=DisconnectionKind.DEBT,
        supplier=Eic("19XPL-RZE-SA---V"),
        requested_date=date(2026, 11, 24),
        effective_date=date(2026, 12, 1),
        description="zażółć gęślą jaźń",
        tariff_group="G11",
        contracted_power=Decimal("40.1234"),
        end_reason="CK0001",
        meter=MeterNumber("00012345"),
        correlation_id="825970f3-22cb-489c-ad3d-3d89cbba8f04",
        attempts=2,
        submitted_at=NOW,
        expires_at=NOW + MINUTE,
        outcome=Outcome.UNKNOWN,
        detail="why",
    )
    with database.transaction() as tx:
        (key,) = tx.orders.add([full], NOW)
    with database.transaction() as tx:
        found = tx.orders.get(key)
        correlation_id = CorrelationId("825970F3-22cb-489c-ad3d-3d89cbba8f04 ")
        commanded = CommandedOrder(
            key, found.state, found.metering_point, MeterNumber("00012345"), correlation_id, told=False
        )
        assert tx.neighbours.by_correlation([correlation_id, CorrelationId("another")]) == {correlation_id: commanded}
        assert tx.neighbours.states_by_now([commanded]) == {key: found.state}
        assert tx.neighbours.states_by_now([]) == {}
        assert tx.neighbours.by_correlation([]) == {}
        assert tx.neighbours.by_correlation([CorrelationId(f"{correlation_id}x")]) == {}, "a longer one is another one"
        event = HeadEndEvent(correlation_id, commanded.meter, HeadEndEventKind.DISCONNECTED, "3.31.0.68", NOW)
        tx.head_end.add([(b"<event/>", event, key)], NOW)
        assert tx.neighbours.by_correlation([correlation_id]) == {correlation_id: replace(commanded, told=True)}
    assert found == replace(full, key=key)
    assert isinstance(found.metering_point, MeteringPointCode)
    assert isinstance(found.contracted_power, Decimal)
    assert found.kind is OrderKind.DISCONNECT


def test_given_an_order_when_moved_then_state_facts_version_and_history_change_together(database: Database) -> None:
    start = add_order(database)
    with database.transaction() as tx:
        moved = tx.orders.move(start, OrderState.SUBMITTING, NOW + SECOND, "command given", attempts=1)
    with database.transaction() as tx:
        assert tx.orders.get(start.key) == moved
        history = tx.orders.history(start.key)
    assert (moved.state, moved.version, moved.attempts) == (OrderState.SUBMITTING, start.version + 1, 1)
    assert [(e.at, e.state) for e in history] == [(NOW, OrderState.REGISTERED), (NOW + SECOND, OrderState.SUBMITTING)]
    assert history[1].text == "command given"


def test_given_an_order_that_changed_since_it_was_read_when_moved_then_it_is_stale_and_nothing_is_written(
    database: Database,
) -> None:
    seen = add_order(database)
    with database.transaction() as tx:
        tx.orders.move(seen, OrderState.SUBMITTING, NOW, "first")
    with pytest.raises(StaleWrite, match=f"order {seen.key} changed"), database.transaction() as tx:
        tx.work.add(WorkStep.ACKNOWLEDGE, [seen.key], NOW)
        tx.orders.move(seen, OrderState.REJECTED, NOW, "second", detail="never written")
    with database.transaction() as tx:
        current = tx.orders.get(seen.key)
        assert [e.text for e in tx.orders.history(seen.key)][1:] == ["first"]
    assert (current.state, current.detail) == (OrderState.SUBMITTING, None)
    assert count(database, tables.work) == 0


def test_given_workers_that_all_read_the_same_version_when_they_move_it_then_exactly_one_wins(
    database: Database,
) -> None:
    seen = add_order(database)
    barrier = threading.Barrier(8)

    def move(_: int) -> bool:
        barrier.wait()
        try:
            with database.transaction() as tx:
                tx.orders.move(seen, OrderState.SUBMITTING, NOW, "command given")
        except StaleWrite:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(move, range(8))) == 1
    with database.transaction() as tx:
        assert len(tx.orders.history(seen.key)) == 2


def test_given_many_orders_when_one_of_them_changed_meanwhile_then_none_of_them_moves(database: Database) -> None:
    seen = [add_order(database) for _ in range(5)]
    with database.transaction() as tx:
        tx.orders.move(seen[3], OrderState.REJECTED, NOW, "somebody was faster")
    moves = [(o, replace(o, state=OrderState.SUBMITTING, version=o.version + 1), "command given") for o in seen]
    with pytest.raises(StaleWrite), database.transaction() as tx:
        tx.orders.move_all(moves, NOW)
    del moves[3]
    with database.transaction() as tx:
        tx.orders.move_all(moves, NOW + SECOND)
    with database.transaction() as tx:
        found = tx.orders.get_many([o.key for o in seen])
        histories = {o.key: [e.text for e in tx.orders.history(o.key)][1:] for o in seen}
        assert tx.orders.get_many([]) == {}
    states = {o.key: OrderState.SUBMITTING for o in seen} | {seen[3].key: OrderState.REJECTED}
    assert {key: o.state for key, o in found.items()} == states
    assert histories == {o.key: ["command given"] for o in seen} | {seen[3].key: ["somebody was faster"]}


def test_given_many_orders_when_one_move_is_forbidden_then_nothing_is_written(database: Database) -> None:
    seen = [add_order(database), add_order(database, state=OrderState.DONE)]
    moves = [(o, replace(o, state=OrderState.SUBMITTING, version=o.version + 1), "never") for o in seen]
    with pytest.raises(ValueError, match="can't go from done"), database.transaction() as tx:
        tx.orders.move_all(moves, NOW)
    with database.transaction() as tx:
        assert tx.orders.get_many([o.key for o in seen]) == {o.key: o for o in seen}


@pytest.mark.parametrize("state", OrderState)
def test_given_a_forbidden_move_when_tried_then_nothing_is_written(database: Database, state: OrderState) -> None:
    start = add_order(database, state=state)
    for after in sorted(set(OrderState) - TRANSITIONS[state]):
        with pytest.raises(ValueError, match="can't go from"), database.transaction() as tx:
            tx.orders.move(start, after, NOW, "never")
    with database.transaction() as tx:
        assert tx.orders.get(start.key) == start
        assert len(tx.orders.history(start.key)) == 1


def test_given_the_orders_of_a_process_when_asked_for_the_open_ones_then_ended_ones_are_left_out(
    database: Database,
) -> None:
    keys = {state: add_order(database, state=state).key for state in OrderState}
    add_order(database, process_instance=ProcessInstanceId.new())
    with database.transaction() as tx:
        found = {o.key for o in tx.neighbours.open_of_process(PROCESS)}
    ended = (OrderState.DONE, OrderState.REJECTED, OrderState.SUPERSEDED, OrderState.WITHDRAWN)
    assert found == {key for state, key in keys.items() if state not in ended}


def test_given_one_message_when_it_would_become_two_orders_then_the_second_is_refused(database: Database) -> None:
    source = MessageId.new()
    add_order(database, source_message=source)
    with pytest.raises(StaleWrite):
        add_order(database, source_message=source)
    assert count(database, tables.orders) == 1


def test_given_keys_that_nobody_has_when_asked_for_then_it_is_said(database: Database) -> None:
    with database.transaction() as tx:
        with pytest.raises(KeyError):
            tx.orders.get(4711)
        with pytest.raises(KeyError):
            tx.outbox.get(4711)
        assert tx.outbox.held([MessageId.new()]) == {}
        assert tx.points.get(CODE) is None
        assert tx.head_end.latest_of([(4711, CorrelationId("x"))]) == {}
        assert tx.orders.history(4711) == []


# --- work and leases


def test_given_work_when_leased_then_priority_comes_before_age_and_age_before_the_order_of_writing(
    database: Database,
) -> None:
    with database.transaction() as tx:
        tx.work.add(WorkStep.EXECUTE, [1], NOW - SECOND, priority=10)
        tx.work.add(WorkStep.EXECUTE, [2], NOW, priority=0)
        tx.work.add(WorkStep.EXECUTE, [3], NOW - MINUTE, priority=10)
        tx.work.add(WorkStep.DELIVER, [4, 5], NOW - MINUTE, priority=[10, 0])
        tx.work.add(WorkStep.EXECUTE, [6], NOW + timedelta(microseconds=1), priority=0)
    assert [i.subject for i in lease(database, "a", NOW, limit=2)] == [5, 2]
    assert [i.subject for i in lease(database, "b", NOW)] == [3, 4, 1]
    assert [i.subject for i in lease(database, "c", NOW)] == []
    assert [i.subject for i in lease(database, "c", NOW + SECOND)] == [6]


def test_given_work_of_several_steps_when_leased_then_only_the_asked_steps_are_given(database: Database) -> None:
    with database.transaction() as tx:
        for step in STEPS:
            tx.work.add(step, [7], NOW)
        asked = [WorkStep.ACKNOWLEDGE, WorkStep.DELIVER]
        assert {i.step for i in tx.work.lease(asked, NOW, Lease("a", NOW + MINUTE), 10)} == set(asked)


def test_given_workers_at_once_when_they_lease_then_no_piece_is_given_twice_and_none_is_forgotten(
    database: Database,
) -> None:
    with database.transaction() as tx:
        tx.work.add(WorkStep.EXECUTE, range(200), NOW)
    barrier = threading.Barrier(6)

    def work(name: int) -> list[int]:
        barrier.wait()
        mine: list[int] = []
        while items := lease(database, f"worker-{name}", NOW, limit=7):
            mine += [i.subject for i in items]
        return mine

    with ThreadPoolExecutor(6) as pool:
        taken = [subject for mine in pool.map(work, range(6)) for subject in mine]
    assert sorted(taken) == list(range(200))


def test_given_a_lease_when_it_has_run_out_then_another_worker_takes_over_and_not_a_moment_before(
    database: Database,
) -> None:
    with database.transaction() as tx:
        tx.work.add(WorkStep.EXECUTE, [1], NOW)
    (first,) = lease(database, "dead", NOW)
    assert lease(database, "heir", NOW + MINUTE - timedelta(microseconds=1)) == []
    assert lease(database, "heir", NOW + MINUTE) == [replace(first, lapses=1)]
    assert lease(database, "third", NOW + MINUTE) == []


def test_given_work_written_under_a_lease_when_others_look_then_its_writer_goes_on_with_it(database: Database) -> None:
    with database.transaction() as tx:
        items = tx.work.add(WorkStep.EXECUTE, [1, 2], NOW, priority=[0, 10], lease=Lease("a", NOW + MINUTE))
    assert [(i.subject, i.priority, i.attempts) for i in items] == [(1, 0, 0), (2, 10, 0)]
    assert lease(database, "b", NOW) == []
    assert lease(database, "b", NOW + MINUTE) == [replace(item, lapses=1) for item in items]


def test_given_work_when_postponed_then_it_comes_back_at_its_time_and_failures_are_counted(
    database: Database,
) -> None:
    with database.transaction() as tx:
        tx.work.add(WorkStep.EXECUTE, [1], NOW)
    (item,) = lease(database, "a", NOW)
    with database.transaction() as tx:
        tx.work.reschedule(item, NOW + SECOND)
        assert tx.work.next_due(STEPS) == NOW + SECOND
    assert lease(database, "b", NOW) == []
    (item,) = lease(database, "b", NOW + SECOND)
    assert item.attempts == 0
    for attempt in (1, 2):
        with database.transaction() as tx:
            tx.work.reschedule(item, NOW, failed="the head-end system can't be reached")
        (item,) = lease(database, "b", NOW)
        assert item.attempts == attempt


def test_given_several_pieces_when_given_back_together_then_each_has_its_own_time_and_count(database: Database) -> None:
    with database.transaction() as tx:
        tx.work.add(WorkStep.EXECUTE, [1, 2], NOW)
    one, two = lease(database, "a", NOW)
    with database.transaction() as tx:
        tx.work.reschedule_all([(one, NOW + MINUTE, None), (two, NOW, "no reply")])
    assert [(i.subject, i.attempts) for i in lease(database, "b", NOW)] == [(2, 1)]
    assert [(i.subject, i.attempts) for i in lease(database, "c", NOW + MINUTE - SECOND)] == []
    assert [(i.subject, i.attempts) for i in lease(database, "c", NOW + MINUTE)] == [(2, 1), (1, 0)]


def test_given_work_when_parked_then_nobody_gets_it_but_it_is_still_there_with_its_reason(database: Database) -> None:
    with database.transaction() as tx:
        (item,) = tx.work.add(WorkStep.EXECUTE, [1], NOW)
        tx.work.park(item, "8 tries had no effect")
        assert tx.work.next_due(STEPS) is None
    assert lease(database, "a", NOW + timedelta(days=365)) == []
    with database.reading() as connection:
        row = connection.execute(select(tables.work)).one()
    assert (row.parked, row.last_error, row.leased_by) == (True, "8 tries had no effect", None)


def test_given_parked_work_when_released_then_it_is_due_with_its_tries_counted_anew_and_other_work_stays(
    database: Database,
) -> None:
    with database.transaction() as tx:
        first, second, free = tx.work.add(WorkStep.DELIVER, [1, 2, 3], NOW)
        tx.work.reschedule(first, NOW, failed="no reply")
        tx.work.reschedule(free, NOW + MINUTE)
        for piece in (first, second):
            tx.work.park(piece, "broken")
    with database.transaction() as tx:
        assert [(p.key, p.attempts, p.last_error) for p in tx.work.parked()] == [
            (first.key, 1, "broken"),
            (second.key, 0, "broken"),
        ]
        assert tx.work.parked(WorkStep.EXECUTE) == []
        tx.work.release([first.key, free.key], NOW)
        assert [piece.key for piece in tx.work.parked()] == [second.key]
        (item,) = tx.work.lease([WorkStep.DELIVER], NOW, Lease.starting("a", NOW, MINUTE), 9)
    assert (item.key, item.attempts) == (first.key, 0)


def test_given_waiting_work_when_hastened_then_it_is_due_now_and_due_work_stays_as_it_is(database: Database) -> None:
    with database.transaction() as tx:
        tx.work.add(WorkStep.EXECUTE, [1, 2], [NOW + MINUTE, NOW - MINUTE])
        tx.work.add(WorkStep.DELIVER, [1], NOW + MINUTE)
        tx.work.wake(WorkStep.EXECUTE, [1, 2], NOW)
        tx.work.wake(WorkStep.EXECUTE, [], NOW)
    assert [(i.step, i.subject) for i in lease(database, "a", NOW)] == [(WorkStep.EXECUTE, 2), (WorkStep.EXECUTE, 1)]


def test_given_done_work_when_looked_for_then_it_is_gone_and_other_work_is_not(database: Database) -> None:
    with database.transaction() as tx:
        items = tx.work.add(WorkStep.EXECUTE, [1, 2, 3, 4], NOW)
        tx.work.add(WorkStep.DELIVER, [2], NOW)
        tx.work.finish([items[0], items[3]])
    assert [(i.step, i.subject) for i in lease(database, "a", NOW)] == [
        (WorkStep.EXECUTE, 2),
        (WorkStep.EXECUTE, 3),
        (WorkStep.DELIVER, 2),
    ]


def test_given_a_subject_with_work_when_the_same_step_is_added_again_then_it_is_refused(database: Database) -> None:
    with database.transaction() as tx:
        tx.work.add(WorkStep.ACKNOWLEDGE, [1], NOW)
    with pytest.raises(StaleWrite), database.transaction() as tx:
        tx.work.add(WorkStep.ACKNOWLEDGE, [1], NOW)
    assert count(database, tables.work) == 1


# --- outbox


def test_given_a_document_when_stored_then_its_bytes_come_back_as_they_were(database: Database) -> None:
    wanted = document(add_order(database).key)
    with database.transaction() as tx:
        key = tx.outbox.add(wanted)
    with database.transaction() as tx:
        assert tx.outbox.get(key) == replace(wanted, key=key)
        assert tx.outbox.held([wanted.message_id]) == {wanted.message_id: replace(wanted, key=key)}


def test_given_an_id_in_the_outbox_when_a_second_document_wants_it_then_it_is_refused(database: Database) -> None:
    first = document(add_order(database).key)
    with database.transaction() as tx:
        tx.outbox.add(first)
    with pytest.raises(StaleWrite), database.transaction() as tx:
        tx.outbox.add(replace(first, document=b"<other/>"))
    with database.transaction() as tx:
        assert tx.outbox.held([first.message_id])[first.message_id].document == first.document
    assert count(database, tables.outbox) == count(database, tables.outbox_events) == 1


def test_given_an_answer_to_an_order_when_one_of_the_same_number_is_stored_then_none_of_them_is(
    database: Database,
) -> None:
    one, two, three = (add_order(database, source_message=MessageId.new()).key for _ in range(3))
    with database.transaction() as tx:
        tx.outbox.add(document(two))
    with pytest.raises(StaleWrite), database.transaction() as tx:
        tx.outbox.add_all([document(one), document(two), document(three)])
    with database.transaction() as tx:
        number = document(two).number
        assert tx.outbox.answered([one, two, three]) == {(two, number)}
        wanted = [document(one), document(three), document(two, number=MessageNumber("8.1.1.7"))]
        keys = tx.outbox.add_all(wanted)
        assert [tx.outbox.many(keys)[key].message_id for key in keys] == [one.message_id for one in wanted]


Step = Callable[[Database, int], None]


def _deliver(database: Database, key: int) -> None:
    with database.transaction() as tx:
        tx.outbox.delivered(key, NOW, "folder/a.xml")


def _confirm(database: Database, key: int) -> None:
    with database.transaction() as tx:
        tx.outbox.result(key, NOW, DocumentState.CONFIRMED, "CA001", None)


def _contest(database: Database, key: int) -> None:
    with database.transaction() as tx:
        tx.outbox.result(key, NOW, DocumentState.CONTESTED, "CE104", "no")


def _park(database: Database, key: int) -> None:
    with database.transaction() as tx:
        tx.outbox.park(key, NOW, "the partner refuses")


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ([_deliver], DocumentState.DELIVERED),
        ([_deliver, _confirm], DocumentState.CONFIRMED),
        ([_deliver, _contest], DocumentState.CONTESTED),
        ([_confirm, _deliver], DocumentState.CONFIRMED),  # the R_1 was faster than the reply
        ([_contest, _deliver], DocumentState.CONTESTED),
        ([_confirm, _park], DocumentState.CONFIRMED),
        ([_park], DocumentState.PARKED),
        ([_deliver, _park], DocumentState.DELIVERED),
    ],
)
def test_given_a_document_on_its_way_when_things_happen_in_any_order_then_a_result_stays_and_all_is_in_the_history(
    database: Database, steps: list[Step], state: DocumentState
) -> None:
    with database.transaction() as tx:
        (order_key,) = tx.orders.add([order()], NOW)
        key = tx.outbox.add(document(order_key))
    for step in steps:
        step(database, key)
    with database.transaction() as tx:
        assert tx.outbox.get(key).state is state
    assert count(database, tables.outbox_events) == 1 + len(steps)


# --- metering points


def told(**facts: object) -> RegistryUpdate:
    base = RegistryUpdate(process_instance=PROCESS, metering_point=CODE, effective_date=date(2026, 11, 23))
    return replace(base, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", list(DocumentState))
def test_given_a_document_when_released_then_only_a_parked_one_is_pending_again(
    database: Database, state: DocumentState
) -> None:
    wanted = document(add_order(database).key, state=state)
    with database.transaction() as tx:
        key = tx.outbox.add(wanted)
        tx.outbox.release(key, NOW, "released by Anna")
        after = tx.outbox.get(key).state
    assert after is (DocumentState.PENDING if state is DocumentState.PARKED else state)
    assert count(database, tables.outbox_events) == (2 if state is DocumentState.PARKED else 1)


def test_given_a_known_point_when_a_message_tells_a_part_then_the_rest_stays_as_it_was_known(
    database: Database,
) -> None:
    news = [
        told(
            meter_number=MeterNumber("DEMO00000001"), has_contactor=True, prepaid=True, contracted_power=Decimal("40.5")
        ),
        told(prepaid=False, tariff_group="G11"),
        told(),
    ]
    for number, update in enumerate(news):
        with database.transaction() as tx:
            tx.points.record_notice(update, NOW + number * SECOND)
    with database.transaction() as tx:
        found = tx.points.get(CODE)
    assert found == MeteringPoint(
        code=CODE,
        updated_at=NOW + SECOND,
        meter=MeterNumber("DEMO00000001"),
        has_contactor=True,
        prepaid=False,
        tariff_group="G11",
        contracted_power=Decimal("40.5"),
    )
    assert count(database, tables.metering_points) == 1


def test_given_a_point_when_its_supply_was_found_off_then_only_that_changes(database: Database) -> None:
    point = MeteringPoint(code=CODE, updated_at=NOW, danger_registered=False, connected=True)
    with database.transaction() as tx:
        tx.points.put(point)
        tx.points.switched_all([(CODE, False, NOW + SECOND)], NOW + SECOND)
        assert tx.points.get(CODE) == replace(point, connected=False, updated_at=NOW + SECOND)


FLAG = st.none() | st.booleans()
POINTS = st.builds(
    MeteringPoint,
    code=st.just(CODE),
    updated_at=st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - range
    meter=st.none() | st.text("0123456789ABC", min_size=1, max_size=20).map(MeterNumber),
    contracted_power=st.none() | st.decimals(0, Decimal("9999999.9999"), places=4),
    has_contactor=FLAG,
    prepaid=FLAG,
    can_be_suspended=FLAG,
    danger_registered=FLAG,
    connected=FLAG,
)


@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(point=POINTS)
def test_given_any_point_when_it_comes_back_then_unknown_is_still_unknown_and_no_is_still_no(
    database: Database, point: MeteringPoint
) -> None:
    with database.transaction() as tx:
        tx.points.put(point)
    with database.transaction() as tx:
        assert tx.points.get(CODE) == point


# --- events of the head-end system


def test_given_events_of_the_head_end_when_the_latest_is_asked_for_then_only_the_orders_command_counts(
    database: Database,
) -> None:
    key = add_order(database).key
    event = HeadEndEvent(
        correlation_id=CorrelationId("one"),
        meter=MeterNumber("DEMO00000001"),
        kind=HeadEndEventKind.DISCONNECTED,
        code="3.31.0.68",
        occurred_at=NOW,
        contactor=ControlState.DISCONNECTED,
        text="zażółć",
    )
    later = replace(event, kind=HeadEndEventKind.PROCESSED, contactor=None)
    with database.transaction() as tx:
        tx.head_end.add(
            [(b"<raw/>", event, key), (b"<raw/>", replace(event, correlation_id=CorrelationId("two")), key)], NOW
        )
        tx.head_end.add([(b"<raw/>", replace(event, correlation_id=None), None)], NOW)
        assert tx.head_end.latest_of([(key, CorrelationId("one"))]) == {key: event}
        tx.head_end.add([(b"<raw/>", later, key)], NOW)
        assert tx.head_end.latest_of([(key, CorrelationId("one"))]) == {key: event}, (
            "a movement tells more than 'processed'"
        )
        assert [e for _, e in tx.head_end.of_orders([key])] == [
            event,
            replace(event, correlation_id=CorrelationId("two")),
            later,
        ]
        assert tx.head_end.latest_of([(key, CorrelationId("three"))]) == {}
    assert count(database, tables.head_end_events) == 4


def test_given_an_event_that_failed_for_good_when_it_comes_back_then_it_still_did(database: Database) -> None:
    key = add_order(database).key
    kind = HeadEndEventKind.DISCONNECT_FAILED
    event = HeadEndEvent(CorrelationId("one"), MeterNumber("DEMO00000001"), kind, "3.31.0.84", NOW, permanent=True)
    with database.transaction() as tx:
        tx.head_end.add([(b"<raw/>", event, key)], NOW)
        assert tx.head_end.latest_of([(key, CorrelationId("one"))]) == {key: event}


def test_given_orders_at_meters_when_the_open_ones_are_asked_for_then_ended_ones_and_other_meters_are_not_told(
    database: Database,
) -> None:
    meter, other = MeterNumber("DEMO00000001"), MeterNumber("DEMO00000002")
    with database.transaction() as tx:
        for number, state in ((meter, OrderState.DONE), (meter, OrderState.UNKNOWN), (other, OrderState.UNKNOWN)):
            tx.orders.add([order(meter=number, state=state)], NOW)
        found = tx.neighbours.open_at_meters([meter])
        assert [(each.meter, each.state) for each in found] == [(meter, OrderState.UNKNOWN)]
        assert tx.neighbours.open_at_meters([]) == []


# --- what goes wrong says so in a sentence


@pytest.mark.parametrize(
    "wrong",
    ["nonsense", "", "foo://host/name", "mysql://host/name", "postgresql+nodriver://host/name", "sqlite+x:///a"],
)
def test_given_an_address_that_names_no_database_of_ours_when_opened_then_it_is_a_configuration_error(
    wrong: str,
) -> None:
    with pytest.raises(ConfigurationError, match="database address") as caught:
        Database(wrong)
    assert "sqlite:///" in caught.value.remedy


def failing(database: Database) -> list[BridgeError]:
    """What each way to use the database raises."""
    found: list[BridgeError] = []
    with closing(database):
        for use in (database.upgrade, lambda: count(database, tables.orders), lambda: add_order(database)):
            with pytest.raises(StoreFailure) as caught:
                use()
            found.append(caught.value)
    return found


def test_given_a_path_below_a_file_when_used_then_each_use_says_what_to_look_at(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("I am no folder")
    for error in failing(Database(f"sqlite:///{tmp_path / 'file' / 'bridge.db'}")):
        assert "can't be used" in error.text
        assert "permissions" in error.remedy


def test_given_a_folder_that_is_not_there_when_used_then_it_is_a_store_failure(tmp_path: Path) -> None:
    failing(Database(f"sqlite:///{tmp_path / 'missing' / 'bridge.db'}"))
    assert not (tmp_path / "missing").exists()


def test_given_a_folder_in_place_of_the_file_when_used_then_it_is_a_store_failure(tmp_path: Path) -> None:
    failing(Database(f"sqlite:///{tmp_path}"))


def test_given_a_file_that_is_no_database_when_used_then_it_is_a_store_failure_and_the_file_stays(
    tmp_path: Path,
) -> None:
    file = tmp_path / "bridge.db"
    file.write_bytes(b"these are somebody's notes" * 100)
    failing(Database(f"sqlite:///{file}"))
    assert file.read_bytes() == b"these are somebody's notes" * 100


def test_given_tables_that_were_never_made_when_used_then_it_is_a_store_failure(address: str) -> None:
    with closing(Database(address)) as opened, pytest.raises(StoreFailure):
        add_order(opened)
