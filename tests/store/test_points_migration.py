"""A database of before: its flags, facts and meters mean the same, and nobody is switched on by the change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.metering_point.interlocks import danger, interlock
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.store.database import Database
from tests.store.test_store import upgrade_to
from tests.support.store import NOW, order

A, B, C, D = (MeteringPointCode(f"5900000000000000{end}") for end in (19, 26, 33, 40))
LATER = NOW + timedelta(hours=3)

pytestmark = pytest.mark.usefixtures("real_upgrade")


@pytest.fixture
def before(address: str) -> Iterator[Database]:
    """As 0014 made it, with points in it."""
    with closing(Database(address)) as opened:
        upgrade_to(opened, "0014")
        yield opened


def moment(database: Database, minutes: int) -> object:
    at = NOW + timedelta(minutes=minutes)
    return at if database.url.startswith("postgresql") else at.isoformat(" ", "microseconds")[:26]


def point(database: Database, code: str, **facts: object) -> None:
    row = {"code": code, "updated_at": moment(database, 60), "has_contactor": True, **facts}
    insert(database, "metering_points", row)


def told(database: Database, code: str, days: int, minutes: int, *, source: str = "message", **facts: object) -> None:
    row = {
        "metering_point": code,
        "effective_date": NOW.date() + timedelta(days=days),
        "told_at": moment(database, minutes),
        "applied_at": moment(database, minutes) if days <= 0 else None,
        "source": source,
        **facts,
    }
    insert(database, "metering_point_updates", row)


def insert(database: Database, table: str, row: dict[str, object]) -> None:
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    with database.transaction() as tx:
        if database.url.startswith("sqlite"):
            row = {name: str(value) if name == "effective_date" else value for name, value in row.items()}
        tx.connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608 - of a test


def after(database: Database) -> dict[MeteringPointCode, MeteringPoint]:
    database.upgrade()
    with database.transaction() as tx:
        return tx.points.of([A, B, C, D], LATER)


def test_given_the_flag_of_before_when_upgraded_then_connections_wait_there_and_disconnections_do_not(
    before: Database,
) -> None:
    point(before, A, meter="M1", threat=True)
    point(before, B, meter="M2", threat=False)
    told(before, A, -5, 0, threat=True)
    found = after(before)
    on, off = order(kind=OrderKind.RECONNECT, disconnection_kind=None), order()
    assert [danger(on, found[code]) for code in (A, B)] == [True, False]
    assert [interlock(off, found[code]) for code in (A, B)] == [None, None]
    with before.transaction() as tx:
        assert tx.guards.holds() == []


def test_given_a_list_that_told_the_flag_when_upgraded_then_a_hold_protects_the_point_until_a_person_has_looked(
    before: Database,
) -> None:
    point(before, A, meter="M1", threat=True)
    told(before, A, -5, 0, source="import", told_by="Anna", threat=True)
    found = after(before)
    with before.transaction() as tx:
        (hold,) = tx.guards.holds()
    assert (hold.metering_point, hold.kind, hold.released_at) == (A, HoldKind.PROTECTION, None)
    assert interlock(order(), found[A], [hold]) is not None
    assert found[A].danger_registered is True


def test_given_a_late_old_telling_that_won_before_when_upgraded_then_the_newest_date_counts_again(
    before: Database,
) -> None:
    point(before, A, meter="M1", can_be_suspended=True, tariff_group="G12", connected=False)
    told(before, A, -1, 0, meter_number="M2", can_be_suspended=False, tariff_group="G11", connected=True)
    told(before, A, -10, 5, meter_number="M1", can_be_suspended=True)
    told(before, A, 3, 6, meter_number="M3")
    found = after(before)[A]
    assert (found.meter, found.can_be_suspended) == ("M2", False)
    assert (found.tariff_group, found.connected) == ("G12", False), "found out in executions since"
    with before.transaction() as tx:
        assert tx.points.of([A], NOW + timedelta(days=4))[A].meter == "M3"
        record = tx.points.record(A)
    assert record is not None
    assert record.since["tariff_group"].heard == NOW + timedelta(minutes=60)
    assert record.since["can_be_suspended"].effective == NOW.date() - timedelta(days=1)


def test_given_one_meter_at_two_points_when_upgraded_then_both_are_marked_and_others_are_not(before: Database) -> None:
    for code, meter in ((A, "M1"), (B, "M1"), (C, "M3"), (D, None)):
        point(before, code, meter=meter)
    after(before)
    with before.transaction() as tx:
        rows = tx.connection.execute(
            text("SELECT metering_point, shared_since IS NOT NULL FROM meter_installations ORDER BY 1")
        ).all()
    assert [tuple(row) for row in rows] == [(A, True), (B, True), (C, False)]
