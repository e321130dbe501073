"""Changes of the tariff at real meters: written ahead, read back, counting from the date on, and taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from csire_bridge.domain.clock import start_of
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.domain.work import Lease, WorkStep
from csire_bridge.pipeline.operator.orders import order_actions
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from csire_bridge.store.queries.dossiers.order_dossier import order_file
from tests.support.bridge import METER
from tests.support.household import Place, Town, town

pytestmark = pytest.mark.slow

TARIFF = OrderKind.PARAMETRISATION
DONE = OrderState.DONE


def waits(here: Town) -> tuple[str, object]:
    calendars = here.meter.tariffs()
    return calendars.passive, calendars.activate_at


def written(here: Town, days: int = 2) -> None:
    """A change to G12 on a later day that waits in the meter; so far ahead that no clock is ever put back."""
    day = here.day(days)
    here.tariff("G12", day)
    here.rest()
    here.forward_to(day, -3)
    here.until(lambda: here.told(here.of(TARIFF))[:1] == ["tariff done"])
    assert waits(here) == ("G12", start_of(day))


@pytest.mark.every_database
def test_given_a_change_when_its_date_is_far_then_nothing_is_written_yet(place: Place) -> None:
    with town(place) as here:
        here.tariff("G12", here.day(3))
        here.rest()
        assert (here.of(TARIFF).state, waits(here)[0]) == (OrderState.REGISTERED, "")


def test_given_a_change_when_its_date_nears_then_written_ahead_and_it_counts_from_the_date_on(place: Place) -> None:
    with town(place) as here:
        written(here)
        assert here.meter.tariffs().active == "G11"
        assert here.told(here.of(TARIFF)) == ["tariff done", "activate waiting"]
        here.forward_to(here.day(1), 0.1)
        order = here.until_state(TARIFF, DONE)
        assert here.meter.tariffs().active == "G12"
        assert here.told(order) == ["tariff done", "activate done"]


def test_given_a_change_of_the_past_when_carried_out_then_it_counts_at_once(place: Place) -> None:
    with town(place) as here:
        here.tariff("G12", here.day(-7))
        here.until_state(TARIFF, DONE)
        assert here.meter.tariffs().active == "G12"


def test_given_a_tariff_that_counts_already_when_asked_for_then_nothing_is_written(place: Place) -> None:
    with town(place) as here:
        here.tariff("G11", here.day())
        order = here.until_state(TARIFF, DONE)
        assert here.told(order) == ["tariff skipped", "activate done"]
        assert waits(here) == ("", None)


def test_given_a_tariff_that_waits_when_its_date_moves_then_the_old_date_does_not_count(place: Place) -> None:
    with town(place) as here:
        written(here)
        later = here.day(9)
        here.tariff("G12", later)
        here.until(lambda: waits(here) == ("G12", start_of(later)))
        here.forward_to(here.day(2))
        here.rest()
        assert here.meter.tariffs().active == "G11"
        here.forward_to(later)
        here.until_state(TARIFF, DONE)
        assert here.meter.tariffs().active == "G12"


def test_given_a_tariff_that_waits_when_withdrawn_then_the_meter_goes_on_as_it_is(place: Place) -> None:
    with town(place) as here:
        written(here)
        here.send("ended", "tariff")
        order = here.until_state(TARIFF, OrderState.WITHDRAWN)
        assert here.told(order)[0] == "tariff skipped"
        here.forward_to(here.day(3))
        assert here.meter.tariffs().active == "G11"


def test_given_a_tariff_that_waits_when_withdrawn_while_the_meter_is_away_then_undone_later(place: Place) -> None:
    with town(place) as here:
        written(here)
        here.scene.head_end.faults.unreachable.add(METER)
        here.send("ended", "tariff")
        here.rest()
        assert here.of(TARIFF).state is OrderState.IN_STEPS
        assert waits(here)[0] == "G12"
        here.scene.head_end.faults.clear()
        here.clock.more += (start_of(here.day(1)) - here.clock()) / 2
        here.until_state(TARIFF, OrderState.WITHDRAWN)
        assert waits(here)[0] == "G11"


def test_given_a_change_that_counts_when_withdrawn_then_a_person_decides(place: Place) -> None:
    with town(place) as here:
        here.tariff("G12", here.day(), power="16.0000")
        order = here.until_state(TARIFF, OrderState.PARKED)
        assert "16.0000 kW of contracted power" in (order.detail or "")
        assert here.told(order) == ["tariff done", "activate done", "power waiting"]
        here.send("ended", "tariff")
        here.until(lambda: "counts already" in (here.of(TARIFF).detail or ""))
        assert here.of(TARIFF).state is OrderState.PARKED


def test_given_a_power_without_a_tariff_when_carried_out_then_a_person_sees_to_it_and_reports(place: Place) -> None:
    with town(place) as here:
        here.tariff("", here.day(), power="12.5000")
        order = here.until_state(TARIFF, OrderState.PARKED)
        assert here.told(order) == ["power waiting"]


def test_given_a_parked_order_when_tried_again_then_it_goes_on_where_it_was(place: Place) -> None:
    with town(place) as here:
        written(here)
        order = set_aside(here)
        here.forward_to(here.day(1))
        with here.scene.bridge.database.transaction() as tx:
            order_actions.retry(tx, [order], OperatorAction("Anna Nowak", here.clock(), "the meter is back"))
        order = here.until_state(TARIFF, DONE)
        assert here.texts(order).count("step tariff") == 1


def set_aside(here: Town) -> Order:
    """Park the order as its own work would."""
    order, now = here.of(TARIFF), here.clock()
    lease = Lease.starting("test", now, timedelta(minutes=1))
    changes = OrderChanges(now)
    with here.scene.bridge.database.transaction() as tx:
        (item,) = tx.work.lease([WorkStep.PERFORM], now + timedelta(days=1), lease, 1)
        changes.park(order, item, "set aside")
        changes.write(tx, None)
    return here.of(TARIFF)


def test_given_a_parked_order_with_a_tariff_in_the_meter_when_withdrawn_by_hand_then_it_is_undone(
    place: Place,
) -> None:
    with town(place) as here:
        written(here)
        order = set_aside(here)
        with here.scene.bridge.database.transaction() as tx:
            seen = order_actions.ObservedOrder(tx.orders.get(order.key))
            order_actions.withdraw(tx, seen, OperatorAction("Anna Nowak", here.clock(), "asked for by telephone"))
        here.until_state(TARIFF, OrderState.WITHDRAWN)
        assert waits(here)[0] == "G11"


def test_given_a_notice_with_another_tariff_when_told_then_the_meter_changes_over_once(place: Place) -> None:
    with town(place, point={"tariff_group": "G11"}) as here:
        for _ in range(2):
            here.send("told", TariffGroup="G12", EffectiveDate=here.day(), MeterNumber=METER)
            here.until_state(TARIFF, DONE)
        assert len(here.orders()) == 1
        assert here.meter.tariffs().active == "G12"


def test_given_the_head_end_system_down_when_a_tariff_is_due_then_it_waits_and_goes_on(place: Place) -> None:
    with town(place, execution={"circuit_failures": 1}) as here:
        here.scene.head_end.outage.begin()
        here.tariff("G12", here.day())
        here.until(lambda: circuit_open(here))
        here.scene.head_end.outage.end()
        here.clock.more += (start_of(here.day(1)) - here.clock()) / 2
        here.until_state(TARIFF, DONE)


def circuit_open(here: Town) -> bool:
    with here.scene.bridge.database.transaction() as tx:
        return tx.guards.circuit("head-end").open


def test_given_an_order_in_steps_when_shown_then_its_steps_and_what_they_wait_for_are_there(place: Place) -> None:
    with town(place) as here:
        with here.scene.bridge.database.transaction() as tx:
            tx.guards.throw_stop(StopScope.DISCONNECTIONS, "Anna", "a drill", here.clock())
        here.end(here.day())
        here.until(lambda: len(here.orders()) == 2)
        here.rest()
        order = here.of(OrderKind.AGREEMENT_END)
        with here.scene.bridge.database.reading() as connection:
            file = order_file(connection, order.key)
        assert file is not None
        assert [(s["kind"], s["state"]) for s in file["steps"]] == [("read", "done"), ("disconnect", "under-way")]
        assert [(part["kind"], part["state"]) for part in file["parts"]] == [("disconnect", "registered")]
        assert len(file["register_readings"]) == 4
        assert [piece["step"] for piece in file["work"]] == ["perform"]
