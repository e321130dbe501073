"""What the head-end system says to a command, or does not say, and what follows; on a simulated clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from csire_bridge.domain.meter.contactor import ContactorReading
from csire_bridge.domain.operations.retry import RetryPolicy
from csire_bridge.domain.order.order import OrderKind, OrderState, RejectionReason
from csire_bridge.pipeline.execution_policy import FieldWork
from tests.support.model.bridge import Parts
from tests.support.model.head_end import Crash, Fault
from tests.support.model.scene import METERS, POINTS, POLICY, Scene

DONE, UNKNOWN, REGISTERED = OrderState.DONE, OrderState.UNKNOWN, OrderState.REGISTERED


def test_given_an_accepted_command_then_its_event_is_waited_for_and_the_contactor_decides(scene: Scene) -> None:
    scene.reports = False
    scene.disconnect()
    scene.works()
    assert scene.order().state is OrderState.SUBMITTED
    scene.reports = True
    scene.works()
    assert (scene.order().state, scene.meter.on, scene.commands()) == (DONE, False, 1)
    assert scene.answers() == ["8.1.1.11"]


def test_given_an_event_that_comes_before_the_reply_then_the_contactor_is_read_at_once(scene: Scene) -> None:
    submit = scene.head_end.submit

    def reports_first(command: object) -> None:
        submit(command)  # type: ignore[arg-type]
        scene._events()

    scene.head_end.submit = reports_first  # type: ignore[method-assign]
    scene.reports = False
    scene.disconnect()
    scene.reports = True
    scene.works()
    assert scene.order().state is DONE


def test_given_a_head_end_that_is_away_then_the_attempt_does_not_count_and_it_is_tried_again(scene: Scene) -> None:
    scene.head_end.submits.append(Fault.UNREACHABLE)
    scene.disconnect()
    scene.works()
    assert (scene.order().state, scene.order().attempts, scene.order().submitted_at) == (REGISTERED, 0, None)
    assert scene.until_state(DONE).attempts == 1


@pytest.mark.parametrize(
    ("field_work", "ends"), [(FieldWork.EXHAUSTED, OrderState.FIELD_WORK), (FieldWork.NEVER, OrderState.PARKED)]
)
def test_given_a_meter_that_is_never_reached_then_the_order_is_given_up(
    parts_once: Parts, quiet: None, field_work: FieldWork, ends: OrderState
) -> None:
    policy = replace(POLICY, retry=RetryPolicy(attempts=2), field_work=field_work)
    scene = Scene(parts_once, policy=policy)
    scene.head_end.submits += [Fault.METER_UNREACHABLE] * 5
    scene.disconnect()
    scene.until_state(ends)
    assert (scene.commands(), scene.meter.on) == (0, True)


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.LOST_AFTER])
def test_given_a_reply_that_was_lost_then_the_contactor_is_read_before_anything_is_given_again(
    scene: Scene, fault: Fault
) -> None:
    scene.head_end.submits.append(fault)
    scene.reports = False
    scene.disconnect()
    scene.works()
    assert scene.order().state is UNKNOWN
    scene.until_state(DONE)
    assert scene.commands() == 1
    first_read = next(place for place, (what, _, _) in enumerate(scene.head_end.log) if what == "read")
    assert first_read > 0 or fault is Fault.LOST_BEFORE


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.BUSY_AFTER, Fault.HELD_BUSY])
def test_given_a_head_end_that_says_it_is_busy_then_it_is_found_out_before_anything_is_given_again(
    scene: Scene, fault: Fault
) -> None:
    scene.head_end.submits.append(fault)
    scene.reports = False
    scene.disconnect()
    scene.works()
    given = scene.order()
    assert (given.state, given.attempts) == (UNKNOWN, 0)
    scene.reports = True
    order = scene.until_state(DONE)
    assert (order.attempts, order.expires_at == given.expires_at) == ((0, True) if fault.taken else (1, False))
    assert given.expires_at is not None
    assert fault.taken or (order.submitted_at is not None and order.submitted_at > given.expires_at)
    assert scene.answers() == ["8.1.1.11"]


def test_given_a_head_end_that_stays_busy_then_the_remote_way_is_given_up_at_last(
    parts_once: Parts, quiet: None
) -> None:
    scene = Scene(parts_once, policy=replace(POLICY, retry=RetryPolicy(attempts=4)))
    scene.head_end.submits += [Fault.BUSY] * 50
    scene.disconnect()
    scene.until_state(OrderState.FIELD_WORK)
    tried = 50 - len(scene.head_end.submits)
    assert (scene.commands(), scene.meter.on, tried >= 3 + POLICY.attempts) == (0, True, True)


@pytest.mark.parametrize(("fault", "ends"), [(Fault.REFUSED_AFTER, DONE), (Fault.REFUSED, OrderState.REJECTED)])
def test_given_a_refusal_then_the_contactor_says_whether_it_is_true(
    scene: Scene, fault: Fault, ends: OrderState
) -> None:
    scene.head_end.submits.append(fault)
    scene.reports = False
    scene.disconnect()
    scene.until_state(ends)
    assert scene.meter.on is (fault is Fault.REFUSED)
    assert scene.commands() == (0 if fault is Fault.REFUSED else 1)


def test_given_a_head_end_that_refuses_for_good_then_cannot_is_told_only_once_the_contactor_was_read_a_while_later(
    scene: Scene,
) -> None:
    scene.head_end.submits.append(Fault.REFUSED)
    scene.disconnect()
    order = scene.until_state(OrderState.REJECTED)
    assert order.cannot_reason is RejectionReason.NOT_POSSIBLE
    read_at = [reading.read_at for _, _, reading in scene.head_end.log if isinstance(reading, ContactorReading)]
    assert order.submitted_at is not None
    assert read_at[0] < order.submitted_at + POLICY.read_back_interval <= read_at[-1]
    assert scene.commands() == 0


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
def test_given_a_crash_in_the_call_then_the_outcome_is_unknown_and_no_household_is_cut_off_twice(
    scene: Scene, fault: Fault
) -> None:
    scene.head_end.submits.append(fault)
    scene.disconnect()
    with pytest.raises(Crash):
        scene.works()
    assert scene.order().state is OrderState.SUBMITTING
    scene.bridge.restart(0)
    scene.until(lambda: scene.order().state is DONE)
    assert "the command was being given when work stopped" in scene.texts()
    assert scene.commands() == 1


def test_given_a_lease_that_is_half_over_then_the_command_is_left_for_the_next_one(scene: Scene) -> None:
    scene.head_end.meanwhile = lambda _: setattr(scene.world, "now", scene.world.now + timedelta(seconds=200))
    for point in POINTS[:2]:
        scene.disconnect(point)
    scene.works()
    scene.until(lambda: {order.state for order in scene.orders()} == {DONE})
    assert {order.attempts for order in scene.orders()} <= {1, 2}


def test_given_an_outage_within_a_batch_then_the_rest_of_it_is_not_tried(scene: Scene) -> None:
    tried: list[object] = []
    scene.head_end.on_submit = tried.append
    scene.head_end.down = True
    for _ in range(2):
        for point in POINTS:
            scene.disconnect(point)
    scene.works()
    scene.passes(5)
    assert {order.state for order in scene.orders()} <= {REGISTERED, OrderState.SUPERSEDED}
    assert len(tried) <= 4, "three failures open the circuit"
    scene.head_end.down = False
    scene.until(lambda: REGISTERED not in {order.state for order in scene.orders()})


@pytest.mark.parametrize("kind", [OrderKind.DISCONNECT, OrderKind.RECONNECT])
def test_given_both_kinds_then_the_meter_ends_as_was_asked(parts_once: Parts, quiet: None, kind: OrderKind) -> None:
    scene = Scene(parts_once, on=kind is OrderKind.DISCONNECT)
    scene.asks(kind)
    order = scene.until_state(DONE)
    assert order.meter == METERS[0]
    assert scene.meter.on is (kind is OrderKind.RECONNECT)
