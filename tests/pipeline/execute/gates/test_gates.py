"""Each gate lets an order on, ends it, or makes it wait; on a simulated clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from csire_bridge.domain.errors import PartnerUnreachable
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.meter.contactor import ContactorCommand, HeadEndEventKind
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import Order, OrderKind, OrderState, RejectionReason, WaitsFor
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.intake.point_finder import PointFinder
from csire_bridge.pipeline.operator.orders import order_actions
from csire_bridge.pipeline.operator.points import point_actions
from tests.support.model.bridge import Parts
from tests.support.model.head_end import Fault, ModelMeter
from tests.support.model.scene import METERS, POINT, POINTS, POLICY, Scene

REGISTERED, DONE = OrderState.REGISTERED, OrderState.DONE
SUBMITTED, SUPERSEDED = OrderState.SUBMITTED, OrderState.SUPERSEDED


def hold(scene: Scene, kind: HoldKind, until: timedelta | None = None) -> int:
    now = scene.world.now
    end = None if until is None else now + until
    held = Hold(key=0, metering_point=POINT, kind=kind, since=now, until=end, by="Anna", why="a test")
    with scene.database.transaction() as tx:
        return tx.guards.add_hold(held)


def release(scene: Scene, waits_for: WaitsFor) -> None:
    with scene.database.transaction() as tx:
        tx.work.wake_waiting(waits_for, scene.world.now)


# --- is it wanted, and is it its turn?


def test_given_an_order_of_a_kind_that_moves_no_contactor_then_a_person_carries_it_out(scene: Scene) -> None:
    scene.asks(OrderKind.PARAMETRISATION, tariff_group="G12", effective_date=scene.day(9))
    scene.bridge.workers[0].turn()
    with scene.database.transaction() as tx:
        tx.work.add(WorkStep.EXECUTE, [scene.order().key], scene.world.now)
    scene.works()
    assert scene.order().state is OrderState.PARKED
    assert "until their steps are set up" in (scene.order().detail or "")


def test_given_a_later_date_when_woken_before_it_then_it_waits_on(scene: Scene) -> None:
    scene.disconnect(requested_date=scene.day(1))
    scene.works()
    with scene.database.transaction() as tx:
        tx.work.wake(WorkStep.EXECUTE, [1], scene.world.now)
    scene.works()
    assert (scene.order().state, scene.commands()) == (REGISTERED, 0)
    assert scene.until_state(DONE).outcome is not None


def test_given_a_process_that_was_ended_while_its_order_waits_then_the_order_is_withdrawn(scene: Scene) -> None:
    process = scene.disconnect(requested_date=scene.day(1))
    scene.works()
    scene.bridge.end_process(process)
    scene.works()
    assert (scene.order().state, scene.commands()) == (OrderState.WITHDRAWN, 0)


@pytest.mark.parametrize("newer", [True, False])
def test_given_a_recall_that_came_while_it_waited_then_it_ends_as_the_recall_says(scene: Scene, newer: bool) -> None:
    scene.disconnect(requested_date=scene.day(1))
    scene.works()
    with scene.database.transaction() as tx:
        tx.orders.recall(1, scene.world.now, superseded_by=1 if newer else None)
        tx.work.wake(WorkStep.EXECUTE, [1], scene.world.now)
    scene.works()
    assert scene.order().state is (SUPERSEDED if newer else OrderState.WITHDRAWN)


def test_given_an_older_request_then_it_gives_way_to_a_newer_one(scene: Scene) -> None:
    hold(scene, HoldKind.EMERGENCY)
    scene.reconnect()
    scene.works()
    scene.disconnect(ago=600)
    scene.works()
    assert [order.state for order in scene.orders()] == [REGISTERED, SUPERSEDED]


def test_given_a_connection_that_waits_then_a_newer_disconnection_waits_for_it(scene: Scene) -> None:
    hold(scene, HoldKind.EMERGENCY)
    scene.reconnect(ago=600)
    scene.works()
    scene.disconnect()
    scene.works()
    assert scene.order().waits_for is WaitsFor.RECONNECTION
    assert scene.commands() == 0


# --- interlocks, holds, danger


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"has_contactor": True, "protection": NOT_PROTECTED}, RejectionReason.NOT_POSSIBLE),
        ({"meter": MeterNumber("MODEL9"), "has_contactor": False}, RejectionReason.NOT_POSSIBLE),
        ({"meter": MeterNumber("MODEL9")}, RejectionReason.NOT_POSSIBLE),
    ],
)
def test_given_a_point_whose_meter_can_not_switch_then_the_hub_hears_why(
    scene: Scene, facts: dict[str, object], reason: RejectionReason
) -> None:
    scene.knows(STRANGE, **facts)
    scene.disconnect(STRANGE)
    scene.works()
    assert (scene.order().state, scene.order().cannot_reason) == (OrderState.REJECTED, reason)
    assert (scene.answers(), scene.commands()) == (["8.1.1.7"], 0)


class Elsewhere:
    """Somebody who may know points."""

    def __init__(self) -> None:
        self.asked: list[MeteringPointCode] = []
        self.away = False
        self.known: MeteringPoint | None = None

    def look_up(self, code: MeteringPointCode) -> MeteringPoint | None:
        self.asked.append(code)
        if self.away:
            raise PartnerUnreachable("nobody is there")
        return self.known


STRANGE = MeteringPointCode.parse("590243856287817713")


def with_finder(parts: Parts, elsewhere: Elsewhere) -> Scene:
    scene = Scene(parts)
    finder = PointFinder(scene.database, elsewhere, scene.world.bridge_clock)
    return Scene(parts, finder=finder)


def test_given_an_unknown_point_then_it_is_looked_up_and_the_order_goes_on(parts_once: Parts, quiet: None) -> None:
    elsewhere = Elsewhere()
    scene = with_finder(parts_once, elsewhere)
    at = scene.world.now
    scene.head_end.meters[MeterNumber("MODEL9")] = ModelMeter(MeterNumber("MODEL9"), arms=False)
    elsewhere.known = MeteringPoint(
        code=STRANGE,
        updated_at=at,
        meter=MeterNumber("MODEL9"),
        meter_kind="CK0201",
        has_contactor=True,
        protection=NOT_PROTECTED,
        connected=True,
    )
    scene.disconnect(STRANGE)
    scene.until_state(DONE)
    assert elsewhere.asked == [STRANGE]


def test_given_an_unknown_point_that_nobody_knows_then_the_hub_hears_so(parts_once: Parts, quiet: None) -> None:
    scene = with_finder(parts_once, Elsewhere())
    scene.disconnect(STRANGE)
    order = scene.until_state(OrderState.REJECTED)
    assert order.cannot_reason is RejectionReason.OTHER


def test_given_nobody_to_ask_just_now_then_nothing_is_concluded_of_it(parts_once: Parts, quiet: None) -> None:
    elsewhere = Elsewhere()
    elsewhere.away = True
    scene = with_finder(parts_once, elsewhere)
    scene.disconnect(STRANGE)
    scene.passes(60)
    assert scene.order().state is REGISTERED
    elsewhere.away = False
    scene.until_state(OrderState.REJECTED)


def test_given_an_unknown_point_and_nobody_to_ask_then_the_hub_hears_so(scene: Scene) -> None:
    scene.disconnect(STRANGE)
    assert scene.until_state(OrderState.REJECTED).cannot_reason is RejectionReason.OTHER


@pytest.mark.parametrize("until", [None, timedelta(minutes=5)])
def test_given_an_emergency_suspension_then_a_connection_waits_for_its_end(
    parts_once: Parts, quiet: None, until: timedelta | None
) -> None:
    scene = Scene(parts_once, on=False)
    key = hold(scene, HoldKind.EMERGENCY, until)
    scene.reconnect()
    scene.works()
    assert scene.order().waits_for is WaitsFor.HOLD
    if until is None:
        with scene.database.transaction() as tx:
            tx.guards.release_hold(key, "Jan", scene.world.now)
    scene.until_state(DONE)
    assert scene.meter.on


@pytest.mark.parametrize("kind", [HoldKind.COMPLAINT, HoldKind.PROTECTION])
def test_given_a_protected_household_then_it_is_never_cut_off(scene: Scene, kind: HoldKind) -> None:
    hold(scene, kind)
    scene.disconnect()
    scene.until_state(OrderState.REJECTED)
    assert scene.meter.on
    assert scene.commands() == 0


def test_given_registered_danger_then_a_connection_waits_until_it_is_lifted(parts_once: Parts, quiet: None) -> None:
    scene = Scene(parts_once, on=False)
    scene.bridge.tell_danger(POINT, True)
    scene.reconnect()
    scene.works()
    assert scene.order().waits_for is WaitsFor.DANGER
    scene.passes(3600)
    assert scene.order().waits_for is WaitsFor.DANGER
    with scene.database.transaction() as tx:
        point_actions.lift_danger(tx, POINT, OperatorAction("Jan", scene.world.now, "the fire is out"))
    scene.until_state(DONE)


def test_given_a_meter_that_was_told_at_two_points_then_a_person_looks_before_it_is_switched(scene: Scene) -> None:
    scene.knows(
        POINTS[1], meter=METERS[0], meter_kind="CK0201", has_contactor=True, protection=NOT_PROTECTED, connected=True
    )
    scene.disconnect()
    scene.works()
    assert (scene.order().state, scene.commands()) == (OrderState.PARKED, 0)


# --- the stop switch, the cap, the rate


@pytest.mark.parametrize(("scope", "waits"), [(StopScope.DISCONNECTIONS, False), (StopScope.EVERYTHING, True)])
def test_given_the_stop_switch_then_it_stops_what_it_names_and_nothing_else(
    parts_once: Parts, quiet: None, scope: StopScope, waits: bool
) -> None:
    scene = Scene(parts_once, on=False)
    with scene.database.transaction() as tx:
        tx.guards.throw_stop(scope, "Anna", "a flood", scene.world.now)
    scene.disconnect(POINTS[1])
    scene.reconnect(POINTS[0])
    scene.works()
    first, second = scene.orders()
    assert first.waits_for is WaitsFor.STOP
    assert (second.waits_for is WaitsFor.STOP) is waits
    with scene.database.transaction() as tx:
        tx.guards.lift_stops("Jan", scene.world.now)
    scene.until(lambda: {order.state for order in scene.orders()} == {DONE})


def test_given_the_cap_then_connections_go_and_the_rest_waits_for_a_second_person(
    parts_once: Parts, quiet: None
) -> None:
    scene = Scene(parts_once, policy=replace(POLICY, disconnections_per_hour=1))
    for point in POINTS[:2]:
        scene.disconnect(point)
    scene.reconnect(POINTS[2])
    scene.works()
    assert [order.waits_for for order in scene.orders()] == [None, WaitsFor.CAP, None]
    with scene.database.transaction() as tx:
        asked = tx.guards.ask_allowance(1, "Anna", "the list was checked", scene.world.now)
        tx.guards.approve_allowance(asked, "Jan", scene.world.now, timedelta(hours=1))
    release(scene, WaitsFor.CAP)
    scene.until(lambda: {order.state for order in scene.orders()} == {DONE})
    assert not scene.meter.on


def test_given_more_commands_than_a_second_may_have_then_the_rest_comes_a_moment_later(
    parts_once: Parts, quiet: None
) -> None:
    scene = Scene(parts_once, policy=replace(POLICY, commands_per_second=1))
    for point in POINTS:
        scene.disconnect(point)
    scene.works()
    assert scene.commands() == 1
    scene.passes(1)
    assert scene.commands() == 2
    scene.until(lambda: {order.state for order in scene.orders()} == {DONE})


# --- one command at a meter


def test_given_a_disconnection_under_way_then_a_connection_recalls_it_and_goes_next(scene: Scene) -> None:
    scene.head_end.at_once = False
    scene.disconnect(ago=60)
    scene.works()
    scene.reconnect()
    scene.works()
    first, second = scene.orders()
    assert (first.state, second.state) == (SUPERSEDED, SUBMITTED)
    assert first.cancelled_at is not None
    assert scene.meter.on


def test_given_a_recall_that_is_known_already_then_it_is_not_recalled_twice(scene: Scene) -> None:
    scene.head_end.at_once = False
    scene.disconnect(ago=60)
    scene.works()
    scene.head_end.cancels += [Fault.UNREACHABLE] * 3
    scene.reconnect()
    scene.works()
    recalled = scene.order(1).recalled_at
    assert recalled is not None
    assert scene.order().waits_for is WaitsFor.METER
    scene.passes(POLICY.recheck_interval.total_seconds() + 1)
    assert scene.order(1).recalled_at == recalled


def test_given_two_orders_for_one_meter_in_one_batch_then_one_command_is_given(scene: Scene) -> None:
    scene.head_end.at_once = False
    with scene.database.transaction() as tx:
        tx.guards.throw_stop(StopScope.EVERYTHING, "Anna", "a drill", scene.world.now)
    scene.disconnect()
    scene.works()
    scene.passes(1)
    scene.disconnect()
    scene.works()
    with scene.database.transaction() as tx:
        tx.guards.lift_stops("Jan", scene.world.now)
    release(scene, WaitsFor.STOP)
    scene.works()
    assert scene.commands() <= 1


def test_given_a_command_that_was_given_just_now_then_the_next_one_to_the_meter_waits(
    parts_once: Parts, quiet: None
) -> None:
    scene = Scene(parts_once, policy=replace(POLICY, meter_pause=timedelta(seconds=20)))
    scene.disconnect()
    scene.until_state(DONE)
    scene.reconnect()
    scene.works()
    assert (scene.order().waits_for, scene.commands()) == (WaitsFor.METER, 1)
    scene.passes(20)
    assert scene.commands() == 2


def test_given_a_command_of_which_nothing_was_heard_then_the_next_one_waits_for_its_end(scene: Scene) -> None:
    scene.head_end.submits.append(Fault.HELD_SILENT)
    scene.disconnect()
    scene.works()
    scene.head_end.by_hand(METERS[0], scene.meter.state.DISCONNECTED)
    first = scene.until_state(DONE)
    assert first.may_run_until is not None
    scene.reconnect()
    scene.works()
    assert scene.order().waits_for is WaitsFor.METER
    scene.until_state(DONE)
    assert scene.world.now > first.may_run_until


def done_before_its_event(scene: Scene) -> Order:
    """A disconnection that was run, and read before its event arrived; a connection waits for its meter."""
    scene.reports = False
    scene.disconnect()
    first = scene.until_state(DONE)
    assert first.may_run_until is not None
    scene.reconnect()
    scene.works()
    assert scene.order().waits_for is WaitsFor.METER
    return first


def test_given_an_event_that_comes_after_done_and_proves_that_the_command_ran_then_the_next_one_goes_at_once(
    scene: Scene,
) -> None:
    first = done_before_its_event(scene)
    scene.reports = True
    scene.works()
    assert (scene.order().state, scene.meter.on) == (DONE, True)
    assert first.may_run_until is not None and scene.world.now < first.may_run_until


def test_given_an_event_while_the_order_is_being_made_done_then_its_meter_is_not_kept_longer(scene: Scene) -> None:
    cancel = scene.head_end.cancel

    def comes_in_between(command: ContactorCommand) -> None:
        scene.reports = True
        scene._events()
        scene.reports = False
        cancel(command)

    scene.head_end.cancel = comes_in_between  # type: ignore[method-assign]
    scene.reports = False
    scene.disconnect()
    first = scene.until_state(DONE)
    scene.reports = True
    scene.reconnect()
    scene.works()
    assert (scene.order().state, scene.meter.on) == (DONE, True)
    assert first.may_run_until is not None and scene.world.now < first.may_run_until


@pytest.mark.parametrize(
    "told",
    [
        {"kind": HeadEndEventKind.DISCONNECT_FAILED},
        {"kind": HeadEndEventKind.PROCESSED},
        {"kind": HeadEndEventKind.CONNECTED},
        {"later": 3600},
        {"later": -3600},
    ],
    ids=str,
)
def test_given_an_event_that_does_not_prove_that_the_command_ran_then_its_end_is_waited_for(
    scene: Scene, told: dict[str, Any]
) -> None:
    first = done_before_its_event(scene)
    later = timedelta(seconds=told.pop("later", 0))
    (event,) = scene.head_end.undelivered
    scene.head_end.undelivered.clear()
    scene.bridge.deliver(replace(event, occurred_at=event.occurred_at + later, **told))
    scene.works()
    assert scene.order().waits_for is WaitsFor.METER
    scene.until_state(DONE)
    assert first.may_run_until is not None and scene.world.now > first.may_run_until


def test_given_an_outage_then_orders_wait_for_the_system_and_one_of_them_tries_it(scene: Scene) -> None:
    scene.head_end.down = True
    for point in POINTS:
        scene.disconnect(point)
    scene.passes(1)
    scene.passes(120)
    assert {order.state for order in scene.orders()} == {REGISTERED}
    assert WaitsFor.HEAD_END in {order.waits_for for order in scene.orders()}
    scene.head_end.down = False
    scene.until(lambda: {order.state for order in scene.orders()} == {DONE})


# --- was it asked for too long ago?

FIVE_DAYS = 5 * 86400


def test_given_the_bridge_was_down_for_days_when_a_disconnection_is_overdue_then_a_person_decides(scene: Scene) -> None:
    scene.disconnect(requested_date=scene.day(1))
    scene.passes(60)
    scene.passes(86400 + FIVE_DAYS)
    assert (scene.order().state, scene.commands()) == (OrderState.PARKED, 0)
    assert "carried out only now" in (scene.order().detail or "")


def test_given_it_was_overdue_when_a_person_has_decided_then_it_is_carried_out(scene: Scene) -> None:
    scene.disconnect(requested_date=scene.day(1))
    scene.passes(60)
    scene.passes(86400 + FIVE_DAYS)
    with scene.database.transaction() as tx:
        order_actions.retry(tx, [scene.order()], OperatorAction("Anna Nowak", scene.world.now, "not paid"))
    assert scene.until_state(DONE).outcome is not None


def test_given_an_overdue_disconnection_that_an_open_connection_holds_back_then_it_does_not_become_new_by_waiting(
    scene: Scene,
) -> None:
    scene.disconnect(requested_date=scene.day(1))
    scene.reconnect(requested_date=scene.day(8), ago=60)
    scene.passes(60)
    scene.passes(86400 + FIVE_DAYS)
    assert scene.order(1).state is OrderState.PARKED


def test_given_an_agreed_date_or_a_stop_long_after_it_was_asked_for_then_it_is_not_too_old(scene: Scene) -> None:
    scene.disconnect(requested_date=scene.day(20))
    with scene.database.transaction() as tx:
        tx.guards.throw_stop(StopScope.DISCONNECTIONS, "Anna", "a test", scene.world.now)
    for _ in range(30 * 24):
        scene.passes(3600)
    assert scene.order().waits_for is WaitsFor.STOP
    with scene.database.transaction() as tx:
        tx.guards.lift_stops("Anna", scene.world.now)
        tx.work.wake_waiting(WaitsFor.STOP, scene.world.now)
    assert scene.until_state(DONE).outcome is not None


def test_given_a_reconnection_that_is_days_overdue_then_it_is_carried_out(scene: Scene) -> None:
    scene.reconnect(requested_date=scene.day(1))
    scene.passes(60)
    scene.passes(86400 + FIVE_DAYS)
    assert scene.until_state(DONE).outcome is not None
