"""Alerts: each condition is told once when it opens and once when it closes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text

from csire_bridge.domain.errors import HeadEndScope, HeadEndUnreachable
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.domain.order.order import OrderState
from csire_bridge.pipeline.execute.circuit import CIRCUIT
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import Database
from csire_bridge.store.queries.alerts.alert_conditions import standing
from csire_bridge.store.unit_of_work import UnitOfWork
from csire_bridge.worker.alert_job import Watch
from tests.support.alerts import open_alerts
from tests.support.bridge import METER, POINT, Play, play
from tests.support.defaults import PARTNER_WAIT, RESULT_WAIT


def told(playing: Play) -> set[AlertKind]:
    with playing.scene.bridge.database.reading() as connection:
        return set(open_alerts(connection))


def watch_at(playing: Play, hours: float) -> Watch:
    """A watch whose clock is some hours ahead."""
    later = timedelta(hours=hours)
    database = playing.scene.bridge.database
    return Watch(database, lambda: system_clock() + later, result_wait=RESULT_WAIT, partner_wait=PARTNER_WAIT)


def test_given_a_delivered_answer_without_result_then_one_alert_opens_and_closes_with_the_result(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with play(tmp_path) as playing, caplog.at_level(logging.WARNING):
        playing.send("disconnect")
        playing.work_until(lambda: playing.answers() == ["8.1.1.11"])
        assert watch_at(playing, 0.9).look() == []
        [alert] = watch_at(playing, 1.1).look()
        assert (alert.kind, alert.count) == (AlertKind.RESULTS_MISSING, 1)
        assert watch_at(playing, 2).look() == [], "told once"
        assert told(playing) == {AlertKind.RESULTS_MISSING}
        with playing.scene.bridge.database.transaction() as tx:
            [document] = tx.outbox.many([1]).values()
            tx.outbox.result(document.key, system_clock(), DocumentState.CONFIRMED, "CA001", None)
        watch_at(playing, 3).look()
        assert told(playing) == set()
        lines = [record.getMessage() for record in caplog.records if "results-missing" in record.getMessage()]
        assert len(lines) == 2


def test_given_a_used_id_with_other_content_then_an_alert_opens(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        used = playing.send("disconnect", message_id=MessageId.new())
        playing.send("reconnect", message_id=used)
        assert [alert.kind for alert in watch_at(playing, 0).look()] == [AlertKind.IDS_REUSED]
        assert told(playing) == {AlertKind.IDS_REUSED}


Change = Callable[[UnitOfWork], object]


def opens_and_closes(playing: Play, kind: AlertKind, change: Change | None, mend: Change) -> None:
    """The condition is told once, whatever the number of looks, and its end once."""
    database = playing.scene.bridge.database
    if change is not None:
        with database.transaction() as tx:
            change(tx)
    (alert,) = watch_at(playing, 1).look()
    assert (alert.kind, alert.count) == (kind, 1)
    assert "the oldest for 60 min" in alert.text(system_clock() + timedelta(hours=1, seconds=30))
    assert watch_at(playing, 2).look() == []
    assert told(playing) == {kind}
    with database.transaction() as tx:
        mend(tx)
    watch_at(playing, 3).look()
    assert kind not in told(playing)


def test_given_the_stop_switch_then_one_alert_opens_and_closes_when_it_is_lifted(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        opens_and_closes(
            playing,
            AlertKind.STOP_SWITCH,
            lambda tx: tx.guards.throw_stop(StopScope.DISCONNECTIONS, "Anna", "flood", system_clock()),
            lambda tx: tx.guards.lift_stops("Jan", system_clock()),
        )


def test_given_disconnections_above_the_cap_then_one_alert_opens_and_closes(tmp_path: Path) -> None:
    with play(tmp_path, execution={"disconnections_per_hour": 0}) as playing:
        playing.send("disconnect")
        key = playing.order().key
        opens_and_closes(playing, AlertKind.CAP_REACHED, None, lambda tx: withdraw(tx, key))


def test_given_a_connection_that_waits_for_a_hold_then_one_alert_opens_and_closes(tmp_path: Path) -> None:
    hold = Hold(
        key=0, metering_point=POINT, kind=HoldKind.EMERGENCY, since=system_clock(), until=None, by="Anna", why="fire"
    )
    with play(tmp_path, connected=False) as playing:
        with playing.scene.bridge.database.transaction() as tx:
            tx.guards.add_hold(hold)
        playing.send("reconnect")
        key = playing.order().key
        opens_and_closes(playing, AlertKind.HOLDS_WAITED_FOR, None, lambda tx: withdraw(tx, key))


def test_given_an_open_circuit_then_one_alert_opens_and_closes_with_it(tmp_path: Path) -> None:
    def fails(tx: UnitOfWork) -> None:
        before, policy = tx.guards.circuit(CIRCUIT), playing.scene.bridge.policy.circuit
        tx.guards.set_circuit(before, before.after_failures(5, "connection refused", system_clock(), policy))

    def answers(tx: UnitOfWork) -> None:
        before = tx.guards.circuit(CIRCUIT)
        tx.guards.set_circuit(before, before.after_success())

    with play(tmp_path) as playing:
        opens_and_closes(playing, AlertKind.HEAD_END_DOWN, fails, answers)


def test_given_orders_that_people_on_site_have_to_do_then_one_alert_opens_and_closes(tmp_path: Path) -> None:
    with play(tmp_path, lifetime=0.4) as playing:
        playing.scene.head_end.meter(METER).stuck = True
        playing.send("disconnect")
        key = playing.work_until_state(OrderState.FIELD_WORK).key
        opens_and_closes(playing, AlertKind.FIELD_WORK, None, lambda tx: withdraw(tx, key))


def test_given_a_meter_that_fails_again_and_again_then_one_alert_opens_at_five_tries_and_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: object) -> None:
        raise HeadEndUnreachable("no signal", scope=HeadEndScope.METER)

    with play(tmp_path) as playing:
        monkeypatch.setattr(playing.scene.bridge._head_end, "submit", away)
        playing.send("disconnect")
        failed_tries(playing, 4)
        assert watch_at(playing, 1).look() == []
        failed_tries(playing, 5)
        key = playing.order().key
        opens_and_closes(playing, AlertKind.METERS_UNREACHABLE, None, lambda tx: withdraw(tx, key))


def failed_tries(playing: Play, count: int) -> None:
    """The next tries, without waiting for their time."""

    def are_there() -> bool:
        with playing.scene.bridge.database.transaction() as tx:
            tx.connection.execute(text("update work set due_at = '2026-01-01 00:00:00.000000'"))
            return bool(tx.connection.execute(text("select attempts from work")).scalar() == count)

    playing.work_until(are_there)


def withdraw(tx: UnitOfWork, key: int) -> None:
    """The condition's order ends, and so does its work."""
    tx.orders.move(tx.orders.get(key), OrderState.WITHDRAWN, system_clock(), "for this test")
    tx.connection.execute(text("delete from work"))


def looks(database: Database, *counts: int) -> None:
    """One look after another, with so many orders for a field crew at each."""
    now = system_clock()
    for count in counts:
        found = [Alert(AlertKind.FIELD_WORK, count)] if count else []
        Watch(
            database,
            lambda: now,
            result_wait=RESULT_WAIT,
            partner_wait=PARTNER_WAIT,
            further=lambda _, found=found: found,  # type: ignore[misc]
        ).look()


def test_given_a_condition_that_grows_slowly_then_the_log_tells_when_it_is_twice_what_it_told_last(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'bridge.db'}")
    database.upgrade()
    with caplog.at_level(logging.ERROR):
        looks(database, 10, 13, 16, 19, 22, 25, 22, 43, 44)
        worse = [record.getMessage() for record in caplog.records if "alert.worse" in record.getMessage()]
        assert [("22 orders" in text, "44 orders" in text) for text in worse] == [(True, False), (False, True)]
        looks(database, 0, 5, 6)
        assert len([record for record in caplog.records if "alert.worse" in record.getMessage()]) == 2
    database.close()


WAITS = (timedelta(hours=1), timedelta(days=1), timedelta(minutes=10))
BIG = ("orders", "movements", "messages", "outbox", "work", "sid_reports")


def test_given_every_condition_when_looked_for_then_no_big_table_is_read_from_end_to_end(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'bridge.db'}")
    database.upgrade()
    asked: list[tuple[str, object]] = []

    def note(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    with database.reading() as connection:
        event.listen(connection, "before_cursor_execute", note)
        assert list(standing(connection, system_clock(), *WAITS)) == []
        event.remove(connection, "before_cursor_execute", note)
        outside = {AlertKind.CERTIFICATES, AlertKind.PROTECTION_UNDECIDED, AlertKind.LAW_LOOSENED}
        outside |= {AlertKind.DATABASE_LOG_LONG}
        listed = {AlertKind.SUPPLY_ON_UNEXPLAINED, AlertKind.SUPPLY_OFF_UNEXPLAINED}
        listed |= {AlertKind.FOREIGN_TIMES, AlertKind.OLD_READINGS}
        listed |= {AlertKind.COMPLAINT_HALF, AlertKind.COMPLAINT_FOUR_FIFTHS, AlertKind.COMPLAINT_UPHELD}
        listed |= {
            AlertKind.SAID_EARLY,
            AlertKind.STRANGERS_TRIMMED,
            AlertKind.ALERTS_UNSENT,
            AlertKind.EVENTS_NOT_USED,
        }
        counted = {kind for kind in AlertKind if any(f"'{kind}' AS kind" in statement for statement, _ in asked)}
        assert counted == set(AlertKind) - outside - listed
        steps = [step for statement, parameters in asked for step in plan(connection, statement, parameters)]
    assert not {f"SCAN {table}" for table in BIG} & set(steps)
    assert any("ix_work_often_failed" in step for step in steps)
    database.close()


def plan(connection: Connection, statement: str, parameters: object) -> list[str]:
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
    return [row[3] for row in rows]
