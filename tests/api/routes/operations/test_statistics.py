"""Statistics for programs: a period beside another, in all and in parts; months of the law as they were counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from csire_bridge.domain.figures.published import PUBLISHED
from csire_bridge.domain.identifiers import MessageId, MeteringPointCode, MeterNumber
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import OrderKind, OrderState
from csire_bridge.domain.work import Lease
from csire_bridge.worker.figure_job import FigureKeeper, LawMonthKeeper
from csire_bridge.worker.scheduler import LEASE_NAME, LedStore
from tests.support.api import Api, Caller
from tests.support.defaults import DEADLINES, LAW
from tests.support.rules import SUPPLIER
from tests.support.store import CODE, MINUTE, NOW, add_order


def ended(api: Api, *, minutes: int, days_ago: int = 0, **changes: object) -> None:
    at = NOW - timedelta(days=days_ago)
    before = add_order(
        api.database,
        source_message=MessageId.new(),
        process_instance=None,
        registered_at=at,
        first_given_at=at,
        delivered_at=at + minutes * MINUTE,
        attempts=1,
        **changes,
    )
    facts: Any = {"executed_at": at + minutes * MINUTE, "version": before.version + 1, "state": OrderState.PARKED}
    with api.database.transaction() as tx:
        tx.orders.move_all([(before, parked := replace(before, **facts), "parked")], at)
        done = replace(parked, state=OrderState.DONE, version=parked.version + 1)
        tx.orders.move_all([(parked, done, "done")], at)


def led(api: Api) -> LedStore:
    with api.database.transaction() as tx:
        term = tx.leases.acquire(LEASE_NAME, Lease.starting("test", api.now, timedelta(minutes=1)), api.now)
    assert term is not None
    return LedStore(api.database, "test", term)


@pytest.mark.every_database
def test_given_orders_of_two_months_then_a_period_stands_beside_the_one_before(api: Api, caller: Caller) -> None:
    ended(api, minutes=10, supplier=SUPPLIER)
    ended(api, minutes=20)
    ended(api, minutes=300, days_ago=31)
    FigureKeeper(DEADLINES, lambda: api.now + timedelta(hours=1), at_once=2).tick(led(api), Event())
    add_order(api.database, kind=OrderKind.RECONNECT)
    found = caller.get("/statistics/period", beside="before").json()
    assert (found["from"], found["to"], found["whole"]) == ("2026-11-01", "2026-11-30", True)
    total, before = found["total"], found["beside"]["total"]
    assert (total["orders"], total["done"], total["open"]) == (3, 2, 1)
    assert total["buckets"] == {"up to 15 min": 1, "15-30 min": 1, "30-60 min": 0, "1-3 h": 0, "over 3 h": 0}
    assert total["first_attempt"] == {"count": 2, "of": 2, "share": 1.0}
    assert before["buckets"]["over 3 h"] == 1
    assert [one["supplier"] for one in found["by_supplier"]] == [None, str(SUPPLIER)]
    assert set(found["by_kind"]) == {"disconnect", "reconnect"}
    assert [one["begin"] for one in found["by_day"]] == ["2026-11-23"]
    assert len(found["published"]) == len(PUBLISHED)


def test_given_filters_and_days_then_only_these_orders_count(api: Api, caller: Caller) -> None:
    ended(api, minutes=10, supplier=SUPPLIER)
    ended(api, minutes=20)
    asked = {"from": "2026-11-23", "to": "2026-11-23"}
    assert caller.get("/statistics/period", **asked, supplier=str(SUPPLIER)).json()["total"]["orders"] == 1
    assert caller.get("/statistics/period", **asked, source="sid").json()["total"]["orders"] == 0
    long = caller.get("/statistics/period", **{"from": "2026-01-01", "to": "2026-12-31"}, beside="year-before").json()
    assert [one["begin"] for one in long["by_month"]] == ["2026-11-01"]
    assert (long["beside"]["from"], long["beside"]["total"]["p50_seconds"]) == ("2025-01-01", None)


def test_given_a_period_that_is_none_then_the_problem_names_it(caller: Caller) -> None:
    refused = caller.get("/statistics/period", **{"from": "2026-11-30", "to": "2026-11-01"})
    assert refused.status_code == 422
    assert "before it begins" in refused.json()["detail"]
    assert caller.get("/statistics/period", **{"from": "1960-01-01", "to": "2026-11-01"}).status_code == 422
    assert caller.get("/statistics/stations", month="2026-13").status_code == 422


def test_given_kept_orders_then_months_and_clocks_are_told_by_kind(api: Api, caller: Caller) -> None:
    ended(api, minutes=10)
    found = caller.get("/statistics", kind="disconnect").json()
    assert [(one["month"], one["count"]) for one in found["executions"]] == [("2026-11", 1)]
    assert caller.get("/statistics", kind="reconnect").json() == {"executions": [], "clocks": []}


def test_given_a_month_of_commands_then_its_stations_are_as_they_were_last_counted(api: Api, caller: Caller) -> None:
    with api.database.transaction() as tx:
        point = MeteringPoint(code=CODE, updated_at=NOW, meter=MeterNumber("M1"), station="S1")
        tx.points.put(point)
    ended(api, minutes=10)
    counted_now = caller.get("/statistics/stations").json()
    (group,) = counted_now["groups"]
    assert (group["station"], group["commands"], group["share"], group["below"]) == ("S1", 1, 1.0, False)
    LawMonthKeeper(LAW.book, lambda: api.now).tick(led(api), Event())
    ended(api, minutes=500, metering_point=MeteringPointCode("590243856287817713"))
    api.now += timedelta(minutes=5)
    kept = caller.get("/statistics/stations", month="2026-11").json()
    assert kept == counted_now
    LawMonthKeeper(LAW.book, lambda: api.now).tick(led(api), Event())
    assert len(caller.get("/statistics/stations").json()["groups"]) == 2
