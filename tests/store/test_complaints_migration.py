"""Complaint holds of before: nobody is cut off because the database was upgraded, whatever end they had."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from csire_bridge.domain.metering_point.complaints import ComplaintStanding
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.store.database import Database
from tests.store.test_store import upgrade_to
from tests.support.store import CODE, NOW

DAY = timedelta(days=1)
BY_A_MESSAGE = "the supply came back because of a complaint"

pytestmark = pytest.mark.usefixtures("real_upgrade")


@pytest.fixture
def before(address: str) -> Iterator[Database]:
    """As 0023 made it."""
    with closing(Database(address)) as opened:
        upgrade_to(opened, "0023")
        yield opened


def moment(database: Database, at: datetime | None) -> object:
    if at is None or database.url.startswith("postgresql"):
        return at
    return at.isoformat(" ", "microseconds")[:26]


def held(
    database: Database,
    kind: str,
    *,
    ago: int,
    until: int | None,
    why: str = "complaint 17",
    released: bool = False,
) -> None:
    row = {
        "point": str(CODE),
        "kind": kind,
        "since": moment(database, NOW - ago * DAY),
        "until": moment(database, None if until is None else NOW + until * DAY),
        "why": why,
        "released": moment(database, NOW - DAY if released else None),
    }
    names = 'metering_point, kind, since, until, "by", why, released_at'
    with database.transaction() as tx:
        insert = f"INSERT INTO holds ({names}) VALUES (:point, :kind, :since, :until, 'Anna', :why, :released)"  # noqa: S608 - of a test
        tx.connection.execute(text(insert), row)


def after(database: Database) -> list[Hold]:
    database.upgrade()
    with database.transaction() as tx:
        return tx.guards.holds()


@pytest.mark.parametrize(
    ("ago", "until", "standing"),
    [
        (3, 11, ComplaintStanding.OPEN),
        (3, None, ComplaintStanding.OPEN),
        (20, None, ComplaintStanding.COUNTS_AS_UPHELD),
        (14, 0, ComplaintStanding.COUNTS_AS_UPHELD),
        (20, -6, ComplaintStanding.COUNTS_AS_UPHELD),
        (3, -1, ComplaintStanding.OPEN),
    ],
    ids=["running", "endless", "endless and old", "ending now", "ended", "ended before its time"],
)
def test_given_a_complaint_hold_of_before_when_upgraded_then_it_holds_until_a_person_decides(
    before: Database, ago: int, until: int | None, standing: ComplaintStanding
) -> None:
    held(before, "complaint", ago=ago, until=until)
    (hold,) = after(before)
    assert hold.complaint is not None
    assert (hold.until, hold.complaint.lodged, hold.complaint.after_cut) == (None, NOW - ago * DAY, False)
    assert hold.complaint.standing(NOW) is standing
    assert hold.holds(NOW)
    assert hold.holds(NOW + 4000 * DAY)


def test_given_a_hold_by_a_connection_because_of_a_complaint_when_upgraded_then_it_is_one_after_the_cut(
    before: Database,
) -> None:
    held(before, "complaint", ago=3, until=11, why=BY_A_MESSAGE)
    (hold,) = after(before)
    assert hold.complaint is not None
    assert hold.complaint.after_cut is True


def test_given_other_or_released_holds_when_upgraded_then_nothing_of_them_changes(before: Database) -> None:
    held(before, "protection", ago=3, until=-1)
    held(before, "emergency", ago=3, until=11)
    held(before, "complaint", ago=3, until=11, released=True)
    found = after(before)
    assert [(hold.kind, hold.until, hold.complaint) for hold in found] == [
        (HoldKind.PROTECTION, NOW - DAY, None),
        (HoldKind.EMERGENCY, NOW + 11 * DAY, None),
    ]
    with before.transaction() as tx:
        assert tx.guards.hold(3).until == NOW + 11 * DAY
        assert not tx.guards.hold(3).holds(NOW)
