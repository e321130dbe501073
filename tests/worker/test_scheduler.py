"""The ticker over every database: due ticks run once, missed ones are caught up, and only the leader writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from threading import Event

import pytest
from sqlalchemy import insert, select

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.operations.schedule import Daily, Every
from csire_bridge.store import tables
from csire_bridge.store.database import Database
from csire_bridge.worker.scheduler import LedStore, ScheduledJob, Ticker
from tests.support.patience import PATIENCE
from tests.support.store import MINUTE, NOW, SECOND

pytestmark = pytest.mark.every_database

LEASE = timedelta(seconds=10)


class FakeClock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def note(who: str) -> Callable[[LedStore, Event], None]:
    """A tick that writes who did it."""

    def run(led: LedStore, _stop: Event) -> None:
        with led.transaction() as tx:
            tx.connection.execute(insert(tables.alerts).values(kind="test", opened_at=NOW, text=who))

    return run


def written(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(select(tables.alerts.c.text).order_by(tables.alerts.c.key)).scalars())


def ticker(database: Database, clock: FakeClock, owner: str, tick: ScheduledJob) -> Ticker:
    return Ticker(database, clock, owner, [tick], LEASE)


def test_given_two_nodes_then_one_ticks_and_the_other_takes_over_within_the_lease(database: Database) -> None:
    clock = FakeClock()
    ticks = {name: ScheduledJob("t", Every(SECOND), note(name)) for name in ("first", "second")}
    first, second = (ticker(database, clock, name, tick) for name, tick in ticks.items())
    for _ in range(3):
        for node, name in ((first, "first"), (second, "second")):
            node.lead()
            node.look(ticks[name])
        clock.now += SECOND
    assert (first.leads, second.leads) == (True, False)
    assert written(database) == ["first"] * 3
    clock.now += LEASE
    second.lead()
    second.look(ticks["second"])
    assert written(database) == ["first"] * 3 + ["second"]


def test_given_a_leader_that_hung_and_comes_back_then_it_writes_nothing(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    tick = ScheduledJob("t", Every(SECOND), note("hung"))
    hung, heir = ticker(database, clock, "hung", tick), ticker(database, clock, "heir", tick)
    hung.lead()
    clock.now += LEASE
    heir.lead()
    assert hung.leads, "it does not know yet"
    hung.look(tick)
    assert written(database) == []
    assert "no longer leads" in caplog.text
    hung.lead()
    assert not hung.leads


def test_given_a_node_that_is_followed_in_the_middle_of_a_tick_then_the_rest_of_the_tick_is_not_written(
    database: Database,
) -> None:
    clock = FakeClock()

    def run(led: LedStore, stop: Event) -> None:
        note("before")(led, stop)
        clock.now += LEASE
        heir.lead()
        note("after")(led, stop)

    tick = ScheduledJob("t", Daily(time(0), first_at_once=True), run, remembered=True)
    hung, heir = ticker(database, clock, "hung", tick), ticker(database, clock, "heir", tick)
    hung.lead()
    hung.look(tick)
    assert written(database) == ["before"]
    with database.read_transaction() as tx:
        known = tx.ticks.get("t")
    assert known is not None
    assert known.done_at is None, "so the next leader does it again"


def test_given_a_remembered_tick_when_the_process_starts_again_then_it_is_done_once_and_missed_ones_are_caught_up(
    database: Database,
) -> None:
    clock = FakeClock()
    tick = ScheduledJob("nightly", Daily(time(2, 30)), note("done"), remembered=True)

    def life(looks: int) -> None:
        node = ticker(database, clock, f"node at {clock.now}", tick)
        node.lead()
        for _ in range(looks):
            node.look(tick)
            clock.now += SECOND
        node.stop()

    life(5)
    assert written(database) == [], "not before its first night"
    clock.now += timedelta(days=3)
    life(5)
    life(5)
    assert written(database) == ["done"]
    clock.now += timedelta(days=1)
    life(5)
    assert written(database) == ["done"] * 2


def test_given_a_tick_that_fails_then_it_is_told_and_tried_again_after_a_minute(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    clock, tries = FakeClock(), list[datetime]()

    def run(_led: LedStore, _stop: Event) -> None:
        tries.append(clock.now)
        if len(tries) == 1:
            raise ConfigurationError("the folder is away", "bring it back")

    tick = ScheduledJob("t", Daily(time(0), first_at_once=True), run, remembered=True)
    node = ticker(database, clock, "node", tick)
    for _ in range(90):
        node.lead()
        node.look(tick)
        clock.now += SECOND
    assert tries == [NOW, NOW + MINUTE]
    assert "the folder is away -> bring it back" in caplog.text


def test_given_a_running_ticker_when_it_is_stopped_then_a_long_tick_ends_early_and_another_node_leads_at_once(
    database: Database,
) -> None:
    clock, began, told_to_stop = FakeClock(), Event(), list[bool]()

    def run(_led: LedStore, stop: Event) -> None:
        began.set()
        told_to_stop.append(stop.wait(PATIENCE))

    tick = ScheduledJob("long", Daily(time(0), first_at_once=True), run, remembered=True)
    node = ticker(database, clock, "node", tick)
    node.start()
    assert began.wait(PATIENCE)
    assert node.runs
    node.stop()
    assert told_to_stop == [True]
    heir = ticker(database, clock, "heir", tick)
    heir.lead()
    assert heir.leads, "although the clock stands still"
    with database.read_transaction() as tx:
        known = tx.ticks.get("long")
    assert known is not None
    assert known.done_at is None, "a tick that was cut short is done again"
