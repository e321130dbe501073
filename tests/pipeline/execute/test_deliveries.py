"""Whether a command came to the meter, and which clocks run once one did not; on a simulated clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from csire_bridge.domain.meter.contactor import ControlState
from csire_bridge.domain.order.order import NotDelivered, OrderState, ReconnectionReason
from csire_bridge.pipeline.execution_policy import FieldWork
from tests.support.defaults import DEADLINES
from tests.support.model.bridge import Parts
from tests.support.model.scene import POLICY, Scene

DONE, FIELD_WORK, PARKED = OrderState.DONE, OrderState.FIELD_WORK, OrderState.PARKED
DAY = timedelta(days=1)
BY_LAW = replace(POLICY, deadlines=DEADLINES)


@pytest.fixture
def scene(parts_once: Parts, quiet: None) -> Scene:
    return Scene(parts_once, policy=BY_LAW)


def test_given_a_command_that_works_then_it_was_delivered_between_its_giving_and_its_reading(scene: Scene) -> None:
    scene.disconnect()
    order = scene.until_state(DONE)
    assert order.received_at is not None
    assert order.first_given_at is not None
    assert order.delivered_at is not None
    assert order.verified_at is not None
    assert order.received_at <= order.first_given_at <= order.delivered_at <= order.verified_at
    assert (order.undelivered_at, order.deadline) == (None, None)


def test_given_a_command_that_was_accepted_but_not_run_then_nothing_says_that_it_was_delivered(scene: Scene) -> None:
    scene.head_end.at_once = False
    scene.disconnect()
    scene.works()
    order = scene.order()
    assert (order.state, order.delivered_at) == (OrderState.SUBMITTED, None)
    assert order.first_given_at == order.submitted_at


def test_given_commands_that_end_without_a_sign_then_three_working_days_run_from_receipt(scene: Scene) -> None:
    scene.head_end.at_once = False
    scene.disconnect()
    scene.until(lambda: scene.order().undelivered_at is not None)
    order = scene.order()
    assert (order.undelivered_why, order.delivered_at) == (NotDelivered.TIMED_OUT, None)
    assert order.deadline is not None
    assert timedelta(days=3) <= order.deadline - order.registered_at <= timedelta(days=8)
    assert order.half_time is not None


def test_given_a_meter_that_comes_late_then_the_first_giving_stays_and_it_is_delivered(scene: Scene) -> None:
    scene.head_end.at_once = False
    scene.disconnect()
    scene.until(lambda: scene.commands() == 2)
    first = scene.order().first_given_at
    scene.head_end.run(scene.head_end.held[1])
    order = scene.until_state(DONE)
    assert order.first_given_at == first
    assert order.undelivered_at is not None
    assert order.submitted_at is not None
    assert order.delivered_at is not None
    assert order.delivered_at >= order.submitted_at


def test_given_a_head_end_that_is_down_then_a_connection_has_24_hours_and_then_people_go(parts_once: Parts) -> None:
    scene = Scene(parts_once, on=False, policy=BY_LAW)
    scene.reconnect(reconnection_reason=ReconnectionReason.REASON_GONE)
    scene.head_end.down = True
    scene.until(lambda: scene.order().undelivered_at is not None)
    order = scene.order()
    assert order.undelivered_why is NotDelivered.UNREACHABLE
    assert order.deadline == order.registered_at + DAY
    order = scene.until_state(FIELD_WORK)
    assert scene.world.now <= order.registered_at + DAY, "people are sent before the law's time is over"


def test_given_a_deadline_of_undelivered_commands_and_no_field_work_then_a_person_decides(parts_once: Parts) -> None:
    policy = replace(BY_LAW, field_work=FieldWork.NEVER, attempts=99, retry_pause=timedelta(hours=30))
    scene = Scene(parts_once, on=False, policy=policy)
    scene.head_end.at_once = False
    scene.reconnect(reconnection_reason=ReconnectionReason.REASON_GONE)
    scene.until(lambda: scene.order().state in (PARKED, OrderState.REJECTED))
    assert scene.order().state is not FIELD_WORK
    assert scene.meter.state is ControlState.DISCONNECTED


def test_given_the_meters_own_report_of_a_failure_then_the_command_was_delivered_and_no_clock_starts(
    scene: Scene,
) -> None:
    scene.meter.stuck = True
    scene.disconnect()
    order = scene.until_state(FIELD_WORK)
    assert order.delivered_at is not None
    assert (order.undelivered_at, order.deadline) == (None, None)
