"""What the contactor, an event or silence says of a command, and what follows; on a simulated clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import ContactorCommand, ContactorReading, ControlState
from csire_bridge.domain.operations.retry import RetryPolicy
from csire_bridge.domain.order.order import OrderState, Outcome
from csire_bridge.pipeline.execution_policy import FieldWork
from tests.support.model.bridge import Parts
from tests.support.model.head_end import Fault, HeldState
from tests.support.model.scene import METERS, POINTS, POLICY, Scene

DONE, UNKNOWN, SUBMITTED = OrderState.DONE, OrderState.UNKNOWN, OrderState.SUBMITTED
FIELD_WORK, REJECTED, PARKED = OrderState.FIELD_WORK, OrderState.REJECTED, OrderState.PARKED
OFF, ON = ControlState.DISCONNECTED, ControlState.CONNECTED


def given_a_command_that_waits(scene: Scene) -> None:
    scene.head_end.at_once = False
    scene.disconnect()
    scene.works()
    assert scene.order().state is SUBMITTED


def test_given_no_event_in_time_then_the_contactor_is_read_and_asked_again_until_it_shows(scene: Scene) -> None:
    scene.reports = False
    given_a_command_that_waits(scene)
    scene.passes(POLICY.response.total_seconds() + 1)
    assert scene.order().state is UNKNOWN
    scene.passes(POLICY.read_back_interval.total_seconds() + 1)
    assert scene.order().state is UNKNOWN
    scene.head_end.run(scene.head_end.held[0], silent=True)
    order = scene.until_state(DONE)
    assert (order.outcome, scene.commands()) == (Outcome.DISCONNECTED, 1)


def test_given_a_meter_that_sticks_then_each_command_ends_before_the_next_and_then_people_go(scene: Scene) -> None:
    scene.meter.stuck = True
    scene.disconnect()
    order = scene.until_state(FIELD_WORK)
    assert (order.attempts, scene.meter.on) == (3, True)
    assert scene.answers() == []


def test_given_a_meter_that_sticks_and_no_field_work_then_the_hub_hears_cannot(parts_once: Parts, quiet: None) -> None:
    scene = Scene(parts_once, policy=replace(POLICY, field_work=FieldWork.NEVER))
    scene.meter.stuck = True
    scene.disconnect()
    scene.until_state(REJECTED)
    scene.until(lambda: scene.answers() == ["8.1.1.7"])


def test_given_an_event_that_claims_what_was_not_then_the_order_is_not_done(scene: Scene) -> None:
    given_a_command_that_waits(scene)
    scene.head_end.claim(scene.head_end.held[0])
    scene.works()
    assert scene.order().state is not DONE
    scene.head_end.run(scene.head_end.held[0])
    scene.until_state(DONE)
    assert not scene.meter.on


def test_given_an_event_of_failure_then_the_command_is_cancelled_before_a_new_one(scene: Scene) -> None:
    given_a_command_that_waits(scene)
    scene.head_end.gives_up_too_early(scene.head_end.held[0])
    scene.works()
    assert scene.head_end.held[0].state is HeldState.CANCELLED
    scene.until(lambda: scene.commands() == 2)
    assert scene.head_end.held[0].state is HeldState.CANCELLED
    scene.head_end.run(scene.head_end.held[1])
    scene.until_state(DONE)


@pytest.mark.parametrize("fault", [Fault.UNREACHABLE, Fault.LOST_BEFORE, Fault.REFUSED])
def test_given_a_failed_command_that_can_not_be_cancelled_then_there_is_no_second_before_its_end(
    scene: Scene, fault: Fault
) -> None:
    given_a_command_that_waits(scene)
    end = scene.order().expires_at
    assert end is not None
    scene.head_end.cancels += [fault] * 50
    scene.head_end.gives_up_too_early(scene.head_end.held[0])
    scene.until(lambda: scene.commands() == 2 or scene.order().state in (DONE, FIELD_WORK))
    assert scene.world.now > end


def test_given_a_reading_from_before_the_end_of_a_command_that_comes_after_it_then_the_contactor_is_read_again(
    scene: Scene,
) -> None:
    given_a_command_that_waits(scene)
    first, held, read = scene.order(), scene.head_end.held[0], scene.head_end.read_contactor

    def slow(meter: MeterNumber) -> ContactorReading:
        reading = read(meter)
        if held.state is HeldState.QUEUED:  # it runs after it was read; the answer comes when its end has passed
            scene.head_end.run(held, silent=True)
            scene.world.now += POLICY.lifetime + POLICY.expiry_margin
        return reading

    scene.head_end.read_contactor = slow  # type: ignore[method-assign]
    order = scene.until_state(DONE)
    assert (order.correlation_id, scene.commands()) == (first.correlation_id, 1)


def test_given_a_contactor_that_somebody_else_switched_then_the_command_that_waits_is_dropped_before_done(
    scene: Scene,
) -> None:
    given_a_command_that_waits(scene)
    scene.head_end.by_hand(METERS[0], OFF)
    order = scene.until_state(DONE)
    assert order.cancelled_at is not None
    assert scene.head_end.held[0].state is HeldState.CANCELLED


def test_given_the_same_when_the_command_can_not_be_dropped_then_the_meter_is_reserved_or_its_end_waited_for(
    scene: Scene,
) -> None:
    given_a_command_that_waits(scene)
    end = scene.order().expires_at
    assert end is not None
    scene.head_end.cancels += [Fault.UNREACHABLE] * 50
    scene.head_end.by_hand(METERS[0], OFF)
    order = scene.until_state(DONE)
    assert order.may_run_until is not None or scene.world.now > end


# --- recalled while under way


@pytest.mark.parametrize("superseded", [False, True])
def test_given_an_order_that_is_not_wanted_any_more_then_its_command_is_dropped(scene: Scene, superseded: bool) -> None:
    given_a_command_that_waits(scene)
    if superseded:
        scene.passes(1)
        scene.reconnect()
    else:
        scene.bridge.end_process(scene.order().process_instance)
    scene.works()
    assert scene.order(1).state is (OrderState.SUPERSEDED if superseded else OrderState.WITHDRAWN)
    assert scene.meter.on


def test_given_a_recall_that_came_too_late_then_done_is_told_because_it_is_so(scene: Scene) -> None:
    scene.reports = False
    scene.disconnect()
    scene.works()
    scene.bridge.end_process(scene.order().process_instance)
    scene.until(lambda: scene.order().state in (DONE, OrderState.WITHDRAWN))
    assert scene.order().state is DONE
    assert not scene.meter.on


@pytest.mark.parametrize("superseded", [False, True])
def test_given_an_unwanted_order_whose_contactor_can_not_be_read_then_it_ends_once_that_is_safe(
    scene: Scene, superseded: bool
) -> None:
    scene.head_end.submits.append(Fault.REFUSED)
    scene.head_end.reads += [Fault.REFUSED] * 100
    scene.disconnect()
    scene.bridge.workers[0].turn()
    scene.bridge.workers[0].turn()
    if superseded:
        scene.reconnect()
    else:
        scene.bridge.end_process(scene.order().process_instance)
    scene.until(lambda: scene.order(1).state in (OrderState.SUPERSEDED, OrderState.WITHDRAWN, REJECTED, PARKED))
    assert scene.meter.on


# --- it can't be read


def test_given_a_contactor_that_can_not_be_read_for_a_while_then_it_is_asked_again(scene: Scene) -> None:
    scene.head_end.reads += [Fault.METER_UNREACHABLE, Fault.LOST_BEFORE]
    scene.disconnect()
    scene.works()
    assert scene.order().state is UNKNOWN
    scene.until_state(DONE)
    assert scene.commands() == 1


@pytest.mark.parametrize("fault", [Fault.METER_UNREACHABLE, Fault.REFUSED])
def test_given_a_contactor_that_is_never_read_then_people_look_and_done_is_never_told(
    parts_once: Parts, quiet: None, fault: Fault
) -> None:
    scene = Scene(parts_once, policy=replace(POLICY, retry=RetryPolicy(attempts=2)))
    scene.head_end.reads += [fault] * 200
    scene.disconnect()
    scene.until(lambda: scene.order().state in (PARKED, FIELD_WORK))
    assert "8.1.1.11" not in scene.answers()


def test_given_a_refused_command_at_a_meter_that_is_not_read_then_the_hub_hears_cannot_or_a_person_looks(
    parts_once: Parts, quiet: None
) -> None:
    scene = Scene(parts_once, policy=replace(POLICY, retry=RetryPolicy(attempts=2)))
    scene.head_end.submits.append(Fault.REFUSED)
    scene.head_end.reads += [Fault.REFUSED] * 200
    scene.disconnect()
    scene.until(lambda: scene.order().state in (PARKED, FIELD_WORK, REJECTED))
    assert scene.commands() == 0


# --- armed


def armed(parts: Parts, **changes: object) -> Scene:
    scene = Scene(parts, on=False, arms=True, policy=replace(POLICY, **changes))  # type: ignore[arg-type]
    scene.reconnect()
    return scene


def test_given_an_armed_contactor_then_it_is_done_when_the_button_was_pressed(parts_once: Parts, quiet: None) -> None:
    scene = armed(parts_once)
    scene.until_state(OrderState.ARMED)
    scene.passes(POLICY.response.total_seconds() + 1)
    assert (scene.order().state, scene.answers()) == (OrderState.ARMED, [])
    scene.head_end.by_hand(METERS[0], ON)
    order = scene.until_state(DONE)
    assert order.outcome is Outcome.CONNECTED


def test_given_that_armed_counts_then_the_hub_hears_so_with_the_supply_off(parts_once: Parts, quiet: None) -> None:
    scene = armed(parts_once, armed_counts=True)
    order = scene.until_state(DONE)
    assert (order.outcome, scene.meter.on) == (Outcome.ARMED, False)


def test_given_an_armed_contactor_that_somebody_disconnects_then_a_person_looks(parts_once: Parts, quiet: None) -> None:
    scene = armed(parts_once)
    scene.until_state(OrderState.ARMED)
    scene.head_end.by_hand(METERS[0], OFF)
    scene.until_state(PARKED)
    assert "somebody has disconnected it" in (scene.order().detail or "")


@pytest.mark.parametrize("fault", [Fault.METER_UNREACHABLE, Fault.REFUSED])
def test_given_an_armed_contactor_that_is_not_read_any_more_then_people_go_there(
    parts_once: Parts, quiet: None, fault: Fault
) -> None:
    scene = armed(parts_once, retry=RetryPolicy(attempts=2))
    scene.until_state(OrderState.ARMED)
    scene.head_end.reads += [fault] * 50
    scene.until_state(FIELD_WORK)
    assert scene.answers() == []


def test_given_a_deadline_that_is_near_then_no_further_command_is_given(parts_once: Parts, quiet: None) -> None:
    scene = Scene(parts_once, on=False)
    scene.meter.stuck = True
    scene.meter.state = OFF
    scene.reconnect(ago=3600 * 24 * 6)
    scene.until(lambda: scene.order().state in (FIELD_WORK, PARKED, REJECTED))
    assert scene.order().attempts <= 3
    assert scene.world.now - scene.order().registered_at < timedelta(days=30)


def test_given_a_command_that_was_dropped_once_then_it_is_not_cancelled_again(scene: Scene) -> None:
    given_a_command_that_waits(scene)
    cancelled: list[ContactorCommand] = []
    cancel = scene.head_end.cancel

    def noted(command: ContactorCommand) -> None:
        cancelled.append(command)
        cancel(command)

    scene.head_end.cancel = noted  # type: ignore[method-assign]
    scene.head_end.gives_up_too_early(scene.head_end.held[0])
    scene.head_end.reads += [Fault.METER_UNREACHABLE] * 3
    scene.until(lambda: scene.commands() == 2)
    assert len(cancelled) == 1


def test_given_an_outage_while_contactors_are_read_then_the_rest_is_left_for_later(scene: Scene) -> None:
    scene.reports = False
    scene.head_end.at_once = False
    for point in POINTS:
        scene.disconnect(point)
    scene.works()
    scene.head_end.down = True
    scene.passes(POLICY.response.total_seconds() + 1)
    scene.passes(60)
    assert DONE not in {order.state for order in scene.orders()}
    scene.head_end.down = False
    for held in scene.head_end.held:
        scene.head_end.run(held, silent=True)
    scene.until(lambda: {order.state for order in scene.orders()} == {DONE})
    assert scene.commands() == len(POINTS)


def test_given_an_unwanted_order_whose_contactor_is_silent_then_it_ends_once_its_command_can_not_run(
    scene: Scene,
) -> None:
    scene.head_end.submits.append(Fault.LOST_BEFORE)
    scene.disconnect()
    scene.works()
    scene.bridge.end_process(scene.order().process_instance)
    scene.head_end.reads += [Fault.REFUSED] * 60
    scene.until(lambda: scene.order().state in (OrderState.WITHDRAWN, PARKED, FIELD_WORK))
    assert (scene.meter.on, scene.commands()) == (True, 0)


def test_given_a_connection_whose_contactor_is_on_already_then_the_command_that_waits_is_dropped(
    parts_once: Parts, quiet: None
) -> None:
    scene = Scene(parts_once, on=False)
    scene.head_end.at_once = False
    scene.reconnect()
    scene.works()
    scene.head_end.by_hand(METERS[0], ON)
    order = scene.until_state(DONE)
    assert order.cancelled_at is not None
