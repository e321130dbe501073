"""Kept figures and the rest are together what all rows are, whatever ended in between, in both kinds of database."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, select

from csire_bridge.domain.figures.period import Period
from csire_bridge.domain.figures.summary import grouped
from csire_bridge.domain.figures.tally import Cell, CountedOrder, Counts, tally
from csire_bridge.domain.figures.wanted import EVERYTHING, FiguresWanted
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import FINAL_STATES, Order, OrderKind, OrderState, RejectionReason
from csire_bridge.store.database import Database, make_current
from csire_bridge.store.figures.counted import figures, first_day, kept, rest, suppliers
from csire_bridge.store.figures.figure_book import SETTLED_AFTER
from csire_bridge.store.figures.rest import COLUMNS, counted_to
from csire_bridge.store.sql.row_mapper import from_rows
from tests.support.defaults import DEADLINES
from tests.support.rules import SUPPLIER
from tests.support.store import NOW, SECOND, add_order

LATER = NOW + timedelta(days=1)
DAY = NOW.date()


def keep(database: Database, now: datetime = LATER, most: int = 1000) -> int:
    with database.transaction() as tx:
        return tx.figures.keep(DEADLINES, now, most)


def end(database: Database, which: Order, state: OrderState = OrderState.DONE, at: datetime = NOW) -> Order:
    facts: dict[str, Any] = {"state": state, "version": which.version + 1}
    if state is OrderState.DONE:
        facts["executed_at"] = at
    if state is OrderState.REJECTED:
        facts["cannot_reason"] = RejectionReason.OTHER
    moves = [(which, replace(which, state=OrderState.PARKED, version=which.version + 1), "parked")]
    ended = replace(moves[0][1], **(facts | {"version": which.version + 2}))
    with database.transaction() as tx:
        tx.orders.move_all(moves, at)
        tx.orders.move_all([(moves[0][1], ended, "ended")], at)
    return ended


def put(database: Database, **changes: Any) -> Order:
    return add_order(database, **{"source_message": MessageId.new(), "process_instance": None, **changes})


def of_all_rows(connection: Connection, now: datetime) -> dict[Cell, Counts]:
    every = from_rows(CountedOrder, connection.execute(select(*COLUMNS)))
    return tally(every, DEADLINES, now)


def total(connection: Connection, wanted: FiguresWanted = EVERYTHING, now: datetime = LATER) -> Counts:
    found = figures(connection, DEADLINES, now, wanted)
    assert found.whole
    return grouped(found.cells, lambda _: None).get(None, Counts())


def test_given_orders_that_end_then_each_is_counted_once_before_and_after_it_is_kept(database: Database) -> None:
    ended, open_ = put(database), put(database, kind=OrderKind.RECONNECT)
    end(database, ended)
    with database.reading() as connection:
        before = total(connection)
    assert keep(database) == 4
    with database.transaction() as tx:
        tx.orders.note(ended.key, OrderState.DONE, NOW, "a remark after its end")
    with database.reading() as connection:
        assert total(connection) == before
        assert (before["orders"], before["done"], before["open"]) == (2, 1, 1)
    assert keep(database) == 1
    end(database, open_, OrderState.WITHDRAWN)
    with database.reading() as connection:
        after = total(connection)
        assert (after["orders"], after["done"], after["withdrawn"], after["open"]) == (2, 1, 1, 0)
    keep(database)
    with database.reading() as connection:
        assert total(connection) == after
        assert not rest(connection, DEADLINES, LATER).cells


def test_given_a_young_event_then_it_waits_because_an_earlier_one_may_still_be_committed(database: Database) -> None:
    end(database, put(database))
    assert keep(database, NOW + SETTLED_AFTER - SECOND) == 0
    assert keep(database, NOW + SETTLED_AFTER) == 3
    assert keep(database, NOW + SETTLED_AFTER) == 0


def test_given_months_days_and_filters_then_they_find_exactly_their_orders(database: Database) -> None:
    for months_ago, supplier in ((0, SUPPLIER), (1, None), (2, SUPPLIER)):
        at = NOW - timedelta(days=31 * months_ago)
        end(database, put(database, registered_at=at, supplier=supplier))
    end(database, put(database, kind=OrderKind.RECONNECT, source_message=None, source_number=None, source_sender=None))
    keep(database)
    november, autumn = Period(date(2026, 11, 1), date(2026, 11, 30)), Period(date(2026, 9, 15), date(2026, 11, 23))
    counts = {
        "all": EVERYTHING,
        "november": FiguresWanted(november),
        "autumn, by months and days": FiguresWanted(autumn),
        "one day": FiguresWanted(Period(DAY, DAY)),
        "the day before": FiguresWanted(Period(DAY - timedelta(days=1), DAY - timedelta(days=1))),
        "sid": FiguresWanted(source=OrderSource.SID),
        "reconnections": FiguresWanted(kind=OrderKind.RECONNECT),
        "one supplier": FiguresWanted(supplier=str(SUPPLIER)),
        "no supplier": FiguresWanted(supplier=""),
    }
    with database.reading() as connection:
        assert {name: total(connection, wanted)["orders"] for name, wanted in counts.items()} == {
            "all": 4,
            "november": 2,
            "autumn, by months and days": 4,
            "one day": 2,
            "the day before": 0,
            "sid": 1,
            "reconnections": 1,
            "one supplier": 2,
            "no supplier": 2,
        }
        left = rest(connection, DEADLINES, LATER)
        assert suppliers(connection, left) == [str(SUPPLIER)]
        assert first_day(connection, left) == date(2026, 9, 1)
        days = {cell.day for cell, _ in kept(connection, FiguresWanted(november), by_day=True)}
        assert days == {DAY}


def test_given_more_than_can_be_counted_now_then_that_is_said(database: Database) -> None:
    for _ in range(3):
        end(database, put(database))
    put(database)
    with database.reading() as connection:
        assert rest(connection, DEADLINES, LATER, 4).whole
        cut = rest(connection, DEADLINES, LATER, 3)
        assert not cut.whole
        assert sum(counts["orders"] for _, counts in cut.cells) == 3


@given(st.randoms(use_true_random=False))
@settings(max_examples=12)
def test_kept_figures_are_those_of_all_rows_whatever_happens_in_between(
    tmp_path_factory: pytest.TempPathFactory, chance: random.Random
) -> None:
    make_current(address := f"sqlite:///{tmp_path_factory.mktemp('figures') / 'bridge.db'}")
    with closing(Database(address)) as database:
        now, alive = NOW, []
        for _ in range(chance.randint(1, 25)):
            now += timedelta(minutes=chance.choice([0, 1, 20, 60 * 24]))
            match chance.choice(["new", "new", "end", "keep"]):
                case "new":
                    kind = chance.choice(list(OrderKind))
                    alive.append(put(database, kind=kind, registered_at=now - timedelta(days=chance.randint(0, 60))))
                case "end" if alive:
                    which = alive.pop(chance.randrange(len(alive)))
                    end(database, which, chance.choice(sorted(FINAL_STATES)), now)
                case "keep":
                    keep(database, now, chance.choice([1, 3, 100]))
            with database.reading() as connection:
                expected = grouped(of_all_rows(connection, now).items(), lambda cell: (cell.month, cell.source))
                found = figures(connection, DEADLINES, now).cells
                assert grouped(found, lambda cell: (cell.month, cell.source)) == expected
                days = [*kept(connection, EVERYTHING, by_day=True), *rest(connection, DEADLINES, now).cells]
                assert grouped(days, lambda cell: cell) == of_all_rows(connection, now)


def test_given_the_queries_then_none_goes_through_all_orders_or_all_histories(tmp_path: Path) -> None:
    make_current(address := f"sqlite:///{tmp_path}/plan.db")
    sent: list[tuple[str, Any]] = []
    with closing(Database(address)) as database:
        end(database, put(database))
        keep(database)
        with database.reading() as connection:
            event.listen(connection, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
            rest(connection, DEADLINES, LATER, 100)
            months = Period(date(2026, 9, 15), date(2026, 11, 20))
            list(kept(connection, FiguresWanted(months, OrderKind.DISCONNECT)))
            told = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", given) for query, given in sent.copy()]
            plans = [line[-1] for plan in told for line in plan]
            assert counted_to(connection) > 0
    assert any("ix_orders_not_done (state=?" in line for line in plans), plans
    scans = [line for line in plans if line.startswith("SCAN")]
    assert scans == ["SCAN figure_progress"] * len(scans), plans  # it has one row
