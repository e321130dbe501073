"""After a restore: nothing is given or answered twice, because a person looks first at what may have been done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from csire_bridge.cli.main import app
from csire_bridge.domain.errors import ActionRefused, ConfigurationError, StoreFailure
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.message.message import Channel
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.operations.restores import Restore
from csire_bridge.domain.order.order import Order, OrderState
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.execute.after_restore import told_before
from csire_bridge.pipeline.intake.receive import Arrival
from csire_bridge.pipeline.operator.orders import order_actions
from csire_bridge.pipeline.operator.orders.release_work import release
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store import tables
from csire_bridge.store.database import Database
from tests.support.bridge import POINT, signed_message
from tests.worker.test_two_nodes import Nodes, nodes, register_order, until, work_off

pytestmark = pytest.mark.slow

__all__ = ["nodes"]

ACT = OperatorAction("Anna Nowak", system_clock(), "looked at it")
LATER = timedelta(hours=1)


@pytest.fixture
def bridge(nodes: Nodes) -> Iterator[Bridge]:
    """A bridge with one disconnection in its queue, restored from a backup just now; the stop switch is lifted."""
    made = nodes.node()
    register_order(nodes, made)
    restore(made)
    yield made


def restore(bridge: Bridge, lost: timedelta = LATER) -> None:
    now = system_clock()
    bridge.database.restored(now, now + lost)
    with bridge.database.transaction() as tx:
        assert tx.guards.stop() is not None
        tx.guards.lift_stops("Anna Nowak", now)


def answers(bridge: Bridge) -> list[str]:
    with bridge.database.reading() as connection:
        return list(connection.execute(select(tables.outbox.c.number)).scalars())


def history(bridge: Bridge, order: Order) -> str:
    with bridge.database.read_transaction() as tx:
        return "\n".join(event.text for event in tx.orders.history(order.key))


def commands(nodes: Nodes) -> int:
    return nodes.head_end.ledger.totals()["accepted"]


@pytest.mark.every_database
def test_given_an_order_of_the_backup_when_restored_then_its_contactor_is_read_and_a_person_decides(
    nodes: Nodes, bridge: Bridge
) -> None:
    until(bridge, nodes, OrderState.PARKED)
    order = nodes.order(bridge)
    assert "restored from a backup" in history(bridge, order)
    assert "contactor read: supply on" in history(bridge, order)
    assert (commands(nodes), answers(bridge)) == (0, [])
    with bridge.database.transaction() as tx:
        order_actions.retry(tx, [tx.orders.get(order.key)], ACT)
    until(bridge, nodes, OrderState.DONE)
    work_off(bridge)
    assert commands(nodes) == 1
    assert answers(bridge) == ["8.1.1.11"]
    generation = nodes.order(bridge).generation
    assert generation > 0
    assert nodes.head_end.ledger.of_tracking(f"{generation}-{order.key}") == 1
    assert nodes.head_end.ledger.of_tracking(str(order.key)) == 0


def test_given_an_order_that_was_answered_before_the_restore_when_a_person_says_so_then_nothing_is_sent(
    nodes: Nodes, bridge: Bridge
) -> None:
    until(bridge, nodes, OrderState.PARKED)
    words = ["--done", "--at", "2026-01-02T03:04:05Z", "--by", "Anna Nowak", "--why", "the hub's list"]
    key = str(nodes.order(bridge).key)
    done = CliRunner().invoke(app, ["orders", "told-before", key, *words, "--database", nodes.address])
    assert done.exit_code == 0, done.output
    assert "nothing is sent" in done.output
    work_off(bridge)
    order = nodes.order(bridge)
    assert (order.state, order.executed_at) == (OrderState.DONE, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert (commands(nodes), answers(bridge)) == (0, [])
    assert bridge.database.check() == []
    with pytest.raises(ActionRefused), bridge.database.transaction() as tx:
        told_before(tx, order.key, ACT, None)


@pytest.mark.parametrize("told", [False, True])
def test_given_an_order_that_ended_without_its_answer_when_restored_then_no_second_answer_is_made(
    nodes: Nodes, told: bool
) -> None:
    bridge = nodes.node()
    register_order(nodes, bridge)
    bridge.worker.leave_out(WorkStep.ACKNOWLEDGE)
    until(bridge, nodes, OrderState.DONE)
    restore(bridge)
    heir = nodes.node()
    work_off(heir)
    assert answers(heir) == []
    with heir.database.transaction() as tx:
        [parked] = tx.work.parked()
        assert parked.step is WorkStep.ACKNOWLEDGE
        if told:
            told_before(tx, parked.subject, ACT, ACT.at)
        else:
            release(tx, [parked], ACT)
    work_off(heir)
    assert answers(heir) == ([] if told else ["8.1.1.11"])
    assert heir.database.check() == []


def test_given_a_command_under_way_at_the_backup_when_restored_then_it_is_looked_at_and_not_given_again(
    nodes: Nodes,
) -> None:
    bridge = nodes.node()
    assert bridge._events is not None
    bridge._events.stop()  # what the head-end system says now was lost with the database
    register_order(nodes, bridge)
    bridge.worker.turn()
    assert nodes.order(bridge).state is OrderState.SUBMITTED
    restore(bridge)
    with bridge.database.transaction() as tx:
        tx.work.wake(WorkStep.EXECUTE, [nodes.order(bridge).key], nodes.clock())
    until(bridge, nodes, OrderState.DONE)
    work_off(bridge)
    assert commands(nodes) == 1
    assert answers(bridge) == [], "the hub may have been answered before"


@pytest.mark.parametrize(("lost", "ended"), [(LATER, OrderState.PARKED), (-LATER, OrderState.DONE)])
def test_given_a_message_that_is_new_to_the_restored_database_then_what_may_have_been_done_before_waits(
    nodes: Nodes, lost: timedelta, ended: OrderState
) -> None:
    bridge = nodes.node()
    restore(bridge, lost)
    register_order(nodes, bridge)
    until(bridge, nodes, ended)
    work_off(bridge)
    assert answers(bridge) == ([] if ended is OrderState.PARKED else ["8.1.1.11"])


def test_given_a_message_of_the_backup_that_comes_again_then_it_is_a_duplicate(nodes: Nodes, bridge: Bridge) -> None:
    raw = signed_message(nodes.pki, "disconnect", POINT, MessageId.new())
    bridge.take_in(Channel.QUEUE, [Arrival("test", raw)])
    bridge.take_in(Channel.QUEUE, [Arrival("test", raw)])
    with bridge.database.reading() as connection:
        found = list(connection.execute(select(tables.messages.c.state).order_by(tables.messages.c.key)).scalars())
    assert found[-1] == "duplicate"


def test_given_a_backup_that_knows_of_no_restore_when_restored_again_then_generations_still_grow() -> None:
    first = Restore.starting(ACT.at, ACT.at)
    assert Restore.starting(ACT.at + timedelta(seconds=1), ACT.at).generation > first.generation
    assert Restore.starting(ACT.at, ACT.at, first).generation > first.generation, "twice within a second"


def test_given_a_node_in_service_when_the_tables_become_newer_then_it_writes_nothing_more_and_says_why(
    database: Database,
) -> None:
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database._looked_at -= 10  # the next look is due
    with pytest.raises(StoreFailure, match="version 9999") as caught, database.transaction():
        pytest.fail("it must not write")
    assert "use the version of csire-bridge that made them" in caught.value.remedy
    with pytest.raises(ConfigurationError, match="older than they are") as refused:
        database.require_current()
    assert "db upgrade" not in refused.value.remedy


def test_given_no_restore_then_nothing_is_in_doubt(nodes: Nodes) -> None:
    bridge = nodes.node()
    register_order(nodes, bridge)
    until(bridge, nodes, OrderState.DONE)
    work_off(bridge)
    assert answers(bridge) == ["8.1.1.11"]
    with bridge.database.transaction() as tx:
        tx.connection.execute(update(tables.orders).values(generation=0))
        assert tx.restores.last() is None
