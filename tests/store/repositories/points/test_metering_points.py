"""The registry of points on every database: what counts of what is told, and where meters stand."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from csire_bridge.domain.errors import StaleWrite
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.meter.installations import misplaced
from csire_bridge.domain.metering_point.facts import MeteringPoint, Source, origins
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind, OrderState, WaitsFor
from csire_bridge.pipeline.answer.hand_over_field_work import hand_over_field_work
from csire_bridge.pipeline.operator.points import point_actions
from csire_bridge.store import tables
from csire_bridge.store.database import Database
from csire_bridge.store.queries.alerts.alert_conditions import standing
from csire_bridge.store.unit_of_work import UnitOfWork
from tests.support.defaults import LAW, PARTNER_WAIT
from tests.support.store import CODE, NOW, PROCESS, SECOND, add_order

DAY = timedelta(days=1)
TODAY = NOW.date()
OTHER = MeteringPointCode("590243856287817713")
M1, M2, M3 = map(MeterNumber, ("M1", "M2", "M3"))


def told(days: int = 0, point: MeteringPointCode = CODE, **facts: object) -> RegistryUpdate:
    base = RegistryUpdate(process_instance=PROCESS, metering_point=point, effective_date=TODAY + days * DAY)
    return replace(base, **facts)  # type: ignore[arg-type]


def tell(database: Database, *updates: RegistryUpdate, at: datetime = NOW, source: Source = Source.MESSAGE) -> None:
    for update in updates:
        with database.transaction() as tx:
            tx.points.record_notices([update], at, source, "Anna" if source is Source.IMPORT else None)


def point(database: Database, at: datetime = NOW) -> MeteringPoint:
    with database.transaction() as tx:
        return tx.points.of([CODE], at)[CODE]


def doubt(database: Database, code: MeteringPointCode, at: datetime, registered_at: datetime) -> str | None:
    with database.transaction() as tx:
        meter = tx.points.of([code], at)[code].meter
        assert meter is not None
        known = tx.points.installations([code], at)
    meters = {i.meter.value for i in known if i.metering_point == code}
    return misplaced(code, meter, registered_at, [i for i in known if i.meter.value in meters])


def shared(database: Database, at: datetime) -> int:
    with database.reading() as connection:
        found = {a.kind: a.count for a in standing(connection, at, DAY, DAY, PARTNER_WAIT)}
    return found.get(AlertKind.METERS_AT_TWO_POINTS, 0)


# --- what counts


def test_given_a_newer_telling_when_an_older_one_arrives_late_then_meter_and_protection_stay(
    database: Database,
) -> None:
    tell(database, told(-1, meter_number=M2, can_be_suspended=False))
    tell(database, told(-10, meter_number=M1, can_be_suspended=True, tariff_group="G11"), at=NOW + SECOND)
    found = point(database)
    assert (found.meter, found.can_be_suspended, found.tariff_group) == (M2, False, "G11")
    with database.transaction() as tx:
        history, record = tx.points.history(CODE), tx.points.record(CODE)
    assert [t.applied_at is not None for t in history] == [True, True], "what came late is kept in the history"
    assert record is not None
    known = origins(record, history)
    assert known["meter"] == (record.since["meter"], history[0])
    assert (known["tariff_group"][1], record.since["tariff_group"].heard) == (history[1], NOW + SECOND)


def test_given_tellings_of_every_source_in_any_order_then_the_state_is_the_same(database: Database) -> None:
    seen = MeteringPoint(code=CODE, updated_at=NOW - 2 * DAY, prepaid=True, tariff_group="G12")
    acts: list[Callable[[UnitOfWork], object]] = [
        lambda tx: tx.points.record_notices([told(-3, tariff_group="G11", prepaid=False)], NOW, Source.MESSAGE),
        lambda tx: tx.points.record_notices([told(-1, connected=True)], NOW + SECOND, Source.IMPORT, "Anna"),
        lambda tx: tx.points.switched_all([(CODE, False, NOW - 2 * DAY)], NOW + 2 * SECOND),
        lambda tx: tx.points.learn(seen, NOW),
        lambda tx: tx.points.record_notices([told(-3, supplier="B", prepaid=False)], NOW + 3 * SECOND, Source.METER),
    ]
    ends = set()
    chance = random.Random(7)  # noqa: S311 - which orders are tried is no secret
    for order in chance.sample(list(itertools.permutations(acts)), 24):
        with database.transaction() as tx:
            for table in (tables.metering_points, tables.metering_point_updates, tables.meter_installations):
                tx.connection.execute(table.delete())
            tx.points.record_notices([told(-30, supplier="A")], NOW, Source.MESSAGE)
        for act in order:
            with database.transaction() as tx:
                act(tx)
        found = point(database)
        ends.add((found.tariff_group, found.prepaid, found.connected, found.supplier))
    assert ends == {("G12", True, True, "B")}


def test_given_a_reading_of_the_contactor_then_an_older_one_that_is_written_later_does_not_undo_it(
    database: Database,
) -> None:
    tell(database, told(-5, connected=True))
    with database.transaction() as tx:
        tx.points.switched_all([(CODE, False, NOW)], NOW)
        tx.points.switched_all([(CODE, True, NOW - 3 * DAY)], NOW + SECOND)
    tell(database, told(-1, connected=True), at=NOW + 2 * SECOND)
    assert point(database).connected is False


def test_given_what_holds_later_when_its_day_comes_then_it_counts_by_its_date_not_by_when_it_was_applied(
    database: Database,
) -> None:
    tell(database, told(2, meter_number=M2), told(1, meter_number=M1))
    assert [point(database, NOW + days * DAY).meter if days else None for days in (0, 1, 2)] == [None, M1, M2]
    tell(database, told(1, meter_number=M3), at=NOW + 3 * DAY)
    assert point(database, NOW + 4 * DAY).meter == M2


@pytest.mark.parametrize("seed", range(3))
def test_given_many_that_tell_at_once_then_the_newest_date_counts_whoever_was_last(
    database: Database, seed: int
) -> None:
    tell(database, told(-99, supplier="A"))
    days = [[-3, -1, -2, -9, -4, -6], [0, -20, -1, -2, -3, -4], [-7, -5, -6, -8, -11, -10]][seed]
    barrier = threading.Barrier(len(days))

    def one(day: int) -> None:
        barrier.wait()
        while True:
            try:
                tell(database, told(day, tariff_group=f"G{-day}"))
            except StaleWrite:
                continue
            return

    with ThreadPoolExecutor(len(days)) as pool:
        list(pool.map(one, days))
    assert point(database).tariff_group == f"G{-max(days)}"


# --- where meters stand


def test_given_a_notice_that_gives_a_meter_to_a_second_point_then_neither_may_be_switched_and_people_are_told(
    database: Database,
) -> None:
    tell(database, told(-9, meter_number=M1), told(-9, OTHER, meter_number=M2))
    assert shared(database, NOW) == 0
    later = NOW + timedelta(hours=1)
    tell(database, told(0, OTHER, meter_number=M1), at=later)
    assert shared(database, later) == 2
    for code in (CODE, OTHER):
        assert "more than one" in (doubt(database, code, later, later + DAY) or "")
    tell(database, told(0, meter_number=M3), at=later + SECOND)
    assert shared(database, later + SECOND) == 0
    for code in (CODE, OTHER):
        assert "was moved" in (doubt(database, code, later + SECOND, NOW) or ""), "it was registered before the move"
        assert doubt(database, code, later + SECOND, later + DAY) is None


def test_given_a_meter_that_comes_to_another_point_on_a_day_then_its_orders_see_that_though_nobody_asked_before(
    database: Database,
) -> None:
    tell(database, told(-9, meter_number=M1), told(-9, OTHER, meter_number=M2))
    tell(database, told(2, OTHER, meter_number=M1))
    assert doubt(database, CODE, NOW + DAY, NOW) is None
    assert "more than one" in (doubt(database, CODE, NOW + 2 * DAY, NOW) or "")
    tell(database, told(3, meter_number=M3), at=NOW + 2 * DAY)
    assert "more than one" in (doubt(database, OTHER, NOW + 2 * DAY, NOW + 4 * DAY) or "")
    assert doubt(database, OTHER, NOW + 3 * DAY, NOW + 5 * DAY) is None, "what the other point has now is in force"


def test_given_a_meter_in_other_letters_at_another_point_then_it_is_one_meter_at_both_and_marked_until_one_lets_go(
    database: Database,
) -> None:
    capital, small = MeterNumber("ŁGZ1"), MeterNumber("łgz1".replace("ł", "Ł"))
    tell(database, told(-9, meter_number=capital), told(-9, OTHER, meter_number=M2))
    tell(database, told(2, OTHER, meter_number=small))
    assert doubt(database, CODE, NOW + DAY, NOW) is None
    for code in (CODE, OTHER):
        assert "more than one" in (doubt(database, code, NOW + 2 * DAY, NOW) or "")
    assert shared(database, NOW + 2 * DAY) == 2
    with database.transaction() as tx:
        assert tx.points.spelled([small, MeterNumber("unknown")])[small] in (capital, small)
    tell(database, told(3, meter_number=M3), at=NOW + 3 * DAY)
    assert shared(database, NOW + 3 * DAY) == 0
    assert doubt(database, OTHER, NOW + 3 * DAY, NOW + 5 * DAY) is None


def test_given_meters_that_change_places_in_one_list_then_no_meter_is_at_two_points(database: Database) -> None:
    tell(database, told(-9, meter_number=M1), told(-9, OTHER, meter_number=M2))
    with database.transaction() as tx:
        swap = [told(0, meter_number=M2), told(0, OTHER, meter_number=M1)]
        tx.points.record_notices(swap, NOW + SECOND, Source.IMPORT, "Anna")
    assert shared(database, NOW + SECOND) == 0
    assert "was moved" in (doubt(database, CODE, NOW + SECOND, NOW) or "")


def test_given_two_notices_at_once_that_bring_a_new_meter_to_two_points_then_both_are_marked(
    database: Database,
) -> None:
    barrier = threading.Barrier(2)

    def one(code: MeteringPointCode) -> None:
        barrier.wait()
        while True:
            try:
                tell(database, told(0, code, meter_number=M1))
            except StaleWrite:
                continue
            return

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, (CODE, OTHER)))
    assert shared(database, NOW) == 2


def test_given_a_point_without_its_meter_by_a_persons_word_then_the_meter_is_at_the_other_one_only(
    database: Database,
) -> None:
    tell(database, told(-9, meter_number=M1), told(-9, OTHER, meter_number=M1))
    assert shared(database, NOW) == 2
    tell(database, told(0, no_meter=True), source=Source.PERSON, at=NOW + SECOND)
    assert (shared(database, NOW), point(database).meter) == (0, None)
    with database.reading() as connection:
        open_ = tables.meter_installations.c.known_until.is_(None)
        rows = connection.execute(select(tables.meter_installations.c.metering_point).where(open_)).scalars().all()
    assert rows == [OTHER]


def test_given_dates_before_and_after_midnight_then_a_telling_holds_by_the_polish_day(database: Database) -> None:
    evening = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
    tell(database, RegistryUpdate(process_instance=None, metering_point=CODE, effective_date=date(2026, 11, 24)))
    tell(database, told(1, tariff_group="G12"), at=evening)
    with database.transaction() as tx:
        assert tx.points.of([CODE], evening).get(CODE) is None
        assert tx.points.of([CODE], evening + timedelta(hours=1))[CODE].tariff_group == "G12"


def test_given_a_connection_left_to_people_when_danger_is_registered_then_it_is_handed_over_once_that_is_lifted(
    database: Database,
) -> None:
    tell(database, told(-1, meter_number=M1, danger_registered=True))
    on = add_order(database, kind=OrderKind.RECONNECT, state=OrderState.FIELD_WORK)
    off = add_order(database, state=OrderState.FIELD_WORK)
    assert hand_over_field_work(database, lambda: NOW, LAW) == 1
    with database.transaction() as tx:
        assert [order.key for order in tx.sid.not_handed_over()] == [on.key]
        assert off.key != on.key
        point_actions.lift_danger(tx, CODE, OperatorAction("Anna", NOW + SECOND, "checked"))
    assert hand_over_field_work(database, lambda: NOW, LAW) == 1


def held(tx: UnitOfWork) -> None:
    tx.guards.add_hold(
        Hold(key=0, metering_point=CODE, kind=HoldKind.COMPLAINT, since=NOW, until=None, by="Anna", why="asked")
    )


def stopped(tx: UnitOfWork) -> None:
    tx.guards.throw_stop(StopScope.DISCONNECTIONS, "Anna", "a flood", NOW)


def protected(tx: UnitOfWork) -> None:
    tx.points.record_notices([told(0, can_be_suspended=False)], NOW, Source.MESSAGE)


@pytest.mark.parametrize("forbid", [held, stopped, protected])
def test_given_a_disconnection_left_to_people_when_it_is_forbidden_meanwhile_then_no_crew_is_sent(
    database: Database, forbid: Callable[[UnitOfWork], None]
) -> None:
    tell(database, told(-1, meter_number=M1, can_be_suspended=True))
    off = add_order(database, state=OrderState.FIELD_WORK, disconnection_kind=DisconnectionKind.DEBT)
    with database.transaction() as tx:
        forbid(tx)
    assert hand_over_field_work(database, lambda: NOW + SECOND, LAW) == 0
    with database.transaction() as tx:
        assert [order.key for order in tx.sid.not_handed_over()] == [off.key]


def test_given_connections_at_dangerous_points_then_the_alert_counts_those_that_wait_and_those_left_to_people(
    database: Database,
) -> None:
    tell(database, told(-1, meter_number=M1, danger_registered=True))
    add_order(database, kind=OrderKind.RECONNECT, state=OrderState.FIELD_WORK)
    add_order(database, kind=OrderKind.RECONNECT, waits_for=WaitsFor.DANGER)
    add_order(database, state=OrderState.FIELD_WORK)
    with database.reading() as connection:
        found = {a.kind: a.count for a in standing(connection, NOW, DAY, DAY, PARTNER_WAIT)}
    assert found[AlertKind.DANGER_WAITED_FOR] == 2
