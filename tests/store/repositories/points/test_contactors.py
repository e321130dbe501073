"""Contactors as they were seen, movements that no order explains, foreign times: on every database."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.domain.order.outcome.supply import Movement, Sighting, Supply
from csire_bridge.store.database import Database
from csire_bridge.store.queries.alerts.alert_conditions import standing
from csire_bridge.worker.alert_job import Watch
from tests.store.test_store import upgrade_to
from tests.support.defaults import PARTNER_WAIT
from tests.support.store import NOW

METER, OTHER = MeterNumber("DEMO00000001"), MeterNumber("DEMO00000002")
MINUTE = timedelta(minutes=1)
SEEN = Sighting(meter=METER, state=Supply.ON, first_seen_at=NOW, last_seen_at=NOW, left=Supply.ON, left_by=7)
STRANGE = Movement(
    key=0, meter=METER, metering_point=None, state=Supply.OFF, source="event", at=NOW, noticed_at=NOW, told=""
)


def alerts(database: Database) -> list[Alert]:
    with database.reading() as connection:
        return list(standing(connection, NOW, MINUTE, MINUTE, PARTNER_WAIT))


def test_given_a_contactor_that_was_seen_when_seen_again_then_the_later_look_counts(database: Database) -> None:
    later = replace(SEEN, state=Supply.OFF, last_seen_at=NOW + MINUTE, other_seen_at=NOW)
    with database.transaction() as tx:
        tx.contactors.put([replace(SEEN, meter=OTHER), SEEN])
        tx.contactors.put([later])
        tx.contactors.put([SEEN])
        assert tx.contactors.of([METER, OTHER, MeterNumber("unknown")]) == {
            METER: later,
            OTHER: replace(SEEN, meter=OTHER),
        }
        assert tx.contactors.of([]) == {}
        tx.contactors.put([])


def test_given_a_movement_that_is_open_when_noticed_again_then_there_is_one(database: Database) -> None:
    with database.transaction() as tx:
        (new,) = tx.contactors.add([STRANGE])
        assert new.told == "no order was told of yet"
        assert tx.contactors.add([STRANGE]) == []
        assert len(tx.contactors.add([replace(STRANGE, state=Supply.ON), replace(STRANGE, meter=OTHER)])) == 2
        tx.contactors.explain([METER], NOW + MINUTE, "read")
        assert [movement.meter for movement in tx.contactors.movements()] == [OTHER]
        assert len(tx.contactors.add([STRANGE])) == 1, "it happened again after it was explained"
        assert len(tx.contactors.movements(settled=True)) == 4


def test_given_a_movement_when_a_person_settles_it_then_the_name_is_kept_and_nobody_settles_it_again(
    database: Database,
) -> None:
    with database.transaction() as tx:
        tx.contactors.add([STRANGE])
        (found,) = tx.contactors.movements()
        tx.contactors.settle(found.key, "Anna Nowak", NOW, "the meter was exchanged")
        settled = tx.contactors.movement(found.key)
        assert (settled.settled_by, settled.why, settled.settled_at) == ("Anna Nowak", "the meter was exchanged", NOW)
        with pytest.raises(ActionRefused, match="settled by Anna Nowak"):
            tx.contactors.settle(found.key, "Piotr", NOW, "again")
        with pytest.raises(ActionRefused, match="no movement 99"):
            tx.contactors.settle(99, "Piotr", NOW, "x")


def test_given_movements_when_looked_for_alerts_then_supply_that_is_off_comes_first_and_each_is_told_once(
    database: Database,
) -> None:
    with database.transaction() as tx:
        tx.contactors.add([replace(STRANGE, state=Supply.ON), STRANGE, replace(STRANGE, meter=OTHER)])
        tx.guards.throw_stop(StopScope.EVERYTHING, "Anna", "a drill", NOW)
    found = alerts(database)
    off = AlertKind.SUPPLY_OFF_UNEXPLAINED
    assert [alert.kind for alert in found[:3]] == [off, off, AlertKind.SUPPLY_ON_UNEXPLAINED]
    assert f"meter {METER}: supply is OFF" in found[0].text(NOW)
    assert "no order was told of yet" in found[0].text(NOW)
    watch = Watch(database, lambda: NOW, result_wait=MINUTE, partner_wait=PARTNER_WAIT, memory=MINUTE)
    assert len(watch.look()) == len(found)
    assert watch.look() == []
    with database.transaction() as tx:
        tx.contactors.explain([OTHER], NOW, "read")
    assert watch.look() == []
    with database.transaction() as tx:
        assert len(tx.alerts.open()) == len(found) - 1
        tx.contactors.add([replace(STRANGE, meter=OTHER)])
    assert [alert.kind for alert in watch.look()] == [off], "the next one is told although one was open"


def alerts_of(connection: Connection) -> list[Alert]:
    return list(standing(connection, NOW, MINUTE, MINUTE, PARTNER_WAIT))


def test_given_very_many_movements_when_looked_for_alerts_then_the_rest_is_counted(database: Database) -> None:
    with database.transaction() as tx:
        tx.contactors.add([replace(STRANGE, meter=MeterNumber(f"M{number}")) for number in range(25)])
    found = alerts(database)
    assert len(found) == 21
    assert found[-1].text(NOW).startswith("5 more")


def test_given_foreign_times_when_they_fit_again_then_the_alert_is_over(database: Database) -> None:
    with database.transaction() as tx:
        tx.contactors.misfit("readings", None, timedelta(hours=2), NOW)
        tx.contactors.misfit("readings", None, timedelta(hours=2, seconds=3), NOW + MINUTE)
        tx.contactors.misfit("old readings", METER, -timedelta(days=3), NOW)
        tx.contactors.misfit("old readings", OTHER, -timedelta(days=3), NOW)
    ahead, old = alerts(database)
    assert (ahead.kind, ahead.oldest) == (AlertKind.FOREIGN_TIMES, NOW)
    assert "2 h 00 min ahead of ours: it seems to send local time as UTC" in ahead.text(NOW)
    assert (old.kind, old.count) == (AlertKind.OLD_READINGS, 2)
    assert "72 h old" in old.text(NOW)
    with database.transaction() as tx:
        tx.contactors.fits("readings", [], NOW)
        tx.contactors.fits("old readings", [METER], NOW)
    (old,) = alerts(database)
    assert old.count == 1
    with database.transaction() as tx:
        tx.contactors.misfit("readings", None, -timedelta(minutes=17), NOW + MINUTE)
    assert alerts(database)[0].oldest == NOW + MINUTE


@pytest.mark.parametrize("years", [8000, -120])
def test_given_a_time_of_another_age_when_noted_then_it_is_told_and_no_database_refuses_it(
    database: Database, years: int
) -> None:
    with database.transaction() as tx:
        tx.contactors.misfit("readings", None, timedelta(days=365 * years), NOW)
        tx.contactors.misfit("old readings", METER, timedelta(days=365 * years), NOW)
    assert {alert.kind for alert in alerts(database)} == {AlertKind.FOREIGN_TIMES, AlertKind.OLD_READINGS}


def test_given_orders_that_were_done_when_the_tables_are_upgraded_then_what_the_last_ones_left_is_known(
    address: str,
) -> None:
    row = (
        "INSERT INTO orders (kind, state, metering_point, registered_at, not_before, version, attempts, meter, outcome,"
        " verified_at) VALUES ('disconnect', :state, '1', :at, :at, 1, 1, :meter, :outcome, :at)"
    )
    with closing(Database(address)) as database:
        upgrade_to(database, "0017")
        with database.transaction() as tx:
            for state, meter, outcome, hour in (
                ("done", METER, "disconnected", 8),
                ("done", METER, "connected", 9),
                ("cannot", METER, "not-switched", 10),
                ("done", OTHER, "armed", 8),
                ("done", "THIRD", None, 8),
            ):
                moment = f"2026-11-23 0{hour}:00:00.000000" if hour < 10 else f"2026-11-23 {hour}:00:00.000000"
                given = {"state": state, "meter": str(meter), "outcome": outcome, "at": moment}
                tx.connection.execute(text(row), given)
        database.upgrade()
        with database.transaction() as tx:
            found = tx.contactors.of([METER, OTHER, MeterNumber("THIRD")])
    assert {meter: (one.state, one.left, one.left_by) for meter, one in found.items()} == {
        METER: (Supply.ON, Supply.ON, 2),
        OTHER: (Supply.READY, Supply.READY, 4),
    }
