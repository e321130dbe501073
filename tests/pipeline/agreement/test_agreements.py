"""Agreements that start and end, at real meters: a household must not be cut off that should not be."""

from __future__ import annotations

import pytest

from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import OrderKind, OrderState
from csire_bridge.lab.simulators.hes.simulator import Fault
from csire_bridge.pipeline.operator import guard_actions
from tests.support.bridge import METER, POINT
from tests.support.household import NEW, OLD, Place, Town, town

pytestmark = pytest.mark.slow

START, END = OrderKind.AGREEMENT_START, OrderKind.AGREEMENT_END
DONE = OrderState.DONE


@pytest.mark.every_database
def test_given_an_agreement_that_ends_today_when_carried_out_then_read_and_disconnected(place: Place) -> None:
    with town(place) as here:
        here.end(here.day())
        order = here.until_state(END, DONE)
        assert here.told(order) == ["read done", "disconnect done"]
        assert here.meter.output_state is False
        child = here.of(OrderKind.DISCONNECT)
        assert (child.state, child.parent) == (DONE, order.key)
        assert "1-0:1.8.0" in (order.detail or "")


def test_given_an_agreement_that_starts_when_off_then_tariff_connection_and_reading(place: Place) -> None:
    with town(place, connected=False) as here:
        here.start(here.day(), tariff="G12")
        order = here.until_state(START, DONE)
        assert here.told(order) == ["tariff done", "activate done", "connect done", "read done"]
        assert here.meter.output_state is True
        assert here.meter.tariffs().active == "G12"


def test_given_an_agreement_that_starts_when_on_then_nothing_is_switched(place: Place) -> None:
    with town(place) as here:
        here.start(here.day())
        order = here.until_state(START, DONE)
        assert here.told(order) == ["connect skipped", "read done"]
        assert here.meter.switches == 0


def test_given_another_date_than_today_when_it_has_not_come_then_nothing_happens_before_it(place: Place) -> None:
    with town(place) as here:
        saturday = next(day for day in map(here.day, range(2, 9)) if day.weekday() == 5)
        here.end(saturday)
        here.rest()
        assert here.of(END).state is OrderState.REGISTERED
        here.forward_to(saturday, -0.1)
        here.rest()
        assert here.meter.output_state is True
        here.forward_to(saturday)
        here.until_state(END, DONE)
        assert here.meter.output_state is False


# --- who changes supplier or moves stays supplied


def change_told_in_order(here: Town) -> None:
    here.end(here.day(1))
    here.start(here.day(1))


def change_told_the_other_way_round(here: Town) -> None:
    here.start(here.day(1))
    here.end(here.day(1))


def another_user_of_the_same_supplier(here: Town) -> None:
    here.end(here.day(1), OLD)
    here.start(here.day(2), OLD)


def end_told_long_after_the_new_start(here: Town) -> None:
    here.start(here.day())
    here.until_state(START, DONE)
    here.forward_to(here.day(60))
    here.end(here.day(-20))


def start_between_a_late_end_and_today(here: Town) -> None:
    here.start(here.day(-5), OLD)
    here.until_state(START, DONE)
    here.end(here.day(-40), OLD)


def supplier_known_to_be_another(here: Town) -> None:
    here.send("told", SupplierIdentifier=NEW, EffectiveDate=here.day(), MeterNumber=METER)
    here.end(here.day(), OLD)


@pytest.mark.parametrize(
    "story",
    [
        change_told_in_order,
        change_told_the_other_way_round,
        another_user_of_the_same_supplier,
        end_told_long_after_the_new_start,
        start_between_a_late_end_and_today,
        supplier_known_to_be_another,
    ],
)
def test_given_somebody_goes_on_when_an_agreement_ends_then_never_disconnected(place: Place, story: object) -> None:
    with town(place) as here:
        story(here)  # type: ignore[operator]
        here.rest()
        here.forward_to(here.day(3))
        order = here.until_state(END, DONE)
        assert here.told(order)[-1] == "disconnect skipped"
        assert here.meter.switches == 0


def test_given_an_end_that_was_carried_out_when_the_start_is_told_late_then_connected_again(place: Place) -> None:
    with town(place) as here:
        here.end(here.day(-1))
        here.until_state(END, DONE)
        assert here.meter.output_state is False
        here.start(here.day(-1))
        here.until_state(START, DONE)
        assert here.meter.output_state is True


def test_given_a_disconnection_under_way_when_a_start_is_told_then_recalled_and_the_supply_is_on(
    place: Place,
) -> None:
    with town(place) as here:
        here.scene.head_end.delay = 30.0
        here.end(here.day())
        here.until(lambda: len(here.orders()) == 2)
        here.until_state(OrderKind.DISCONNECT, OrderState.SUBMITTED)
        here.start(here.day())
        here.scene.head_end.delay = 0.0
        here.until_state(START, DONE)
        order = here.until_state(END, DONE)
        assert here.told(order)[-1] == "disconnect skipped"
        assert here.meter.output_state is True


def test_given_a_disconnection_that_waits_at_a_gate_when_a_start_is_told_then_it_never_goes(place: Place) -> None:
    with town(place, execution={"disconnections_per_hour": 0}) as here:
        here.end(here.day())
        here.until(lambda: len(here.orders()) == 2)
        here.rest()
        assert here.of(OrderKind.DISCONNECT).state is OrderState.REGISTERED
        here.start(here.day(1))
        here.until_state(OrderKind.DISCONNECT, OrderState.WITHDRAWN)
        here.until_state(END, DONE)
        assert here.meter.switches == 0


# --- withdrawn and moved


def test_given_an_end_whose_disconnection_is_under_way_when_withdrawn_then_the_supply_stays_on(place: Place) -> None:
    with town(place) as here:
        here.scene.head_end.delay = 30.0
        here.end(here.day())
        here.until(lambda: len(here.orders()) == 2)
        here.until_state(OrderKind.DISCONNECT, OrderState.SUBMITTED)
        here.send("ended", "end")
        here.until_state(END, OrderState.WITHDRAWN)
        assert here.of(OrderKind.DISCONNECT).state is OrderState.WITHDRAWN
        assert here.meter.output_state is True


def test_given_a_withdrawal_that_comes_too_late_when_it_was_cut_off_then_connected_again(place: Place) -> None:
    with town(place, agreements={"end": ["disconnect", "read"]}) as here:
        here.scene.head_end.faults.rule(Fault.UNREACHABLE).clear()
        here.end(here.day())
        here.until(lambda: here.meter.output_state is False)
        here.send("ended", "end")
        order = here.until_state(END, OrderState.WITHDRAWN)
        assert here.meter.output_state is True
        assert here.told(order)[0] == "disconnect skipped"


def test_given_an_end_when_moved_to_a_later_date_then_the_disconnection_under_way_is_recalled(place: Place) -> None:
    with town(place) as here:
        here.scene.head_end.delay = 30.0
        here.end(here.day())
        here.until(lambda: len(here.orders()) == 2)
        here.until_state(OrderKind.DISCONNECT, OrderState.SUBMITTED)
        later = here.day(5)
        here.end(later)
        here.until_state(OrderKind.DISCONNECT, OrderState.WITHDRAWN)
        here.rest()
        order = here.of(END)
        assert (order.state, order.effective_date) == (OrderState.IN_STEPS, later)
        assert here.meter.output_state is True
        here.scene.head_end.delay = 0.0
        here.forward_to(later)
        here.until_state(END, DONE)
        assert here.meter.output_state is False


@pytest.mark.parametrize("withdrawn", [False, True])
def test_given_an_end_that_was_carried_out_when_moved_or_withdrawn_then_the_supply_comes_back(
    place: Place, withdrawn: bool
) -> None:
    with town(place) as here:
        here.end(here.day())
        here.until_state(END, DONE)
        later = here.day(5)
        for _ in range(2):  # told again, it changes nothing
            here.send("ended", "end") if withdrawn else here.end(later)
            here.until(lambda: here.meter.output_state is True)
            here.until_state(OrderKind.RECONNECT, DONE)
        assert here.meter.switches == 2
        if not withdrawn:
            here.forward_to(later)
            here.until_state(END, DONE)
            assert here.meter.output_state is False


def test_given_an_end_that_waits_when_withdrawn_then_it_ends_at_once(place: Place) -> None:
    with town(place) as here:
        here.end(here.day(3))
        here.rest()
        here.send("ended", "end")
        here.until_state(END, OrderState.WITHDRAWN)


# --- what can't be done


def test_given_a_meter_without_contactor_when_an_agreement_starts_then_the_connection_is_skipped(
    place: Place,
) -> None:
    with town(place, point={"has_contactor": False, "meter_kind": "CK0204"}) as here:
        here.scene.head_end.add_meter(METER)
        here.start(here.day())
        order = here.until_state(START, DONE)
        assert here.told(order)[0] == "connect skipped"
        assert "has no contactor" in here.texts(order)


def test_given_no_meter_when_an_agreement_starts_then_a_person_is_asked(place: Place) -> None:
    with town(place, point={"meter": None}) as here:
        here.start(here.day())
        order = here.until_state(START, OrderState.PARKED)
        assert "no meter is known" in (order.detail or "")


def test_given_a_protected_household_when_an_agreement_ends_then_partly_done_and_a_person_decides(
    place: Place,
) -> None:
    with town(place) as here:
        with here.scene.bridge.database.transaction() as tx:
            act = OperatorAction("Anna Nowak", here.clock(), "medical equipment at home")
            guard_actions.set_hold(tx, POINT, HoldKind.PROTECTION, None, act)
        here.end(here.day())
        order = here.until_state(END, OrderState.PARKED)
        assert here.told(order) == ["read done", "disconnect failed"]
        assert "protected from disconnection" in (order.detail or "")
        assert here.meter.output_state is True
