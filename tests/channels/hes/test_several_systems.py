"""Several head-end systems at once: each meter has one, and what one of them does concerns no meter of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import select

from csire_bridge.channels.hes.choice import chooser_of, profiles_of
from csire_bridge.config.sections.peers.head_end import HeadEndSettings
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import MessageId, MeteringPointCode, MeterNumber
from csire_bridge.domain.message.message import Channel
from csire_bridge.domain.meter.contactor import HeadEndEvent, HeadEndEventKind
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.order.order import OrderState
from csire_bridge.lab.demo.stage import enter_points
from csire_bridge.lab.simulators.hes.outage import Outage
from csire_bridge.lab.simulators.hes.simulator import HeadEndSimulator
from csire_bridge.pipeline.intake.receive import Arrival, receive
from csire_bridge.store.queries.alerts.alert_conditions import standing
from csire_bridge.store.tables import orders
from tests.support.bridge import METER, POINT, Play, play
from tests.support.patience import PATIENCE, wait_until

NORTH_METER, NORTH_POINT = MeterNumber("NORTH0000001"), MeteringPointCode.parse("590000006968184338")
FIRST = {"url": "http://127.0.0.1:1/hes"}


@pytest.fixture
def north() -> Iterator[HeadEndSimulator]:
    """A second system, of another make."""
    simulator = HeadEndSimulator([NORTH_METER], dialect="iec-61968-9-2011").start()
    yield simulator
    simulator.stop()


@contextmanager
def two_systems(tmp_path: Path, north: HeadEndSimulator, read: float = 2) -> Iterator[Play]:
    own = {"name": "north", "url": north.url, "speaks": "iec-61968-9-2011", "meters": ["NORTH"]}
    with play(tmp_path, systems=[own], read=read) as playing:
        with playing.scene.bridge.database.transaction() as tx:
            known = tx.points.get(POINT)
        assert known is not None
        enter_points(playing.scene.bridge.database, [replace(known, code=NORTH_POINT, meter=NORTH_METER)])
        yield playing


@pytest.fixture
def playing(tmp_path: Path, north: HeadEndSimulator) -> Iterator[Play]:
    with two_systems(tmp_path, north) as playing:
        yield playing


def test_given_two_systems_of_different_makes_then_each_meter_is_switched_by_its_own(
    playing: Play, north: HeadEndSimulator
) -> None:
    playing.send("disconnect")
    playing.work_until_state(OrderState.DONE)
    playing.send("disconnect", NORTH_POINT)
    order = playing.work_until_state(OrderState.DONE)
    assert order.meter == NORTH_METER
    assert order.executed_at != order.verified_at, "its event came to an address of its own, in its own dialect"
    assert (playing.scene.head_end.meter(METER).switches, north.meter(NORTH_METER).switches) == (1, 1)


@contextmanager
def worker_runs(playing: Play) -> Iterator[None]:
    """The worker works in a thread, as in the service: it waits for nobody."""
    worker, stop = playing.scene.bridge.worker, Event()
    thread = Thread(target=worker.run, args=(stop, lambda: worker.rest(0.02)), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)


def test_given_a_system_that_hangs_then_the_orders_of_the_other_are_done_meanwhile(
    tmp_path: Path, north: HeadEndSimulator
) -> None:
    with two_systems(tmp_path, north, read=10 * PATIENCE) as playing:
        north.outage.begin(Outage.SILENT)
        with worker_runs(playing):
            try:
                take_in(playing, "disconnect", NORTH_POINT)
                wait_until(lambda: playing.order().state is OrderState.SUBMITTING)
                for kind in ("disconnect", "reconnect", "disconnect"):
                    take_in(playing, kind, POINT)
                    wait_until(lambda: playing.order().state is OrderState.DONE)
                assert playing.scene.head_end.meter(METER).switches == 3
                assert states(playing)[0] is OrderState.SUBMITTING, "the one that hangs still hangs"
            finally:
                north.outage.end()
            wait_until(lambda: states(playing)[0] is OrderState.DONE)
            assert north.meter(NORTH_METER).switches == 1


def take_in(playing: Play, kind: str, point: str) -> None:
    """A message comes in; the worker's thread does everything else."""
    raw = playing.message(kind, point, MessageId.new())
    bridge = playing.scene.bridge
    receive(bridge.database, Channel.REPLAY, [Arrival("test", raw)], bridge.clock)
    before = len(states(playing))
    bridge.worker.wake()
    wait_until(lambda: len(states(playing)) > before)


def states(playing: Play) -> list[OrderState]:
    """Of all orders, the oldest first."""
    with playing.scene.bridge.database.reading() as connection:
        found = connection.execute(select(orders.c.state).order_by(orders.c.key)).scalars()
        return [OrderState(state) for state in found]


def test_given_a_system_that_is_down_then_its_alert_names_it_and_the_other_goes_on(
    tmp_path: Path, north: HeadEndSimulator
) -> None:
    with two_systems(tmp_path, north) as playing:
        north.outage.begin(Outage.REFUSED)
        playing.send("disconnect", NORTH_POINT)
        playing.work_until(lambda: bool(down(playing)))
        assert down(playing) == ["the head-end system north is down"]
        playing.send("disconnect")
        playing.work_until_state(OrderState.DONE)
        assert down(playing) == ["the head-end system north is down"]


def down(playing: Play) -> list[str]:
    day = timedelta(days=1)
    with playing.scene.bridge.database.reading() as connection:
        found = list(standing(connection, datetime.now(UTC) + day, day, day, day))
    return [alert.words for alert in found if alert.kind is AlertKind.HEAD_END_DOWN]


def test_given_an_event_about_a_meter_of_another_system_then_it_is_kept_and_not_used(playing: Play) -> None:
    bridge = playing.scene.bridge
    event = HeadEndEvent(None, METER, HeadEndEventKind.CONNECTED, "3.31.0.42", datetime.now(UTC))
    bridge.take_events_of("north", [(b"<event/>", event)])
    day = timedelta(days=1)
    with bridge.database.reading() as connection:
        told = list(standing(connection, datetime.now(UTC), day, day, day))
    assert [a.words for a in told if a.kind is AlertKind.EVENTS_NOT_USED] == [
        "the head-end system reports what can't be used: the meter is one of the system head-end, and north reports"
    ]
    assert AlertKind.SUPPLY_ON_UNEXPLAINED not in {a.kind for a in told}


def settings_of(*systems: Mapping[str, object]) -> HeadEndSettings:
    return load_settings(head_end={**FIRST, "system": list(systems)}).head_end


def test_given_lists_and_beginnings_then_a_list_counts_first_and_then_the_longest_beginning(tmp_path: Path) -> None:
    listed = tmp_path / "south.txt"
    listed.write_text("# the south\n\nkfm77\n")
    system_of = chooser_of(
        settings_of(
            {"name": "north", "url": "http://127.0.0.1:1/n", "meters": ["KFM", "ABC"]},
            {"name": "south", "url": "http://127.0.0.1:1/s", "meters": ["KFM5"], "meter_list": str(listed)},
        )
    )
    chosen = {number: system_of(MeterNumber(number)) for number in ("KFM1", "kfm51", "KFM77", "ABC", "XYZ")}
    assert chosen == {"KFM1": "north", "kfm51": "south", "KFM77": "south", "ABC": "north", "XYZ": "head-end"}


def test_given_a_further_system_then_what_it_does_not_set_is_as_in_the_first() -> None:
    own = {"name": "north", "url": "http://127.0.0.1:1/n", "meters": ["N"], "read_seconds": 7}
    settings = load_settings(head_end={**FIRST, "source": "us", "zone": "UTC", "system": [own]}).head_end
    first, north = profiles_of(settings, "http://127.0.0.1/hes/events?key=k").values()
    assert (north.source, str(north.zone), north.read_timeout, first.read_timeout) == ("us", "UTC", 7, 30)
    assert north.reply_address == "http://127.0.0.1/hes/events/north?key=k"


@pytest.mark.parametrize(
    ("systems", "said"),
    [
        ([{"name": "north", "url": "http://x/n"}], "has no meters"),
        ([{"name": "too-long-a-name", "url": "http://x/n", "meters": ["N"]}], "name"),
        ([{"name": name, "url": "http://x/n", "meters": ["N"]} for name in ("a", "b")], "same beginning of meters: n"),
        ([{"name": "a", "url": "http://x/n", "meters": [begin]} for begin in ("M", "N")], "same name: a"),
    ],
)
def test_given_systems_that_contradict_each_other_then_the_start_is_stopped(
    systems: list[Mapping[str, object]], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        settings_of(*systems)


def test_given_a_meter_in_two_lists_or_a_wrong_line_then_the_start_is_stopped(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("KFM77\n")
    systems = [{"name": name, "url": "http://x/n", "meter_list": str(listed)} for name in ("a", "b")]
    with pytest.raises(ConfigurationError, match="KFM77 is in the lists of a and of b"):
        chooser_of(settings_of(*systems))
    listed.write_text("KFM77\n" + "x" * 21)
    with pytest.raises(ConfigurationError, match="line 2"):
        chooser_of(settings_of(systems[0]))
