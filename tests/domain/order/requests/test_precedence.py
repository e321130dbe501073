"""An older and a newer request for one point: every pair, and what they come to in any sequence."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.order.order import FINAL_STATES, Order, OrderKind, OrderState, ReconnectionReason
from csire_bridge.domain.order.requests.precedence import Disconnected, Ruling, asked_at, gives_way, precedence
from csire_bridge.domain.order.requests.related import Reconnections
from tests.support.chance import examples

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TOMORROW = date(2026, 11, 24)
_OFF, _ON = OrderKind.DISCONNECT, OrderKind.RECONNECT
_DONE, _WAITING = OrderState.DONE, OrderState.REGISTERED


def order(kind: OrderKind, minutes: int, state: OrderState = _WAITING, key: int = 1, **changes: object) -> Order:
    at = NOW + minutes * MINUTE
    base = Order(
        key=key,
        kind=kind,
        state=state,
        metering_point=MeteringPointCode("590243856287817706"),
        process_instance=None,
        source_message=None,
        source_number=None,
        registered_at=at,
        not_before=NOW,
        version=1,
        executed_at=at + MINUTE if state is _DONE else None,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def ruling(mine: Order, *others: Order, now: datetime = NOW, protected: bool = False) -> Ruling:
    """As the gate asks: what others there are, read from their orders."""
    connections = [o for o in (mine, *others) if o.kind is _ON and o.state is not OrderState.WITHDRAWN]
    open_ones = [o for o in connections if o.state not in FINAL_STATES and o.not_before <= now]
    around = Reconnections(max(map(asked_at, connections)), bool(open_ones)) if connections else None
    done = [
        Disconnected(o.key, o.registered_at, o.executed_at)
        for o in others
        if o.kind is _OFF and o.state is _DONE and o.parent is None and o.executed_at is not None
    ]
    return precedence(mine, around, done, protected=protected)


TABLE = [
    # mine, the other's kind, its age against mine, its state, what mine does
    (_OFF, _ON, "newer", _WAITING, Ruling.GIVES_WAY),
    (_OFF, _ON, "newer", OrderState.SUBMITTED, Ruling.GIVES_WAY),
    (_OFF, _ON, "newer", _DONE, Ruling.GIVES_WAY),
    (_OFF, _ON, "newer", OrderState.REJECTED, Ruling.GIVES_WAY),
    (_OFF, _ON, "newer", OrderState.WITHDRAWN, Ruling.GOES),
    (_OFF, _ON, "at once", _WAITING, Ruling.GIVES_WAY),
    (_OFF, _ON, "at once", _DONE, Ruling.GIVES_WAY),
    (_OFF, _ON, "older", _WAITING, Ruling.WAITS),
    (_OFF, _ON, "older", OrderState.ARMED, Ruling.WAITS),
    (_OFF, _ON, "older", OrderState.PARKED, Ruling.WAITS),
    (_OFF, _ON, "older", _DONE, Ruling.GOES),
    (_OFF, _ON, "older", OrderState.WITHDRAWN, Ruling.GOES),
    (_ON, _OFF, "newer", _WAITING, Ruling.GOES),
    (_ON, _OFF, "newer", OrderState.SUBMITTED, Ruling.GOES),
    (_ON, _OFF, "newer", _DONE, Ruling.GIVES_WAY),
    (_ON, _OFF, "newer", OrderState.REJECTED, Ruling.GOES),
    (_ON, _OFF, "newer", OrderState.SUPERSEDED, Ruling.GOES),
    (_ON, _OFF, "newer", OrderState.WITHDRAWN, Ruling.GOES),
    (_ON, _OFF, "at once", _DONE, Ruling.GOES),
    (_ON, _OFF, "older", _DONE, Ruling.GOES),
    (_ON, _OFF, "older", _WAITING, Ruling.GOES),
    *[(kind, kind, age, state, Ruling.GOES) for kind in (_OFF,) for age in ("newer", "at once", "older")
      for state in (_WAITING, _DONE)],
    *[(_ON, _ON, age, state, Ruling.GOES) for age in ("newer", "at once", "older") for state in (_WAITING, _DONE)],
]  # fmt: skip
MINUTES = {"newer": 5, "at once": 0, "older": -5}


@pytest.mark.parametrize(("mine", "other", "age", "state", "wanted"), TABLE)
def test_given_two_requests_then_the_newer_has_the_last_word_and_the_supply_is_rather_on(
    mine: OrderKind, other: OrderKind, age: str, state: OrderState, wanted: Ruling
) -> None:
    assert ruling(order(mine, 0), order(other, MINUTES[age], state, key=2)) is wanted


def test_given_an_older_connection_whose_day_has_not_come_then_a_disconnection_goes() -> None:
    later = order(_ON, -5, key=2, requested_date=TOMORROW, not_before=NOW + timedelta(days=1))
    assert ruling(order(_OFF, 0), later) is Ruling.GOES


def test_given_a_connection_for_a_later_day_than_the_disconnection_was_done_on_then_it_goes() -> None:
    done = order(_OFF, 5, _DONE, key=2)
    assert ruling(order(_ON, 0, requested_date=TOMORROW), done) is Ruling.GOES
    assert ruling(order(_ON, 0, requested_date=date(2026, 11, 23)), done) is Ruling.GIVES_WAY


def test_given_a_complaint_or_a_hold_or_a_step_of_an_agreement_then_a_connection_never_gives_way() -> None:
    done = order(_OFF, 5, _DONE, key=2)
    assert ruling(order(_ON, 0, reconnection_reason=ReconnectionReason.COMPLAINT), done) is Ruling.GOES
    assert ruling(order(_ON, 0, parent=7), done) is Ruling.GOES
    assert ruling(order(_ON, 0), done, protected=True) is Ruling.GOES


def test_given_a_disconnection_that_was_a_step_of_an_agreement_then_no_connection_gives_way_to_it() -> None:
    assert ruling(order(_ON, 0), order(_OFF, 5, _DONE, key=2, parent=7)) is Ruling.GOES


def test_given_a_still_newer_connection_that_failed_then_the_older_one_may_bring_the_supply_back() -> None:
    done, failed = order(_OFF, 5, _DONE, key=2), order(_ON, 9, OrderState.REJECTED, key=3)
    assert ruling(order(_ON, 0), done, failed) is Ruling.GOES


def test_given_several_who_asked_then_a_connection_counts_from_the_last_and_a_disconnection_from_the_first() -> None:
    renewed = NOW + 9 * MINUTE
    assert asked_at(order(_ON, 0, renewed_at=renewed)) == renewed
    assert asked_at(order(_OFF, 0, renewed_at=renewed)) == NOW
    assert ruling(order(_ON, 0, renewed_at=renewed), order(_OFF, 5, _DONE, key=2)) is Ruling.GOES


@dataclass
class Point:
    """One meter, and orders that are carried out at once as soon as it is their turn."""

    on: bool = True
    orders: list[Order] = field(default_factory=list)

    def look(self) -> None:
        """Until nothing changes: who may go does, who gives way ends."""
        while (moved := next((o for o in self.orders if o.state is _WAITING and self._moves(o)), None)) is not None:
            assert moved.state is _WAITING

    def _moves(self, mine: Order) -> bool:
        others = [o for o in self.orders if o is not mine]
        what = ruling(mine, *others)
        if what is Ruling.WAITS:
            return False
        if what is Ruling.GOES:
            self.on = mine.kind is _ON
        state = _DONE if what is Ruling.GOES else OrderState.SUPERSEDED
        self.orders[self.orders.index(mine)] = replace(mine, state=state, executed_at=NOW + timedelta(hours=1))
        return True


@settings(max_examples=examples(400), deadline=None)
@given(
    asked=st.lists(st.tuples(st.sampled_from([_OFF, _ON]), st.integers(0, 6), st.booleans()), min_size=1, max_size=8)
)
def test_given_any_requests_in_any_order_of_arrival_then_the_meter_ends_as_the_newest_message_asks(
    asked: list[tuple[OrderKind, int, bool]],
) -> None:
    point = Point()
    for key, (kind, minutes, look) in enumerate(asked, 1):
        point.orders.append(order(kind, minutes, key=key))
        if look:
            point.look()
    point.look()
    assert {o.state for o in point.orders} <= FINAL_STATES
    newest = max(asked, key=lambda one: (one[1], one[0] is _ON))
    assert point.on is (newest[0] is _ON)


def test_given_two_moments_then_a_disconnection_gives_way_from_the_very_moment_on() -> None:
    assert gives_way(NOW, NOW)
    assert gives_way(NOW, NOW + MINUTE)
    assert not gives_way(NOW, NOW - MINUTE)
