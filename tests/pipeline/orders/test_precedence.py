"""Older and newer requests for one point: in the real store and executor, the newest message has the last word."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.order.order import FINAL_STATES, OrderKind, OrderState
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.lab.simulators.pki import make_demo_pki
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.queries.reports import order_lines
from tests.support.bridge import POINT
from tests.support.chance import examples
from tests.support.household import Place, Town, town
from tests.support.model.bridge import POLICY, CountingDatabase, ModelBridge, Parts, emptied
from tests.support.model.head_end import ModelHeadEnd, ModelMeter, World

pytestmark = pytest.mark.slow

METER = MeterNumber("MODEL0")
_MEMORY = Path("/dev/shm")  # noqa: S108 - a file in memory will do
_ROOMY = replace(POLICY, disconnections_per_hour=1000, meter_pause=timedelta(0))


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    place = tmp_path_factory.mktemp("pki")
    with (
        TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else place) as folder,
        closing(CountingDatabase(f"sqlite:///{folder}/bridge.db")) as database,
    ):
        database.upgrade()
        before = logging.root.manager.disable
        logging.disable(logging.CRITICAL)
        yield Parts.made(database, make_demo_pki(place, system_clock()))
        logging.disable(before)


class Household:
    """One meter that obeys at once, and a bridge that works when it is told to."""

    def __init__(self, parts: Parts) -> None:
        self.world = World()
        self.head_end = ModelHeadEnd(self.world, {METER: ModelMeter(METER, arms=False)}, at_once=True)
        emptied(parts.database)
        with parts.database.transaction() as tx:
            known = {
                "meter": METER,
                "meter_kind": "CK0201",
                "has_contactor": True,
                "protection": NOT_PROTECTED,
                "connected": True,
            }
            tx.points.put(MeteringPoint(code=POINT, updated_at=self.world.now, **known))  # type: ignore[arg-type]
        self.bridge = ModelBridge(parts, self.world, self.head_end, _ROOMY)
        self.start = self.world.now
        self.parts = parts

    def asks(self, kind: OrderKind, minutes: int) -> None:
        at = self.start + timedelta(seconds=minutes)
        ask = self.bridge.disconnect if kind is OrderKind.DISCONNECT else self.bridge.reconnect
        ask(POINT, at, None)

    def work(self, turns: int) -> None:
        for _ in range(turns):
            self.world.now += timedelta(seconds=1)
            for event in list(self.head_end.undelivered):
                self.bridge.deliver(event)
            self.head_end.undelivered.clear()
            self.bridge.workers[0].turn()

    def rest(self) -> None:
        for _ in range(60):
            self.work(3)
            self.world.now += timedelta(minutes=1)
            if self.states() <= FINAL_STATES:
                return

    def states(self) -> set[OrderState]:
        with self.parts.database.reading() as connection:
            return {line.state for line in order_lines(connection)}

    @property
    def on(self) -> bool:
        return self.head_end.meters[METER].on


_ASKED = st.tuples(st.sampled_from([OrderKind.DISCONNECT, OrderKind.RECONNECT]), st.integers(0, 5), st.integers(0, 4))


@settings(max_examples=examples(40), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(asked=st.lists(_ASKED, min_size=1, max_size=6))
def test_given_any_requests_in_any_order_of_arrival_then_the_meter_ends_as_the_newest_message_asks(
    parts: Parts, asked: list[tuple[OrderKind, int, int]]
) -> None:
    home = Household(parts)
    for kind, minutes, turns in asked:
        home.asks(kind, minutes)
        home.work(turns)
    home.rest()
    assert home.states() <= FINAL_STATES
    newest = max(asked, key=lambda one: (one[1], one[0] is OrderKind.RECONNECT))
    assert home.on is (newest[0] is OrderKind.RECONNECT)


# --- on real meters


def ago(here: Town, minutes: int) -> str:
    return (here.clock() - timedelta(minutes=minutes)).isoformat(timespec="milliseconds")


def answers(here: Town) -> list[str]:
    with here.scene.bridge.database.reading() as connection:
        return sorted(line.answer_number for line in order_lines(connection) if line.answer_number)


@pytest.mark.every_database
def test_given_a_newer_disconnection_that_was_done_when_an_older_connection_comes_then_it_is_superseded_and_answered(
    place: Place,
) -> None:
    with town(place) as here:
        here.send("disconnect", MessageTimestamp=ago(here, 5))
        here.until_state(OrderKind.DISCONNECT, OrderState.DONE)
        here.send("reconnect", MessageTimestamp=ago(here, 10))
        order = here.until_state(OrderKind.RECONNECT, OrderState.SUPERSEDED)
        here.until(lambda: answers(here) == ["8.1.1.11", "8.2.1.7"])
        assert (here.meter.output_state, here.meter.switches) == (False, 1)
        assert "a disconnection that was asked for after it was done already (order 1)" in (order.detail or "")


@pytest.mark.parametrize("why", ["a complaint", "a hold", "at once"])
def test_given_what_protects_a_household_when_an_older_connection_comes_then_the_supply_comes_back(
    place: Place, why: str
) -> None:
    with town(place) as here:
        asked = ago(here, 5)
        here.send("disconnect", MessageTimestamp=asked)
        here.until_state(OrderKind.DISCONNECT, OrderState.DONE)
        if why == "a hold":
            hold = Hold(
                key=0,
                metering_point=POINT,
                kind=HoldKind.PROTECTION,
                since=here.clock(),
                until=None,
                by="Anna",
                why="x",
            )
            with here.scene.bridge.database.transaction() as tx:
                tx.guards.add_hold(hold)
        reason = "CK0196" if why == "a complaint" else "CK0195"
        here.send("reconnect", MessageTimestamp=asked if why == "at once" else ago(here, 10), ConnectionReason=reason)
        here.until_state(OrderKind.RECONNECT, OrderState.DONE)
        assert here.meter.output_state is True


def test_given_a_newer_disconnection_that_waits_when_an_older_connection_comes_then_the_supply_is_on_until_its_turn(
    place: Place,
) -> None:
    with town(place, connected=False) as here:
        here.meter.remote_disconnect()
        here.send("scheduled", MessageTimestamp=ago(here, 5), RequestedExecutionDate=here.day(1))
        here.send("reconnect", MessageTimestamp=ago(here, 10))
        here.until_state(OrderKind.RECONNECT, OrderState.DONE)
        assert here.meter.output_state is True
        here.forward_to(here.day(1))
        here.until_state(OrderKind.DISCONNECT, OrderState.DONE)
        assert here.meter.output_state is False
