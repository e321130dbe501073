"""Two nodes on one database, of which one hangs and comes back; and work that ends the process. On all databases."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from csire_bridge.config.settings import load_settings
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.message.message import Channel
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import Order, OrderState
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.lab.demo.stage import enter_points, stage_settings
from csire_bridge.lab.simulators.hes.simulator import HeadEndSimulator
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.pipeline.batch_runner import BatchRunner
from csire_bridge.pipeline.intake.receive import Arrival, receive
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store import tables
from csire_bridge.store.database import make_current
from csire_bridge.store.queries.reports import order_lines
from tests.support.bridge import METER, POINT, signed_message
from tests.support.patience import wait_until

pytestmark = pytest.mark.every_database


@dataclass
class Nodes:
    """Bridges on one database and their head-end system, with one clock that a test can move."""

    address: str
    folder: Path
    pki: DemoPki
    stack: ExitStack
    ahead: timedelta = field(default=timedelta())
    head_end: HeadEndSimulator = field(init=False)

    def __post_init__(self) -> None:
        self.head_end = HeadEndSimulator([METER], delay=(0.0, 0.0), clock=self.clock).start()
        self.stack.callback(self.head_end.stop)

    def clock(self) -> datetime:
        return system_clock() + self.ahead

    def node(self) -> Bridge:
        given = load_settings(environment=False, head_end={"poll_seconds": 0.05, "response_seconds": 60})
        settings = stage_settings(self.folder, self.pki, self.head_end.url, given)
        make_current(self.address)
        bridge = Bridge(settings.model_copy(update={"database": self.address}), self.clock)
        return self.stack.enter_context(bridge)

    def order(self, bridge: Bridge) -> Order:
        with bridge.database.reading() as connection:
            [line] = order_lines(connection)
        with bridge.database.read_transaction() as tx:
            return tx.orders.get(line.key)


@pytest.fixture
def nodes(address: str, tmp_path: Path) -> Iterator[Nodes]:
    with ExitStack() as stack:
        yield Nodes(address, tmp_path, make_demo_pki(tmp_path, system_clock()), stack)


def register_order(nodes: Nodes, bridge: Bridge) -> None:
    """A disconnection that is in the queue, and that nobody has begun."""
    point = MeteringPoint(
        code=POINT, updated_at=system_clock(), meter=METER, has_contactor=True, protection=NOT_PROTECTED, connected=True
    )
    enter_points(bridge.database, [point])
    raw = signed_message(nodes.pki, "disconnect", POINT, MessageId.new())
    items = receive(bridge.database, Channel.REPLAY, [Arrival("test", raw)], nodes.clock, bridge.worker.lease())
    BatchRunner(bridge.database, bridge.clock).run(bridge.intake, items)


def rows(bridge: Bridge) -> list[Any]:
    """Everything that a late worker could have changed."""
    watched = (tables.orders, tables.order_events, tables.work, tables.outbox, tables.outbox_events)
    with bridge.database.reading() as connection:
        return [connection.execute(select(table).order_by(table.c.key)).all() for table in watched]


def work_off(bridge: Bridge) -> None:
    while bridge.worker.turn():
        pass


def until(bridge: Bridge, nodes: Nodes, state: OrderState) -> None:
    def reached() -> bool:
        work_off(bridge)
        nodes.ahead += timedelta(seconds=1)
        return nodes.order(bridge).state is state

    wait_until(reached, lambda: f"the order is {nodes.order(bridge).state}")


def test_given_a_node_that_hangs_before_it_begins_when_it_comes_back_then_it_does_nothing(nodes: Nodes) -> None:
    slow, heir = nodes.node(), nodes.node()
    register_order(nodes, slow)
    lease = slow.worker.lease()
    with slow.database.transaction() as tx:
        held = tx.work.lease(slow.worker.steps_due, nodes.clock(), lease, 10)
    assert len(held) == 1
    nodes.ahead = timedelta(minutes=2)
    until(heir, nodes, OrderState.DONE)
    work_off(heir)
    before = rows(heir)
    slow.worker.carry_on(held, lease)
    assert rows(heir) == before
    assert nodes.head_end.meter(METER).switches == 1


@pytest.mark.parametrize("moment", ["before the call", "after the call"])
def test_given_a_node_that_hangs_while_it_gives_a_command_when_it_comes_back_then_what_the_heir_found_stays(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, moment: str
) -> None:
    slow, heir = nodes.node(), nodes.node()
    register_order(nodes, slow)
    submit = slow._head_end.submit
    kept: list[Any] = []

    def hang(command: Any) -> None:
        if moment == "after the call":
            submit(command)
            wait_until(lambda: nodes.head_end.meter(METER).switches)  # it does that in a thread of its own
        nodes.ahead += timedelta(minutes=2)
        until(heir, nodes, OrderState.DONE if moment == "after the call" else OrderState.UNKNOWN)
        kept.append(rows(heir))

    monkeypatch.setattr(slow._head_end, "submit", hang)
    with caplog.at_level(logging.INFO):
        slow.worker.turn()
    assert rows(heir) == kept[0]
    assert "somebody else has it or has ended it: execute of" in caplog.text
    assert nodes.head_end.meter(METER).switches == (1 if moment == "after the call" else 0)
    assert nodes.order(heir).attempts == 1


class Death(BaseException):
    """Ends a worker where it stands, as a kill does: nothing is tidied up."""


def test_given_work_that_ends_every_process_when_it_was_tried_often_enough_then_it_is_parked_and_the_rest_goes_on(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = nodes.node()
    raws = [signed_message(nodes.pki, "disconnect", POINT, MessageId.new()) for _ in range(4)]
    receive(first.database, Channel.REPLAY, [Arrival(f"{n}", raw) for n, raw in enumerate(raws)], nodes.clock)
    deaths = 0

    def poisoned(bridge: Bridge) -> Bridge:
        judge = bridge.intake.judge

        def die(raw: bytes, now: datetime) -> object:
            if raw == raws[2]:
                raise Death
            return judge(raw, now)

        monkeypatch.setattr(bridge.intake, "judge", die)
        bridge.worker.leave_out(*[step for step in bridge.worker.steps_due if step.value != "intake"])
        return bridge

    bridge = poisoned(first)
    for _ in range(20):
        try:
            while bridge.worker.turn():
                pass
        except Death:
            deaths += 1
            bridge = poisoned(nodes.node())
        nodes.ahead += timedelta(minutes=2)
    assert deaths == 5
    with bridge.database.reading() as connection:
        states = {r.origin: r.state for r in connection.execute(select(tables.messages))}
        parked = connection.execute(select(tables.work).where(tables.work.c.parked.is_(True))).one()
        waiting = connection.execute(select(func.count()).where(tables.work.c.step == "intake")).scalar_one()
    assert states == {"0": "accepted", "1": "accepted", "2": "received", "3": "accepted"}
    assert (parked.step, parked.lapses, waiting) == ("intake", 5, 1)
    assert "5 times a worker took this work" in parked.last_error


def test_given_two_nodes_when_both_want_the_hubs_queue_then_one_has_it_until_it_lets_go(nodes: Nodes) -> None:
    one, two = nodes.node(), nodes.node()
    assert [one.may_poll(), two.may_poll(), one.may_poll()] == [True, False, True]
    one.stop_polling()
    assert [two.may_poll(), one.may_poll()] == [True, False]
    nodes.ahead = timedelta(minutes=6)
    assert [one.may_poll(), two.may_poll()] == [True, False]
