"""Warnings on complaints that nobody decides, and one that stays once they count as upheld."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from csire_bridge.domain.metering_point.complaints import Decision
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.pipeline.operator import complaint_actions, guard_actions
from csire_bridge.store.database import Database
from csire_bridge.store.queries.alerts.complaint_alerts import complaint_alerts
from tests.support.defaults import LAW
from tests.support.store import CODE

LODGED = datetime(2026, 6, 1, 22, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
ACT = OperatorAction("Anna Nowak", LODGED, "complaint 17")
HALF, FOUR_FIFTHS, UPHELD = AlertKind.COMPLAINT_HALF, AlertKind.COMPLAINT_FOUR_FIFTHS, AlertKind.COMPLAINT_UPHELD


def told(database: Database, now: datetime) -> list[tuple[AlertKind, int]]:
    with database.reading() as connection:
        return [(alert.kind, alert.count) for alert in complaint_alerts(connection, now)]


def lodge(database: Database, lodged: datetime = LODGED) -> int:
    with database.transaction() as tx:
        return complaint_actions.lodge(tx, CODE, lodged, ACT, LAW)


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        (7 * DAY - MINUTE, None),
        (7 * DAY, HALF),
        (11.2 * DAY - MINUTE, HALF),
        (11.2 * DAY, FOUR_FIFTHS),
        (14 * DAY - MINUTE, FOUR_FIFTHS),
        (14 * DAY, UPHELD),
        (4000 * DAY, UPHELD),
    ],
)
def test_given_a_complaint_that_nobody_decides_then_one_warning_says_how_far_its_time_is(
    database: Database, after: timedelta, kind: AlertKind | None
) -> None:
    lodge(database)
    assert told(database, LODGED + after) == ([] if kind is None else [(kind, 1)])


@pytest.mark.parametrize("end", ["rejected", "upheld", "disputed", "released"])
def test_given_a_complaint_when_it_is_decided_disputed_or_released_then_nothing_is_warned_of(
    database: Database, end: str
) -> None:
    key = lodge(database)
    with database.transaction() as tx:
        match end:
            case "disputed":
                complaint_actions.dispute(tx, key, ACT)
            case "released":
                guard_actions.release_hold(tx, key, ACT)
            case _:
                complaint_actions.decide(tx, key, Decision(end), ACT)
    assert told(database, LODGED + 20 * DAY) == []


def test_given_several_complaints_then_each_stage_counts_its_own_and_names_the_oldest(database: Database) -> None:
    for days in (0, 1, 6, 8, 13):
        lodge(database, LODGED - days * DAY)
    now = LODGED + 6 * DAY
    assert told(database, now) == [(HALF, 1), (FOUR_FIFTHS, 1), (UPHELD, 2)]
    with database.reading() as connection:
        assert [alert.oldest for alert in complaint_alerts(connection, now)][-1] == LODGED - 13 * DAY
