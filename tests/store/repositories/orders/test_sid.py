"""What the store promises of SID's numbers and reports, and of orders with many sources, over every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from csire_bridge.domain.errors import StaleWrite
from csire_bridge.domain.identifiers import MessageId, MessageNumber, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.message import Channel, Form
from csire_bridge.domain.message.sid import ReportKind, SidNumber, SidOrder, SidStatus
from csire_bridge.domain.order.order import Order, OrderKind, OrderState, Outcome
from csire_bridge.domain.work import Lease, WorkStep
from csire_bridge.store.database import Database

NOW = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
POINT = MeteringPointCode("590243856287817706")
PLAIN = Order(
    key=0,
    kind=OrderKind.DISCONNECT,
    state=OrderState.REGISTERED,
    metering_point=POINT,
    process_instance=None,
    source_message=None,
    source_number=None,
    registered_at=NOW - 9 * MINUTE,
    not_before=NOW,
    version=1,
)


def hub_order(**changes: object) -> Order:
    facts = {
        "process_instance": ProcessInstanceId.new(),
        "source_message": MessageId.new(),
        "source_number": MessageNumber("8.1.1.5"),
    }
    return replace(PLAIN, **{**facts, **changes})  # type: ignore[arg-type]


def taken(database: Database, number: str = "SID/1", order: Order = PLAIN) -> tuple[Order, SidOrder]:
    """An order of SID as the intake writes it."""
    with database.transaction() as tx:
        (message,) = tx.messages.add(Channel.SID, NOW, [("sid", b"<raw/>", "0" * 64, Form.SOAP)])
        (key,) = tx.orders.add([order], NOW)
        found = tx.orders.get(key)
        tx.sid.add(sid_order(number, key, message), found)
        known = tx.sid.known(SidNumber(number))
    assert known is not None
    return found, known


def sid_order(number: str, order: int, message: int) -> SidOrder:
    return SidOrder(
        key=0,
        number=SidNumber(number),
        order=order,
        message=message,
        content="ab" * 32,
        registered_at=NOW - 9 * MINUTE,
        taken_at=NOW,
    )


def said(database: Database, number: str = "SID/1") -> list[tuple[int, SidStatus]]:
    with database.read_transaction() as tx:
        reports = tx.sid.reports(range(1, 100))
    return [(r.sequence, r.status) for _, r in sorted(reports.items()) if r.number == number]


def test_given_a_number_when_taken_then_it_is_known_whole_and_sid_is_told(database: Database) -> None:
    order, known = taken(database)
    assert replace(known, key=0) == sid_order("SID/1", order.key, known.message)
    assert said(database) == [(1, SidStatus.REGISTERED)]
    with database.transaction() as tx:
        assert tx.sid.known(SidNumber("SID/2")) is None
        assert tx.sid.behind([order.key, 99]) == {order.key: [known]}
        lease = Lease.starting("me", NOW, MINUTE)
        assert len(tx.work.lease([WorkStep.REPORT], NOW, lease, 10)) == 1


def test_given_a_number_when_taken_twice_then_the_second_writer_loses_everything(database: Database) -> None:
    taken(database)
    with pytest.raises(StaleWrite):
        taken(database)
    with database.read_transaction() as tx:
        assert len(tx.orders.get_many([1, 2, 3])) == 1


def test_given_an_order_that_moves_then_sid_is_told_where_it_stands_differently_and_only_then(
    database: Database,
) -> None:
    order, _ = taken(database)
    with database.transaction() as tx:
        order = tx.orders.move(order, OrderState.SUBMITTING, NOW, "giving", submitted_at=NOW)
        order = tx.orders.move(order, OrderState.SUBMITTED, NOW, "given")
        order = tx.orders.move(order, OrderState.UNKNOWN, NOW, "silent")
        facts = {"executed_at": NOW, "verified_at": NOW, "outcome": Outcome.DISCONNECTED}
        tx.orders.move(order, OrderState.DONE, NOW, "read", **facts)
    assert said(database) == [(1, SidStatus.REGISTERED), (2, SidStatus.SENT), (3, SidStatus.DONE)]
    with database.read_transaction() as tx:
        last = tx.sid.latest(SidNumber("SID/1"))
    assert last is not None
    assert (last.status, last.executed_at, last.execution_seconds) == (SidStatus.DONE, NOW, 9 * 60)


def test_given_a_done_without_a_reading_then_it_is_never_written(database: Database) -> None:
    order, _ = taken(database)
    with database.transaction() as tx:
        order = tx.orders.move(order, OrderState.PARKED, NOW, "aside")
    with pytest.raises(ValueError, match="without a time"), database.transaction() as tx:
        tx.orders.move(order, OrderState.DONE, NOW, "somebody says so")
    assert said(database)[-1][1] is SidStatus.WAITS


def test_given_an_order_of_the_hub_alone_when_it_moves_then_nobody_is_told(database: Database) -> None:
    with database.transaction() as tx:
        (key,) = tx.orders.add([hub_order()], NOW)
        tx.orders.move(tx.orders.get(key), OrderState.PARKED, NOW, "aside")
        assert tx.sid.reports(range(1, 10)) == {}


def test_given_a_number_that_was_taken_back_then_it_is_told_no_more(database: Database) -> None:
    order, known = taken(database)
    with database.transaction() as tx:
        tx.sid.queue_reports([(order, [known])], NOW, SidStatus.WITHDRAWN)
        tx.sid.withdraw(known, NOW)
        tx.orders.move(order, OrderState.PARKED, NOW, "aside")
        assert tx.sid.behind([order.key]) == {}
    assert said(database) == [(1, SidStatus.REGISTERED), (2, SidStatus.WITHDRAWN)]


def test_given_a_report_when_kept_delivered_or_parked_then_its_bytes_and_state_stay(database: Database) -> None:
    taken(database)
    with database.transaction() as tx:
        (report,) = tx.sid.reports([1]).values()
        assert tx.sid.keep(report, b"<body/>").document == b"<body/>"
        tx.sid.delivered(report.key, NOW, b"<answer/>")
    with database.transaction() as tx:
        (report,) = tx.sid.reports([1]).values()
        assert (report.state, report.document) == (DocumentState.DELIVERED, b"<body/>")
        tx.sid.park(report.key)
        assert tx.sid.reports([1])[1].state is DocumentState.PARKED


def test_given_the_hub_joins_then_the_order_takes_its_facts_and_the_first_registration_counts(
    database: Database,
) -> None:
    order, _ = taken(database)
    new = hub_order(registered_at=NOW - MINUTE)
    with database.transaction() as tx:
        (free,) = tx.neighbours.without_hub([POINT])
        joined = tx.orders.join(free, new, NOW, "the hub asks for the same")
        assert tx.orders.get(order.key) == joined
        assert tx.neighbours.without_hub([POINT]) == []
        assert [known.key for known in tx.neighbours.joinable(PLAIN)] == [order.key]
        assert new.process_instance is not None
        assert [known.key for known in tx.neighbours.of_processes([new.process_instance])[new.process_instance]] == [
            order.key
        ]
    assert (joined.source_message, joined.version) == (new.source_message, order.version)
    assert (joined.registered_at, joined.renewed_at) == (NOW - 9 * MINUTE, NOW - MINUTE)


def test_given_a_connection_of_many_sources_then_it_counts_from_the_last_one_against_disconnections(
    database: Database,
) -> None:
    order, _ = taken(database, order=replace(PLAIN, kind=OrderKind.RECONNECT))
    with database.transaction() as tx:
        tx.orders.join(order, replace(order, registered_at=NOW - MINUTE), NOW, "again")
        assert tx.neighbours.reconnections([POINT], NOW)[POINT].newest == NOW - MINUTE


@pytest.mark.parametrize(
    "changes", [{"parent": 1}, {"state": OrderState.PARKED}, {"state": OrderState.DONE}, {"recalled_at": NOW}]
)
def test_given_an_order_that_nobody_may_join_then_it_is_not_offered(
    database: Database, changes: dict[str, object]
) -> None:
    with database.transaction() as tx:
        tx.orders.add([replace(PLAIN, **changes)], NOW)  # type: ignore[arg-type]
        assert tx.neighbours.joinable(PLAIN) == []
        assert tx.neighbours.without_hub([POINT]) == []


def test_given_orders_that_wait_for_people_on_site_then_each_is_handed_over_once_each_time(database: Database) -> None:
    order, known = taken(database)
    with database.transaction() as tx:
        order = tx.orders.move(order, OrderState.FIELD_WORK, NOW, "remotely in vain", detail="remotely in vain")
        assert tx.sid.not_handed_over() == [order]
        tx.sid.hand_over(order, known.number, NOW, None)
        assert tx.sid.not_handed_over() == []
    with pytest.raises(StaleWrite), database.transaction() as tx:
        tx.sid.hand_over(order, known.number, NOW, None)
    with database.transaction() as tx:
        order = tx.orders.move(order, OrderState.REGISTERED, NOW, "try again")
        order = tx.orders.move(order, OrderState.FIELD_WORK, NOW, "in vain again")
        assert tx.sid.not_handed_over() == [order]
        kinds = [r.kind for r in tx.sid.reports(range(1, 20)).values()]
        last = tx.sid.latest(known.number)
    assert kinds.count(ReportKind.FIELD_WORK) == 1
    assert last is not None
    assert (last.kind, last.status, last.sequence) == (ReportKind.STATUS, SidStatus.FIELD_WORK, 4)


def test_given_several_reports_of_a_number_then_each_waits_for_the_one_before_it_and_others_do_not(
    database: Database,
) -> None:
    order, known = taken(database)
    with database.transaction() as tx:
        tx.sid.queue_reports([(order, [known])], NOW, SidStatus.WITHDRAWN)
    taken(database, "SID/2")
    with database.transaction() as tx:
        first, second, other = sorted(tx.sid.reports(range(1, 100)))
        assert tx.sid.behind_others([first, second, other]) == {second}
        assert tx.sid.next_of([first]) == [first, second]
        tx.sid.delivered(first, NOW, b"<taken/>")
        assert tx.sid.behind_others([second, other]) == set()
        assert tx.sid.next_of([first]) == [second]
    with database.transaction() as tx:
        tx.sid.queue_reports([(order, [known])], NOW, SidStatus.WITHDRAWN)
        last = max(tx.sid.reports(range(1, 100)))
        tx.sid.park(second)
        assert tx.sid.behind_others([last]) == set(), "what SID refused holds up nothing"
