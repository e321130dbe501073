"""What people record of complaints: refused where it makes no sense, and never lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from csire_bridge.domain.clock import start_of
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.metering_point.complaints import Complaint, ComplaintStanding, Decision
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.pipeline.operator import complaint_actions, guard_actions
from csire_bridge.store.database import Database
from csire_bridge.store.unit_of_work import UnitOfWork
from tests.support.defaults import LAW
from tests.support.store import CODE

NOON = datetime(2026, 6, 10, 10, tzinfo=UTC)
DAY = timedelta(days=1)
UPHELD, REJECTED = Decision.UPHELD, Decision.REJECTED


def act(at: datetime = NOON) -> OperatorAction:
    return OperatorAction("Anna Nowak", at, "complaint 17")


def lodged(tx: UnitOfWork, days_ago: int = 0) -> int:
    day = start_of(NOON.date() - days_ago * DAY)
    return complaint_actions.lodge(tx, CODE, day, act(), LAW)


def known(tx: UnitOfWork, key: int) -> Complaint:
    complaint = tx.guards.hold(key).complaint
    assert complaint is not None
    return complaint


@pytest.mark.every_database
def test_given_no_day_then_a_complaint_counts_from_the_start_of_today(database: Database) -> None:
    with database.transaction() as tx:
        complaint = known(tx, complaint_actions.lodge(tx, CODE, None, act(), LAW))
        assert complaint.lodged == start_of(NOON.date())
        assert complaint.decide_by == start_of(NOON.date() + 14 * DAY)


def test_given_a_day_that_is_still_to_come_then_it_is_refused_with_the_reason(database: Database) -> None:
    with database.transaction() as tx:
        with pytest.raises(ActionRefused, match="2026-06-11 is still to come"):
            lodged(tx, -1)
        assert tx.guards.holds() == []


@pytest.mark.parametrize("days_ago", [0, 13])
def test_given_a_rejection_in_time_then_disconnections_are_possible_until_it_is_disputed(
    database: Database, days_ago: int
) -> None:
    with database.transaction() as tx:
        key = lodged(tx, days_ago)
        assert not complaint_actions.decide(tx, key, REJECTED, act()).holds(NOON)
        assert tx.guards.holds_of([CODE], NOON) == {}
        assert complaint_actions.dispute(tx, key, act(NOON + DAY)).holds(NOON + DAY)
        assert [hold.key for hold in tx.guards.holds_of([CODE], NOON + DAY)[CODE]] == [key]
        assert (known(tx, key).decided_by, known(tx, key).disputed_at) == ("Anna Nowak", NOON + DAY)


def test_given_a_complaint_that_counts_as_upheld_then_a_rejection_is_refused_and_it_holds_on(
    database: Database,
) -> None:
    with database.transaction() as tx:
        key = lodged(tx, 14)
        with pytest.raises(ActionRefused, match="not decided in time and counts as upheld"):
            complaint_actions.decide(tx, key, REJECTED, act())
        assert tx.guards.hold(key).holds(NOON)
        complaint_actions.decide(tx, key, UPHELD, act())
        assert known(tx, key).standing(NOON) is ComplaintStanding.UPHELD


@pytest.mark.parametrize("first", [UPHELD, REJECTED])
@pytest.mark.parametrize("second", [UPHELD, REJECTED])
def test_given_a_decision_then_it_is_not_changed_by_another_one(
    database: Database, first: Decision, second: Decision
) -> None:
    with database.transaction() as tx:
        key = lodged(tx)
        complaint_actions.decide(tx, key, first, act())
        with pytest.raises(ActionRefused, match="was decided before"):
            complaint_actions.decide(tx, key, second, act())
        assert known(tx, key).decision is first


def test_given_a_dispute_then_a_rejection_is_recorded_and_it_holds_until_a_person_releases_it(
    database: Database,
) -> None:
    with database.transaction() as tx:
        key = lodged(tx)
        complaint_actions.dispute(tx, key, act())
        assert complaint_actions.decide(tx, key, REJECTED, act()).holds(NOON + 400 * DAY)
        with pytest.raises(ActionRefused, match="disputed already"):
            complaint_actions.dispute(tx, key, act())
        hold, _ = guard_actions.release_hold(tx, key, act())
        assert not hold.holds(NOON)
        assert hold.complaint == known(tx, key)


def test_given_a_hold_that_is_no_complaint_or_was_released_or_is_not_there_then_it_is_said(
    database: Database,
) -> None:
    with database.transaction() as tx:
        other = guard_actions.set_hold(tx, CODE, HoldKind.PROTECTION, None, act())
        over = lodged(tx)
        guard_actions.release_hold(tx, over, act())
        for key, said in ((other, "has no complaint"), (over, "was released by Anna Nowak"), (99, "there is no hold")):
            with pytest.raises(ActionRefused, match=said):
                complaint_actions.decide(tx, key, REJECTED, act())
            with pytest.raises(ActionRefused, match=said):
                complaint_actions.dispute(tx, key, act())


def test_given_a_hold_of_the_kind_complaint_without_its_day_then_it_is_refused(database: Database) -> None:
    with database.transaction() as tx, pytest.raises(ActionRefused, match="a day on which it was lodged"):
        guard_actions.set_hold(tx, CODE, HoldKind.COMPLAINT, None, act())
