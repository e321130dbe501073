"""The operator's rules and the deadlines at the gate of the execution, on a real head-end system with real meters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.order.order import OrderKind, OrderState, WaitsFor
from csire_bridge.domain.rules.model import RuleSetVersion
from csire_bridge.lab.simulators.hes.simulator import Fault
from csire_bridge.store.tables import orders
from tests.support.bridge import METER
from tests.support.household import Place, Town, town

pytestmark = pytest.mark.slow

DISCONNECT = OrderKind.DISCONNECT
REGISTERED, DONE = OrderState.REGISTERED, OrderState.DONE


def enter(here: Town, rule: str) -> None:
    """Have a person enter a rule set that holds from now on."""
    now = here.clock()
    version = RuleSetVersion(0, now, now, "Anna Nowak", "a test", rule)
    with here.scene.bridge.database.transaction() as tx:
        tx.rule_sets.enter(version)


@pytest.fixture
def here(place: Place) -> Iterator[Town]:
    with town(place) as playing:
        yield playing


def at_nine(here: Town) -> None:
    """Tomorrow at 09:00 by the Polish clock."""
    here.forward_to(here.day(1), 9)


def send_at_nine(here: Town, what: str, rule: str) -> None:
    at_nine(here)
    enter(here, rule)
    here.clock.more += timedelta(seconds=1)
    here.send(what)
    here.rest(4)


AFTERNOON = "rules:\n- for: {kind: disconnect}\n  hours: {every-day: 14:00-15:00}\n"
NEVER = "rules:\n- for: {kind: disconnect}\n  hours: {every-day: none}\n  then: %s\n"


@pytest.mark.every_database
def test_given_hours_when_an_order_comes_before_them_then_it_waits_and_goes_in_them(here: Town) -> None:
    send_at_nine(here, "disconnect", AFTERNOON)
    order = here.of(DISCONNECT)
    assert (order.state, order.waits_for) == (REGISTERED, WaitsFor.RULES)
    assert here.meter.switches == 0
    here.clock.more += timedelta(hours=5, minutes=10)
    here.until_state(DISCONNECT, DONE)
    assert here.meter.output_state is False


def test_given_an_order_that_waits_when_new_rules_let_it_go_then_it_goes_at_once(here: Town) -> None:
    send_at_nine(here, "disconnect", AFTERNOON)
    enter(here, "rules: []\n")
    here.clock.more += timedelta(seconds=1)
    here.until_state(DISCONNECT, DONE)


@pytest.mark.parametrize(
    ("then", "state"),
    [("field-work", OrderState.FIELD_WORK), ("refuse", OrderState.REJECTED), ("ask", OrderState.PARKED)],
)
def test_given_rules_that_never_let_it_go_then_what_they_say_comes_instead(
    here: Town, then: str, state: OrderState
) -> None:
    send_at_nine(here, "disconnect", NEVER % then)
    assert here.until_state(DISCONNECT, state).attempts == 0
    assert here.meter.switches == 0


def test_given_days_to_keep_trying_when_they_are_over_then_given_up(here: Town) -> None:
    send_at_nine(here, "disconnect", AFTERNOON + "  try_days: 2\n  then: field-work\n")
    with here.scene.bridge.database.transaction() as tx:
        tx.connection.execute(update(orders).values(registered_at=here.clock() - timedelta(days=4)))
    here.clock.more += timedelta(hours=6)
    here.until_state(DISCONNECT, OrderState.FIELD_WORK)


def test_given_a_text_when_the_command_goes_out_then_the_head_end_system_sees_it(
    here: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, seen = here.scene.head_end._handler, []
    answer = handler.answer

    def listening(raw: bytes) -> object:
        seen.append(raw)
        return answer(raw)

    monkeypatch.setattr(handler, "answer", listening)
    send_at_nine(here, "disconnect", "rules:\n- for: {kind: disconnect}\n  text: crew of {metering_point}\n")
    here.until_state(DISCONNECT, DONE)
    assert any(b"crew of 590243856287817706" in raw for raw in seen)


def test_given_a_prepaid_command_without_effect_when_its_deadline_nears_then_cancelled_and_only_then_field_work(
    place: Place,
) -> None:
    times = {"command_lifetime_seconds": 14 * 86400, "response_seconds": 1}
    with town(place, head_end=times) as here:
        here.scene.head_end.faults.rule(Fault.SILENT).add(METER)
        here.scene.head_end.delay = 600.0
        here.forward_to(next(day for day in map(here.day, range(1, 9)) if day.weekday() == 1), 9)
        here.send("prepaid")
        order = here.until_state(DISCONNECT, OrderState.SUBMITTED)
        assert order.deadline is not None
        here.clock.more += order.deadline - here.clock() - timedelta(minutes=30)
        order = here.until_state(DISCONNECT, OrderState.FIELD_WORK)
        assert order.cancelled_at is not None
        assert "too near the deadline" in here.texts(order)
        assert here.meter.switches == 0


def test_given_a_disconnection_that_rules_hold_back_too_long_then_a_person_decides_and_nobody_is_sent(
    here: Town,
) -> None:
    here.forward_to(next(day for day in map(here.day, range(1, 9)) if day.weekday() == 1), 9)
    enter(here, "rules:\n- for: {kind: disconnect}\n  hours: {saturday: 14:00-15:00}\n")
    here.clock.more += timedelta(seconds=1)
    here.send("prepaid")
    here.until_state(DISCONNECT, OrderState.PARKED)


def test_given_a_prepaid_and_an_ordinary_order_when_both_wait_then_prepaid_work_runs_first(here: Town) -> None:
    send_at_nine(here, "disconnect", AFTERNOON)
    here.send("prepaid", "other")
    ranks = [order.priority for order in here.orders()]
    assert ranks[1] < ranks[0]


@pytest.mark.parametrize(
    ("share", "kind"),
    [
        (0.4, None),
        (0.6, AlertKind.DEADLINE_HALF),
        (0.9, AlertKind.DEADLINE_FOUR_FIFTHS),
        (1.1, AlertKind.DEADLINE_PAST),
    ],
)
def test_given_an_order_with_a_deadline_when_time_goes_by_then_people_are_warned(
    here: Town, share: float, kind: AlertKind | None
) -> None:
    with here.scene.bridge.database.transaction() as tx:
        tx.guards.throw_stop(StopScope.EVERYTHING, "Anna", "a drill", here.clock())
    here.send("prepaid")
    order = here.of(DISCONNECT)
    assert order.deadline is not None
    here.clock.more += (order.deadline - order.registered_at) * share
    told = {alert.kind for alert in here.scene.bridge.watch.look()}
    assert {alert for alert in told if alert.name.startswith("DEADLINE")} == ({kind} if kind else set())


def test_given_an_order_with_a_date_when_all_that_waits_is_looked_at_then_it_still_waits_for_its_date(
    here: Town,
) -> None:
    """So that whoever makes everything due, such as a clock that was set back, does nothing early."""
    database = here.scene.bridge.database
    with database.transaction() as tx:
        tx.guards.throw_stop(StopScope.EVERYTHING, "Anna", "a drill", here.clock())
    here.send("disconnect")
    tomorrow = here.clock() + timedelta(days=1)
    with database.transaction() as tx:
        tx.connection.execute(update(orders).values(not_before=tomorrow))
        tx.guards.lift_stops("Anna", here.clock())
        tx.look_anew(here.clock())
    here.rest(4)
    assert here.of(DISCONNECT).state is REGISTERED
    assert here.meter.switches == 0
    here.clock.more += timedelta(days=1, minutes=1)
    here.until_state(DISCONNECT, DONE)
