"""What became of clocks, by month and rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from csire_bridge.domain.figures.summary import clock_counts
from csire_bridge.domain.figures.tally import CountedOrder, tally
from csire_bridge.domain.law.clock_counts import ClockCount, ClockFate, fate_of
from csire_bridge.domain.law.clocks import Clock
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind, OrderState
from tests.support.defaults import DEADLINES
from tests.support.rules import NOW, polish

DONE, OPEN, CANNOT = OrderState.DONE, OrderState.FIELD_WORK, OrderState.REJECTED
END = NOW + timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("state", "executed", "now", "fate"),
    [
        (DONE, END, END + SECOND, ClockFate.KEPT),
        (DONE, END + SECOND, END + 2 * SECOND, ClockFate.MISSED),
        (OPEN, None, END, ClockFate.RUNNING),
        (OPEN, None, END + SECOND, ClockFate.MISSED),
        (CANNOT, None, END + SECOND, ClockFate.DROPPED),
        (OrderState.WITHDRAWN, None, NOW, ClockFate.DROPPED),
    ],
)
def test_given_a_clock_then_this_has_become_of_it(
    state: OrderState, executed: object, now: object, fate: ClockFate
) -> None:
    assert fate_of(Clock("a", "b", NOW, END), state, executed, now) is fate  # type: ignore[arg-type]


def test_given_orders_of_two_months_then_each_clock_counts_in_the_polish_month_in_which_it_began() -> None:
    last = polish("2026-11-30T23:59")
    order = CountedOrder(
        kind=OrderKind.DISCONNECT,
        state=DONE,
        registered_at=last,
        disconnection_kind=DisconnectionKind.PREPAID,
        executed_at=last + timedelta(hours=1),
    )
    late = replace(order, registered_at=last + timedelta(minutes=1), undelivered_at=last, executed_at=None, state=OPEN)
    found = clock_counts(tally([order, order, late], DEADLINES, last + timedelta(days=2)).items())
    assert found == [
        ClockCount("2026-11", "prepaid-working-day", 2, 0, 0, 0),
        ClockCount("2026-12", "prepaid-working-day", 0, 1, 0, 0),
        ClockCount("2026-12", "undelivered-normal-priority", 0, 0, 1, 0),
    ]
