"""Orders of several steps, what takes them back, and what fails in between; on a simulated clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from csire_bridge.domain.identifiers import Eic, MeterNumber
from csire_bridge.domain.meter.metering import TariffCalendar
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.operations.retry import RetryPolicy
from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.domain.work import WorkStep
from tests.support.model.bridge import Parts
from tests.support.model.head_end import Fault
from tests.support.model.scene import METERS, POINT, POINTS, POLICY, Scene

START, END, TARIFF = OrderKind.AGREEMENT_START, OrderKind.AGREEMENT_END, OrderKind.PARAMETRISATION
DONE, PARKED, WITHDRAWN = OrderState.DONE, OrderState.PARKED, OrderState.WITHDRAWN
OLD, NEW = Eic.parse("19XPL-RZE-SA---V"), Eic.parse("19XENERGAOPERATS")


def told(scene: Scene, key: int = 1) -> list[str]:
    return [f"{step.kind} {step.state}" for step in scene.steps(key)]


def ends(scene: Scene) -> Order:
    scene.asks(END, effective_date=scene.day(), supplier=OLD)
    scene.works()
    return scene.order(1)


def take_back(scene: Scene, key: int = 1) -> None:
    scene.bridge.end_process(scene.order(key).process_instance)
    scene.works()


def stop(scene: Scene) -> None:
    with scene.database.transaction() as tx:
        tx.guards.throw_stop(StopScope.EVERYTHING, "Anna", "a drill", scene.world.now)


def go(scene: Scene) -> None:
    with scene.database.transaction() as tx:
        tx.guards.lift_stops("Jan", scene.world.now)


# --- what agreements do


def test_given_an_agreement_that_ends_then_it_is_read_and_the_household_disconnected(scene: Scene) -> None:
    ends(scene)
    scene.until_state(DONE, 1)
    assert told(scene) == ["read done", "disconnect done"]
    assert not scene.meter.on


def test_given_an_agreement_that_starts_then_the_tariff_counts_and_the_supply_is_on(
    parts_once: Parts, quiet: None
) -> None:
    scene = Scene(parts_once, on=False)
    scene.asks(START, effective_date=scene.day(1), supplier=NEW, tariff_group="G12")
    scene.until_state(DONE, 1)
    assert told(scene) == ["tariff done", "activate done", "connect done", "read done"]
    assert (scene.meter.on, scene.head_end.active) == (True, "G12")


def test_given_what_is_so_already_then_nothing_is_written_or_switched(scene: Scene) -> None:
    scene.asks(START, effective_date=scene.day(), supplier=NEW, tariff_group="G11")
    scene.until_state(DONE, 1)
    assert told(scene) == ["tariff skipped", "activate done", "connect skipped", "read done"]
    assert not [what for what, _, _ in scene.head_end.log if what in ("calendar", "taken")]


def test_given_a_meter_without_a_contactor_then_it_is_not_connected(scene: Scene) -> None:
    scene.knows(POINT, meter=METERS[0], has_contactor=False)
    scene.asks(START, effective_date=scene.day(), supplier=NEW)
    scene.until_state(DONE, 1)
    assert told(scene)[0] == "connect skipped"


def test_given_a_date_that_has_not_come_then_nothing_begins_before_it(scene: Scene) -> None:
    scene.asks(END, effective_date=scene.day(3), supplier=OLD)
    scene.passes(3600)
    assert (scene.order().state, scene.commands()) == (OrderState.REGISTERED, 0)
    scene.until_state(DONE, 1)


def test_given_another_power_then_a_person_sees_to_it(scene: Scene) -> None:
    scene.asks(TARIFF, effective_date=scene.day(), contracted_power=Decimal("12.5"))
    scene.until_state(PARKED, 1)
    assert "no command sets it" in (scene.order().detail or "")


def test_given_nothing_to_change_then_a_person_carries_it_out(scene: Scene) -> None:
    scene.asks(TARIFF, effective_date=scene.day())
    scene.until(lambda: scene.order().state is PARKED)


def test_given_no_meter_then_a_person_looks(parts_once: Parts, quiet: None) -> None:
    scene = Scene(parts_once)
    strange = POINTS[0].__class__.parse("590243856287817713")
    scene.asks(END, strange, effective_date=scene.day(), supplier=OLD)
    scene.until_state(PARKED, 1)
    assert "no meter is known" in (scene.order(1).detail or "")


def test_given_a_meter_in_doubt_then_nothing_is_done_at_it(scene: Scene) -> None:
    scene.knows(POINTS[1], meter=METERS[0], has_contactor=True)
    scene.asks(START, effective_date=scene.day(), supplier=NEW, tariff_group="G12")
    scene.until_state(PARKED, 1)
    assert scene.head_end.passive.name == ""


# --- who goes on being supplied


def test_given_a_start_while_the_disconnection_waits_then_the_household_is_not_cut_off(scene: Scene) -> None:
    stop(scene)
    ends(scene)
    assert [order.kind for order in scene.orders()] == [END, OrderKind.DISCONNECT]
    scene.asks(START, effective_date=scene.day(), supplier=NEW)
    scene.works()
    go(scene)
    scene.until_state(DONE, 1)
    assert scene.meter.on
    assert told(scene) == ["read done", "disconnect skipped"]


def test_given_a_supplier_that_became_known_meanwhile_then_the_gate_spares_the_household(scene: Scene) -> None:
    stop(scene)
    ends(scene)
    scene.knows(POINT, meter=METERS[0], meter_kind="CK0201", has_contactor=True, connected=True, supplier=NEW)
    go(scene)
    scene.until_state(DONE, 1)
    assert (scene.meter.on, scene.commands()) == (True, 0)


def test_given_a_start_that_was_told_before_then_the_end_disconnects_nobody(scene: Scene) -> None:
    scene.asks(START, effective_date=scene.day(), supplier=NEW)
    scene.until_state(DONE, 1)
    scene.asks(END, effective_date=scene.day(), supplier=OLD)
    scene.until(lambda: scene.order().state is DONE)
    assert scene.meter.on


# --- an order is taken back


def test_given_an_order_that_has_not_begun_then_it_just_ends(scene: Scene) -> None:
    scene.asks(END, effective_date=scene.day(3), supplier=OLD)
    scene.works()
    take_back(scene)
    assert scene.order().state is WITHDRAWN


def test_given_a_disconnection_that_waits_then_it_is_recalled_and_the_order_ends(scene: Scene) -> None:
    stop(scene)
    ends(scene)
    take_back(scene)
    go(scene)
    scene.until_state(WITHDRAWN, 1)
    assert scene.meter.on


def test_given_a_disconnection_under_way_then_it_is_recalled_and_the_order_waits_for_its_end(scene: Scene) -> None:
    scene.head_end.at_once = False
    ends(scene)
    take_back(scene)
    scene.until_state(WITHDRAWN, 1)
    assert scene.meter.on


def test_given_a_household_that_was_cut_off_then_it_is_connected_again(scene: Scene) -> None:
    scene.reports = False
    ends(scene)
    assert scene.commands() == 1
    take_back(scene)
    scene.reports = True
    scene.until_state(WITHDRAWN, 1)
    assert scene.meter.on
    assert OrderKind.RECONNECT in {order.kind for order in scene.orders()}


def test_given_a_supply_that_can_not_be_brought_back_then_a_person_looks(scene: Scene) -> None:
    scene.reports = False
    ends(scene)
    take_back(scene)
    scene.knows(POINT, meter=METERS[0], has_contactor=False)
    scene.reports = True
    scene.until_state(PARKED, 1)
    assert "the supply could not be brought back" in (scene.order(1).detail or "")


def test_given_a_disconnection_that_the_hub_asked_for_too_then_it_is_not_recalled(scene: Scene) -> None:
    stop(scene)
    ends(scene)
    scene.disconnect()
    scene.works()
    take_back(scene)
    go(scene)
    scene.until(lambda: scene.order(1).state in (WITHDRAWN, DONE, PARKED))
    assert not scene.meter.on


def tariff_in_the_meter(scene: Scene) -> None:
    scene.asks(TARIFF, effective_date=scene.day(1), tariff_group="G12")
    scene.until(lambda: scene.head_end.passive.name == "G12")
    scene.works()


def test_given_a_tariff_that_waits_in_the_meter_then_it_is_kept_from_counting(scene: Scene) -> None:
    tariff_in_the_meter(scene)
    take_back(scene)
    scene.until_state(WITHDRAWN, 1)
    assert scene.head_end.active == "G11"
    assert scene.head_end.passive.name != "G12"


def test_given_a_tariff_that_counts_already_then_a_person_decides(scene: Scene) -> None:
    tariff_in_the_meter(scene)
    scene.head_end.active, scene.head_end.passive = "G12", TariffCalendar("")
    take_back(scene)
    scene.until_state(PARKED, 1)
    assert "a person must decide" in (scene.order(1).detail or "")


def test_given_a_tariff_that_begins_to_count_while_it_is_taken_out_then_a_person_decides(scene: Scene) -> None:
    tariff_in_the_meter(scene)
    write = scene.head_end.write_calendar

    def too_late(meter: MeterNumber, tariff: str, activate_at: datetime) -> None:
        write(meter, tariff, activate_at)
        scene.head_end.active = "G12"

    scene.head_end.write_calendar = too_late  # type: ignore[method-assign]
    take_back(scene)
    scene.until_state(PARKED, 1)
    assert "since a moment ago" in (scene.order(1).detail or "")


def test_given_a_tariff_that_somebody_else_took_out_then_nothing_is_left_to_do(scene: Scene) -> None:
    tariff_in_the_meter(scene)
    scene.head_end.passive = TariffCalendar("")
    take_back(scene)
    scene.until_state(WITHDRAWN, 1)


def test_given_a_tariff_that_stays_in_the_meter_then_it_is_tried_until_a_person_has_to_look(
    parts_once: Parts, quiet: None
) -> None:
    scene = Scene(parts_once, policy=replace(POLICY, retry=RetryPolicy(attempts=3)))
    tariff_in_the_meter(scene)
    scene.head_end.keeps_what_is_written = False
    scene.head_end.activates = False
    take_back(scene)
    scene.until_state(PARKED, 1)
    assert "still waits in meter" in scene.texts()


def test_given_a_meter_in_doubt_then_its_tariff_is_not_taken_out_by_guess(scene: Scene) -> None:
    tariff_in_the_meter(scene)
    scene.knows(POINTS[1], meter=METERS[0], has_contactor=True)
    take_back(scene)
    scene.until_state(PARKED, 1)
    assert "taken back, but" in (scene.order(1).detail or "")


def test_given_a_start_that_is_taken_back_after_its_tariff_counts_then_a_person_decides(
    parts_once: Parts, quiet: None
) -> None:
    scene = Scene(parts_once, on=False)
    hold = Hold(
        key=0, metering_point=POINT, kind=HoldKind.EMERGENCY, since=scene.world.now, until=None, by="Anna", why="a test"
    )
    with scene.database.transaction() as tx:
        tx.guards.add_hold(hold)
    scene.asks(START, effective_date=scene.day(1), supplier=NEW, tariff_group="G12")
    scene.until(lambda: scene.order().kind is OrderKind.RECONNECT)
    with scene.database.transaction() as tx:
        tx.orders.recall(1, scene.world.now)
        tx.orders.recall(2, scene.world.now)
        tx.work.wake(WorkStep.PERFORM, [1], scene.world.now)
        tx.work.wake(WorkStep.EXECUTE, [2], scene.world.now)
    scene.until_state(PARKED, 1)
    assert "its tariff counts already" in (scene.order(1).detail or "")


# --- what fails at the meter


@pytest.mark.parametrize("fault", [Fault.METER_UNREACHABLE, Fault.LOST_BEFORE, Fault.REFUSED])
def test_given_a_call_that_fails_then_the_step_is_tried_again(scene: Scene, fault: Fault) -> None:
    scene.head_end.calls.append(fault)
    ends(scene)
    scene.until(lambda: scene.order(1).state in (DONE, PARKED))
    assert (scene.order(1).state is DONE) is (fault is not Fault.REFUSED or not scene.meter.on)


def test_given_a_meter_that_never_answers_then_the_step_waits_for_a_person(parts_once: Parts, quiet: None) -> None:
    scene = Scene(parts_once, policy=replace(POLICY, retry=RetryPolicy(attempts=2)))
    scene.head_end.calls += [Fault.METER_UNREACHABLE] * 20
    ends(scene)
    scene.until_state(PARKED, 1)
    assert scene.meter.on


@pytest.mark.parametrize("keeps", [True, False])
def test_given_a_calendar_that_does_not_stay_or_does_not_count_then_it_is_never_called_done(
    parts_once: Parts, quiet: None, keeps: bool
) -> None:
    scene = Scene(parts_once, policy=replace(POLICY, retry=RetryPolicy(attempts=2)))
    scene.head_end.keeps_what_is_written = keeps
    scene.head_end.activates = False
    scene.asks(TARIFF, effective_date=scene.day(), tariff_group="G12")
    scene.until_state(PARKED, 1)
    assert scene.head_end.active == "G11"


def test_given_a_meter_that_does_not_change_over_by_itself_then_it_is_told_to(scene: Scene) -> None:
    tariff_in_the_meter(scene)
    scene.head_end.passive = replace(scene.head_end.passive, activate_at=None)
    scene.until_state(DONE, 1)
    assert scene.head_end.active == "G12"


def test_given_a_calendar_that_went_before_its_day_then_it_is_written_again(scene: Scene) -> None:
    tariff_in_the_meter(scene)
    scene.head_end.passive = TariffCalendar("")
    scene.until_state(DONE, 1)
    assert scene.head_end.active == "G12"


def test_given_a_system_that_is_down_then_steps_wait_and_go_on_afterwards(scene: Scene) -> None:
    scene.head_end.down = True
    for point in POINTS:
        scene.asks(END, point, effective_date=scene.day(), supplier=OLD)
    scene.passes(1)
    scene.passes(60)
    assert all(meter.on for meter in scene.head_end.meters.values())
    scene.head_end.down = False
    scene.until(lambda: {order.state for order in scene.orders()} == {DONE})


def test_given_an_order_that_has_ended_when_it_comes_up_again_then_nothing_happens(scene: Scene) -> None:
    ends(scene)
    scene.until_state(DONE, 1)
    before = scene.texts()
    with scene.database.transaction() as tx:
        tx.work.add(WorkStep.PERFORM, [1], scene.world.now)
    scene.passes(1)
    assert scene.texts() == before


def test_given_an_order_that_was_changed_while_it_was_at_the_meter_then_its_step_begins_anew(scene: Scene) -> None:
    read = scene.head_end.read_registers

    def meanwhile(meter: object, registers: object) -> object:
        with scene.database.transaction() as tx:
            tx.connection.exec_driver_sql("update orders set version = version + 1 where key = 1")
        scene.head_end.read_registers = read  # type: ignore[method-assign]
        return read(meter, registers)  # type: ignore[arg-type]

    scene.head_end.read_registers = meanwhile  # type: ignore[method-assign, assignment]
    ends(scene)
    scene.until_state(DONE, 1)
    assert scene.world.now - scene.order(1).registered_at < timedelta(hours=1)
