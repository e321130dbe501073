"""The regulator's figures: what counts as delivered in time, by group of meters, on both databases."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from csire_bridge.domain.calendar.polish_month import PolishMonth
from csire_bridge.domain.identifiers import MessageId, MeteringPointCode, MeterNumber
from csire_bridge.domain.law.figures import Fate, GroupShare, MonthFigures, Part
from csire_bridge.domain.law.model import ShareFigure
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import NotDelivered, OrderState
from csire_bridge.store.database import Database
from csire_bridge.store.queries.law_figures import fates_query, month_figures
from tests.support.defaults import LAW
from tests.support.store import add_order, document

MONTH = PolishMonth.parse("2026-11")
RULE = next(LAW.book.of(ShareFigure))
AT = datetime(2026, 11, 10, 8, 0, tzinfo=UTC)
LATER = AT + timedelta(days=5)
LIMIT = timedelta(hours=3)
MS = timedelta(milliseconds=1)


def code(number: int) -> MeteringPointCode:
    return MeteringPointCode(f"590{number:015d}")


def given_points(database: Database, numbers: range, station: str | None, group: str | None = None) -> None:
    with database.transaction() as tx:
        for n in numbers:
            facts = {"meter": MeterNumber(f"M{n}"), "station": station, "station_group": group}
            tx.points.put(MeteringPoint(code=code(n), updated_at=AT, **facts))  # type: ignore[arg-type]


def given_command(database: Database, number: int = 1, **facts: object) -> int:
    order = {"metering_point": code(number), "state": OrderState.DONE, "first_given_at": AT, **facts}
    return add_order(database, source_message=MessageId.new(), **order).key


def figures(database: Database, now: datetime = LATER) -> MonthFigures:
    with database.reading() as connection:
        return month_figures(connection, MONTH, RULE, now)


def test_given_commands_then_each_has_its_fate_and_the_bound_belongs_to_in_time(database: Database) -> None:
    given_points(database, range(1, 3), "S1")
    open_, withdrawn = OrderState.FIELD_WORK, OrderState.WITHDRAWN
    given_command(database, delivered_at=AT + LIMIT)
    given_command(database, delivered_at=AT + LIMIT + MS)
    given_command(database, delivered_at=AT + 2 * LIMIT, undelivered_why=NotDelivered.TIMED_OUT)
    given_command(database, delivered_at=AT + MS, undelivered_why=NotDelivered.REFUSED)  # in time all the same
    given_command(database, state=OrderState.REJECTED, undelivered_why=NotDelivered.REFUSED)
    given_command(database, state=open_, undelivered_why=NotDelivered.UNREACHABLE)
    given_command(database, state=withdrawn)
    given_command(database, state=OrderState.SUBMITTED, first_given_at=LATER - LIMIT + MS)
    given_command(database, state=OrderState.SUBMITTED, first_given_at=LATER - LIMIT)
    (group,) = figures(database).groups
    assert group == GroupShare(
        "S1",
        None,
        2,
        {
            Fate.IN_TIME: 2,
            Fate.WAITING: 2,
            Fate.TIMED_OUT: 1,
            Fate.REFUSED: 1,
            Fate.UNREACHABLE: 1,
            Fate.TAKEN_BACK: 1,
            Fate.RUNNING: 1,
        },
    )
    assert (group.counted, group.late) == (7, 5)


def test_given_the_edges_of_a_polish_month_then_only_what_was_given_in_it_counts(database: Database) -> None:
    given_points(database, range(1, 2), "S1")
    for at in (MONTH.begin - MS, MONTH.begin, MONTH.end - MS, MONTH.end, None):
        given_command(database, first_given_at=at, delivered_at=at)
    (group,) = figures(database, MONTH.end + LIMIT).groups
    assert group.counted == 2


def test_given_groups_then_those_below_95_percent_those_too_large_and_those_without_a_station_are_told(
    database: Database,
) -> None:
    given_points(database, range(1, 21), "S1", "A")
    given_points(database, range(21, 22), "S1", "B")
    given_points(database, range(100, 301), "S2")
    given_points(database, range(400, 403), None)
    for n in range(20):
        given_command(database, 1 + n, delivered_at=AT if n else None, state=OrderState.DONE)  # 19 of 20: enough
    given_command(database, 21, delivered_at=None)
    given_command(database, 400, delivered_at=AT)
    given_command(database, 999, delivered_at=AT)  # a point that is not in the registry
    found = figures(database)
    assert [(g.station, g.group) for g in found.below] == [("S1", "B")]
    assert [(g.station, g.meters) for g in found.too_large] == [("S2", 201)]
    assert found.without_station is not None
    assert (found.without_station.meters, found.without_station.counted) == (3, 2)
    share = next(g.share for g in found.groups if g.group == "A")
    assert share == pytest.approx(0.95)


def test_given_requests_of_the_hub_then_timeliness_completeness_and_correctness_are_counted(
    database: Database,
) -> None:
    due = AT + timedelta(days=1)
    kept = given_command(database, registered_at=AT, deadline=due, executed_at=due)
    missed = given_command(database, registered_at=AT, deadline=due, executed_at=due + MS)
    given_command(database, registered_at=AT, deadline=due, state=OrderState.PARKED)  # past, and still open
    given_command(database, registered_at=AT, deadline=LATER, state=OrderState.PARKED)  # not due yet
    given_command(database, registered_at=AT)
    add_order(database, registered_at=AT, source_message=None)  # nobody of the hub asked for it
    with database.transaction() as tx:
        tx.outbox.add(document(kept, delivered_at=AT, state=DocumentState.CONFIRMED))
        tx.outbox.add(document(missed, delivered_at=AT, state=DocumentState.CONTESTED))
    quality = figures(database).quality
    assert (quality.timeliness, quality.completeness, quality.correctness) == (Part(1, 3), Part(2, 5), Part(1, 2))


def test_given_no_order_then_nothing_is_counted_and_nothing_fails(database: Database) -> None:
    found = figures(database)
    assert (found.groups, found.without_station, found.quality.timeliness.share) == ([], None, None)


def test_given_the_query_then_it_takes_the_index_of_the_month_and_not_all_orders(tmp_path: Path) -> None:
    sent: list[tuple[str, Any]] = []
    with closing(Database(f"sqlite:///{tmp_path}/plan.db")) as database:
        database.upgrade()
        with database.reading() as connection:
            event.listen(connection, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
            connection.execute(fates_query(connection, MONTH, RULE, LATER)).all()
            asked, values = sent[-1]
            plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", values)]
    assert any("ix_orders_first_given_at" in line for line in plan), plan
    assert not any(line.startswith("SCAN orders") for line in plan), plan
