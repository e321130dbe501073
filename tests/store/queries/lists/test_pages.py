"""Pages of a list, put together, are the whole list, whatever is looked for and however little is looked at at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from csire_bridge.domain.identifiers import Eic, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.message import MessageState
from csire_bridge.domain.order.clock_stage import ClockAt, ClockStage
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import FINAL_STATES, OrderKind, OrderState, WaitsFor
from csire_bridge.domain.work import WorkStep
from csire_bridge.store import tables
from csire_bridge.store.database import Database
from csire_bridge.store.queries.lists import counted, ways
from csire_bridge.store.queries.lists.counted import Counted
from csire_bridge.store.queries.lists.message_pages import count_messages, message_page
from csire_bridge.store.queries.lists.order_pages import (
    count_new_orders,
    count_orders,
    every_order,
    find_orders,
    order_page,
)
from csire_bridge.store.queries.search.message_search import MessageSearch
from csire_bridge.store.queries.search.order_search import OrderSearch
from tests.support.store import CODE, HUB, NOW, add_order, order

HOUR = timedelta(hours=1)
OTHER_POINT = MeteringPointCode("590310600000000019")
OTHER_SUPPLIER = Eic("19XSUPPLIER----K")
METER = MeterNumber("M-17")
OPEN = tuple(state for state in OrderState if state not in FINAL_STATES)
SEARCHES = [
    OrderSearch(),
    OrderSearch(states=(OrderState.PARKED,)),
    OrderSearch(states=OPEN),
    OrderSearch(states=(OrderState.DONE, OrderState.REJECTED)),
    OrderSearch(states=(OrderState.REJECTED, OrderState.PARKED), kind=OrderKind.RECONNECT),
    OrderSearch(states=(OrderState.REJECTED,), since=NOW - 20 * HOUR),
    OrderSearch(states=(OrderState.PARKED, OrderState.FIELD_WORK), since=NOW - 20 * HOUR, text="odd"),
    OrderSearch(kind=OrderKind.RECONNECT),
    OrderSearch(supplier=HUB),
    OrderSearch(supplier=HUB, kind=OrderKind.DISCONNECT),
    OrderSearch(since=NOW - 20 * HOUR),
    OrderSearch(since=NOW - 30 * HOUR, until=NOW - 10 * HOUR, supplier=OTHER_SUPPLIER),
    OrderSearch(point=OTHER_POINT),
    OrderSearch(station="S1", states=OPEN),
    OrderSearch(meter=METER, source=OrderSource.HUB),
    OrderSearch(waits_for=WaitsFor.HOLD),
    OrderSearch(waits_for=WaitsFor.CAP, supplier=HUB),
    OrderSearch(text="odd line"),
    OrderSearch(reason="ODD"),
    OrderSearch(error="no route"),
    OrderSearch(source=OrderSource.SID),
    OrderSearch(attempts=2),
    OrderSearch(dated_since=NOW, dated_until=NOW + 3 * HOUR),
    *(OrderSearch(clock=ClockAt(stage, NOW)) for stage in ClockStage),
]


@pytest.fixture
def filled(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Some orders of every kind; and lists look at seven rows at a time."""
    monkeypatch.setattr(ways, "LOOK", 7)
    monkeypatch.setattr(counted, "LOOK", 7)
    dice = random.Random(7)  # noqa: S311 - the same orders each time
    with database.transaction() as tx:
        keys = tx.orders.add([order(**_facts(dice, number)) for number in range(90)], NOW)
        for key in keys[::5]:
            tx.orders.note(key, OrderState.REGISTERED, NOW, "an odd line")
        tx.work.add(WorkStep.EXECUTE, keys, [NOW] * len(keys), priority=[0] * len(keys))
        failing = tables.work.update().where(tables.work.c.subject.in_(keys[::7]))
        tx.connection.execute(failing.values(last_error="there is no route to the meter"))
        there = {"code": str(OTHER_POINT), "updated_at": NOW, "station": "S1"}
        tx.connection.execute(tables.metering_points.insert().values(there))
    yield database


def _facts(dice: random.Random, number: int) -> dict[str, Any]:
    state = dice.choice(list(OrderState))
    registered = NOW - dice.randrange(40) * HOUR
    open_one = state not in FINAL_STATES
    return {
        "process_instance": ProcessInstanceId.new(),
        "state": state,
        "kind": dice.choice([OrderKind.DISCONNECT, OrderKind.RECONNECT]),
        "metering_point": dice.choice([CODE, OTHER_POINT]),
        "supplier": dice.choice([HUB, OTHER_SUPPLIER, None]),
        "meter": METER if state is OrderState.DONE else None,
        "registered_at": registered,
        "not_before": NOW + dice.randrange(-5, 5) * HOUR,
        "waits_for": dice.choice([WaitsFor.HOLD, WaitsFor.CAP]) if state is OrderState.REGISTERED else None,
        "detail": dice.choice([None, "an odd reason", "another"]),
        "attempts": dice.randrange(4),
        "half_time": registered + 10 * HOUR if open_one else None,
        "four_fifths": registered + 16 * HOUR if open_one else None,
        "deadline": registered + 20 * HOUR if open_one else None,
        **({"source_message": None, "source_sender": None} if number % 9 == 0 else {}),
    }


def whole(database: Database, wanted: OrderSearch) -> set[int]:
    """The keys of all orders that meet the criteria, without pages."""
    with database.reading() as connection:
        return set(connection.execute(select(tables.orders.c.key).where(*wanted.conditions())).scalars())


def test_pages_put_together_are_the_list_in_both_directions(filled: Database) -> None:
    empty = []
    for wanted in SEARCHES:
        expected = whole(filled, wanted)
        empty += [] if expected else [wanted]
        with filled.reading() as connection:
            for oldest_first in (False, True):
                found = [one.key for one in every_order(connection, wanted, oldest_first=oldest_first)]
                assert len(found) == len(set(found)), wanted
                assert set(found) == expected, wanted
                few = find_orders(connection, wanted, 3, oldest_first=oldest_first)
                assert [one.key for one in few] == found[:3], wanted
                if not (wanted.since or wanted.until or wanted.waits_for):
                    assert found == sorted(found, reverse=not oldest_first), wanted
    assert not empty, empty


def test_small_pages_are_the_same_list(filled: Database) -> None:
    for wanted in SEARCHES:
        seen, after = [], None
        with filled.reading() as connection:
            for _ in range(200):
                page = order_page(connection, wanted, 2, after)
                assert len(page.orders) <= 2
                assert (page.looked_to is not None) <= (len(page.orders) < 2 or page.next is not None)
                seen += [one.key for one in page.orders]
                after = page.next
                if after is None:
                    break
            assert seen == [one.key for one in every_order(connection, wanted)], wanted


def test_counts_are_exact_or_a_lower_bound(filled: Database) -> None:
    with filled.reading() as connection:
        for wanted in SEARCHES:
            number, found = len(whole(filled, wanted)), count_orders(connection, wanted)
            assert found.number == number if found.exact else found.number <= number, wanted
        assert count_orders(connection, OrderSearch()) == Counted(90)
        assert count_orders(connection, OrderSearch(states=OPEN)).exact
        assert not count_orders(connection, OrderSearch(attempts=2)).exact


def test_a_count_ends_at_its_limit(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "MOST_COUNTED", 10)
    with filled.reading() as connection:
        found = counted.count_up_to(connection, ways.Way(table=tables.orders), 10)
    assert found == Counted(10, exact=False)
    assert str(found) == "more than 10"
    assert str(Counted(3, exact=False)) == "at least 3"
    assert str(Counted(3)) == "3"


def test_what_has_come_since_is_counted_and_moves_nothing(database: Database) -> None:
    first = add_order(database, process_instance=ProcessInstanceId.new())
    wanted, by_time = OrderSearch(kind=OrderKind.DISCONNECT), OrderSearch(since=NOW - HOUR)
    with database.reading() as connection:
        shown = order_page(connection, wanted, 5).first
        shown_by_time = order_page(connection, by_time, 5).first
        nothing = order_page(connection, OrderSearch(kind=OrderKind.RECONNECT), 5).first
    for number in range(3):
        add_order(database, process_instance=ProcessInstanceId.new(), registered_at=NOW + number * HOUR)
    add_order(database, process_instance=ProcessInstanceId.new(), kind=OrderKind.RECONNECT)
    with database.reading() as connection:
        assert count_new_orders(connection, wanted, shown) == Counted(3)
        assert count_new_orders(connection, by_time, shown_by_time).number >= 3
        assert count_new_orders(connection, OrderSearch(kind=OrderKind.RECONNECT), nothing) == Counted(1)
        assert order_page(connection, wanted, 5, None).orders[-1].key == first.key


MESSAGES = [
    MessageSearch(),
    MessageSearch(states=(MessageState.REFUSED,)),
    MessageSearch(states=(MessageState.REFUSED, MessageState.DUPLICATE), number="8.1.1.5"),
    MessageSearch(code="trust"),
    MessageSearch(code="trust", since=NOW - 20 * HOUR),
    MessageSearch(since=NOW - 20 * HOUR, until=NOW - HOUR),
    MessageSearch(sender=str(HUB)),
    MessageSearch(point=str(CODE)),
    MessageSearch(process="40f29226-57d2-43d4-8ed1-b2b2a1e308b9"),
    MessageSearch(message="40f29226-57d2-43d4-8ed1-b2b2a1e308b0"),
    MessageSearch(again=True),
]


def test_pages_of_messages_put_together_are_the_list(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "LOOK", 7)
    dice = random.Random(3)  # noqa: S311 - the same messages each time
    m = tables.messages
    with database.transaction() as tx:
        tx.connection.execute(m.insert(), [_message(dice) for _ in range(60)])
    with database.reading() as connection:
        for wanted in MESSAGES:
            expected = set(connection.execute(select(m.c.key).where(*wanted.conditions())).scalars())
            seen, after = [], None
            for _ in range(200):
                page = message_page(connection, wanted, 3, after)
                seen += [one.key for one in page.messages]
                after = page.next
                if after is None:
                    break
            assert len(seen) == len(set(seen))
            assert set(seen) == expected, wanted
            assert expected, wanted
            number = count_messages(connection, wanted)
            assert number.number <= len(expected)


def _message(dice: random.Random) -> dict[str, Any]:
    state = dice.choice(list(MessageState))
    refused = state is MessageState.REFUSED
    return {
        "channel": "webhook",
        "origin": "hub",
        "received_at": NOW - dice.randrange(40) * HOUR,
        "sha256": "ab" * 32,
        "raw": b"<m/>",
        "state": state.value,
        "message_id": None if refused else dice.choice(["40f29226-57d2-43d4-8ed1-b2b2a1e308b0", "another"]),
        "claimed_id": "40f29226-57d2-43d4-8ed1-b2b2a1e308b0" if refused else None,
        "number": dice.choice(["8.1.1.5", "8.2.1.5"]),
        "sender": dice.choice([str(HUB), None]),
        "claimed_sender": dice.choice([str(HUB), None]),
        "metering_point": dice.choice([str(CODE), None]),
        "process_instance": dice.choice(["40f29226-57d2-43d4-8ed1-b2b2a1e308b9", None]),
        "code": dice.choice(["trust.unsigned", "trust.bad-signature"]) if refused else None,
        "again_at": NOW if refused and dice.random() < 0.5 else None,
    }
