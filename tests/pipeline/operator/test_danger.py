"""A named person cuts the supply because of danger, and lifts the danger; on a simulated clock, in winter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.meter.contactor import ControlState
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import (
    DisconnectionKind,
    Order,
    OrderKind,
    OrderState,
    ReconnectionReason,
    WaitsFor,
)
from csire_bridge.domain.protection import ProtectedKind, Protection
from csire_bridge.domain.rules.model import RuleSetVersion
from csire_bridge.pipeline.execute.gates.field_work_gate import against_field_work
from csire_bridge.pipeline.operator import complaint_actions, guard_actions
from csire_bridge.pipeline.operator.orders import danger_actions
from csire_bridge.pipeline.operator.orders.danger_actions import Lifted, Ordered
from csire_bridge.store.queries.alerts.alert_conditions import standing
from csire_bridge.xml.parser import parse
from tests.support.defaults import LAW
from tests.support.model.bridge import Parts
from tests.support.model.head_end import Crash, Fault
from tests.support.model.scene import METERS, POINT, POINTS, POLICY, Scene

CLOSED = """
rules:
  - for: {kind: disconnect}
    hours: {every-day: none}
  - for: {kind: reconnect}
    hours: {every-day: none}
"""


def act(scene: Scene, by: str = "Anna Nowak", why: str = "flooded cellar") -> OperatorAction:
    return OperatorAction(by, scene.bridge.world.bridge_clock(), why)


def cut(scene: Scene, point: MeteringPointCode = POINT, *, despite_stop: bool = False) -> Ordered:
    with scene.database.transaction() as tx:
        return danger_actions.cut(tx, point, act(scene), despite_stop=despite_stop)


def lift(scene: Scene, point: MeteringPointCode = POINT) -> Lifted:
    with scene.database.transaction() as tx:
        return danger_actions.lift(tx, point, act(scene, "Jan Kowalski", "protocol 17"))


def danger_is_registered(scene: Scene) -> bool:
    with scene.database.read_transaction() as tx:
        point = tx.points.of([POINT], scene.world.now)[POINT]
    return point.danger_registered is True


def cut_and_done(scene: Scene) -> Order:
    ordered = cut(scene)
    scene.works()
    return scene.order(ordered.order.key)


def hold(scene: Scene, kind: HoldKind) -> int:
    with scene.database.transaction() as tx:
        if kind is HoldKind.COMPLAINT:
            return complaint_actions.lodge(tx, POINT, None, act(scene, "Ewa Lis", "complaint 17"), LAW)
        return guard_actions.set_hold(tx, POINT, kind, None, act(scene, "Ewa Lis", "respirator"))


def stop(scene: Scene, scope: StopScope) -> None:
    with scene.database.transaction() as tx:
        guard_actions.throw_stop(tx, scope, act(scene, "Ewa Lis", "too many"))


def rules_close_everything(scene: Scene) -> None:
    version = RuleSetVersion(0, scene.world.now, scene.world.now, "Anna Nowak", "a test", CLOSED)
    with scene.database.transaction() as tx:
        tx.rule_sets.enter(version)


# --- the cut


def test_given_danger_when_cut_then_the_supply_is_off_the_hub_is_told_and_danger_is_registered(scene: Scene) -> None:
    order = cut_and_done(scene)
    assert (order.state, scene.meter.on, scene.answers()) == (OrderState.DONE, False, ["8.3.1.1"])
    assert order.executed_at is not None
    assert order.verified_at is not None
    assert danger_is_registered(scene)
    (document,) = (copies[0] for copies in scene.bridge.mailbox.got.values())
    told = {element.tag.rpartition("}")[2]: element.text for element in parse(document).iter()}
    assert told["MessageType"] == "8.1_2"
    assert told["ProcessInstanceId"] == str(order.process_instance)
    assert told["MeteringPointCode"] == str(POINT)
    assert "SenderMessageId" not in told  # nobody had asked for it


def _vulnerable(scene: Scene) -> None:
    protection = Protection.of(ProtectedKind.VULNERABLE)
    scene.knows(
        POINT,
        meter=METERS[0],
        meter_kind="CK0201",
        has_contactor=True,
        connected=True,
        protection=protection,
        can_be_suspended=False,
    )


def _cap_is_reached(scene: Scene) -> None:
    for point in POINTS[1:]:
        scene.disconnect(point, disconnection_kind=DisconnectionKind.SHUT_DOWN)
    scene.works()


def _after_a_connection(scene: Scene) -> None:
    scene.reconnect(reconnection_reason=ReconnectionReason.COMPLAINT)
    scene.works()


HINDRANCES: list[Callable[[Scene], object]] = [
    _vulnerable,
    lambda scene: hold(scene, HoldKind.COMPLAINT),
    lambda scene: hold(scene, HoldKind.PROTECTION),
    lambda scene: hold(scene, HoldKind.EMERGENCY),
    rules_close_everything,
    _cap_is_reached,
    _after_a_connection,
    lambda scene: scene.reconnect(),
    lambda scene: scene.reconnect(requested_date=scene.day(1)),
    lambda scene: stop(scene, StopScope.DISCONNECTIONS),
]


@pytest.mark.parametrize("hindered", HINDRANCES)
def test_given_whatever_protects_a_household_when_there_is_danger_then_the_cut_goes_at_once(
    parts_once: Parts, quiet: None, hindered: Callable[[Scene], object]
) -> None:
    scene = Scene(parts_once, policy=replace(POLICY, disconnections_per_hour=2, meter_pause=timedelta(hours=1)))
    hindered(scene)
    before = scene.world.now
    order = cut_and_done(scene)
    assert (order.state, scene.meter.on, scene.world.now) == (OrderState.DONE, False, before), scene.texts()


def test_given_many_orders_in_the_queue_when_there_is_danger_then_its_command_is_the_first(scene: Scene) -> None:
    for point in POINTS[1:]:
        scene.reconnect(point)
    ordered = cut(scene)
    scene.bridge.workers[0].turn()
    assert scene.order(ordered.order.key).submitted_at is not None
    first = next(held.command for held in scene.head_end.held)
    assert first.tracking_id == str(ordered.order.key)


def test_given_the_head_end_system_is_down_when_there_is_danger_then_it_is_tried_again_and_again(scene: Scene) -> None:
    scene.head_end.down = True
    for point in POINTS:
        scene.disconnect(point, disconnection_kind=DisconnectionKind.SHUT_DOWN)
    scene.passes(60)
    ordered = cut(scene)
    scene.passes(600)
    scene.head_end.down = False
    scene.until_state(OrderState.DONE, ordered.order.key)
    assert scene.world.now - ordered.cut.since <= timedelta(seconds=700)


def test_given_a_connection_under_way_when_there_is_danger_then_it_gives_way_and_the_supply_is_off(
    parts_once: Parts, quiet: None
) -> None:
    scene = Scene(parts_once, on=False, arms=True)  # the customer may press the button at any time
    scene.reconnect()
    connection = scene.until_state(OrderState.ARMED)
    ordered = cut(scene)
    scene.until_state(OrderState.DONE, ordered.order.key)
    assert scene.meter.state is ControlState.DISCONNECTED
    assert scene.order(connection.key).state is OrderState.SUPERSEDED


def test_given_the_hub_ends_the_process_when_a_cut_is_waiting_then_it_goes_on(scene: Scene) -> None:
    scene.head_end.down = True
    ordered = cut(scene)
    scene.works()
    scene.bridge.end_process(ordered.order.process_instance)
    scene.works()
    scene.head_end.down = False
    assert scene.until_state(OrderState.DONE, ordered.order.key).recalled_at is None


# --- what it does not pass


def test_given_the_supply_must_stay_for_an_emergency_then_a_cut_is_refused_and_names_hold_and_person(
    scene: Scene,
) -> None:
    key = hold(scene, HoldKind.EMERGENCY_SUPPLY)
    with pytest.raises(ActionRefused, match=f"hold {key} of Ewa Lis .* emergency: respirator"):
        cut(scene)
    assert not danger_is_registered(scene)
    with scene.database.transaction() as tx:
        guard_actions.release_hold(tx, key, act(scene))
    assert cut_and_done(scene).state is OrderState.DONE


def test_given_the_supply_must_stay_for_an_emergency_then_no_other_disconnection_is_sent_either(scene: Scene) -> None:
    hold(scene, HoldKind.EMERGENCY_SUPPLY)
    scene.disconnect(disconnection_kind=DisconnectionKind.PREPAID)
    scene.works()
    assert (scene.order().state, scene.meter.on) == (OrderState.REJECTED, True)


def test_given_the_hold_comes_before_the_command_then_the_cut_ends_and_tells_who_holds(scene: Scene) -> None:
    ordered = cut(scene)
    hold(scene, HoldKind.EMERGENCY_SUPPLY)
    scene.works()
    order = scene.order(ordered.order.key)
    assert (order.state, scene.meter.on, scene.answers()) == (OrderState.REJECTED, True, [])
    assert "Ewa Lis" in (order.detail or "")


def test_given_everything_is_stopped_then_a_cut_needs_a_person_who_knows_that(scene: Scene) -> None:
    stop(scene, StopScope.EVERYTHING)
    with pytest.raises(ActionRefused, match="Ewa Lis has stopped everything"):
        cut(scene)
    ordered = cut(scene, despite_stop=True)
    scene.works()
    assert scene.order(ordered.order.key).state is OrderState.DONE


def test_given_everything_is_stopped_after_the_cut_was_ordered_then_it_waits_until_a_person_insists(
    scene: Scene,
) -> None:
    ordered = cut(scene)
    stop(scene, StopScope.EVERYTHING)
    scene.works()
    assert scene.order(ordered.order.key).waits_for is WaitsFor.STOP
    assert scene.meter.on
    again = cut(scene, despite_stop=True)
    scene.works()
    assert again.order.key == ordered.order.key
    assert scene.order(ordered.order.key).state is OrderState.DONE


def test_given_a_cut_under_way_when_asked_again_then_it_is_refused_and_names_the_order(scene: Scene) -> None:
    scene.head_end.down = True
    key = cut(scene).order.key
    with pytest.raises(ActionRefused, match=f"order {key} of Anna Nowak"):
        cut(scene)


def test_given_an_unknown_point_then_a_cut_is_refused(scene: Scene) -> None:
    with pytest.raises(ActionRefused, match="not known"):
        cut(scene, MeteringPointCode.parse("590000000000000006"))


@pytest.mark.parametrize("facts", [{"meter": None}, {"meter": METERS[0], "has_contactor": False}])
def test_given_no_contactor_when_there_is_danger_then_people_are_sent_at_once(
    scene: Scene, facts: dict[str, object]
) -> None:
    with scene.database.transaction() as tx:
        tx.connection.exec_driver_sql("DELETE FROM metering_points")
    scene.knows(POINT, **facts)
    ordered = cut(scene)
    assert "SEND PEOPLE" in ordered.against[0]
    scene.works()
    order = scene.order(ordered.order.key)
    assert order.state is OrderState.FIELD_WORK
    with scene.database.read_transaction() as tx:
        assert against_field_work(tx, order, scene.world.now, LAW) is None


def test_given_the_meter_refuses_for_good_when_there_is_danger_then_people_are_sent(scene: Scene) -> None:
    scene.meter.stuck = True
    ordered = cut(scene)
    scene.until(lambda: scene.order(ordered.order.key).state is OrderState.FIELD_WORK)
    with scene.database.read_transaction() as tx:
        hour = timedelta(hours=1)
        kinds = {alert.kind for alert in standing(tx.connection, scene.world.now, hour, hour, hour)}
    assert AlertKind.DANGER_NOT_CUT in kinds


# --- while it stands, and its end


@pytest.mark.parametrize("older", [True, False])
def test_given_a_connection_then_it_waits_until_the_danger_is_lifted_and_both_are_told(
    scene: Scene, older: bool
) -> None:
    if older:
        scene.reconnect(ago=60)
    ordered = cut(scene)
    scene.works()
    if not older:
        scene.reconnect()
    scene.passes(3600)
    waiting = next(o for o in scene.orders() if o.kind is OrderKind.RECONNECT)
    assert (waiting.state, waiting.waits_for, scene.meter.on) == (OrderState.REGISTERED, WaitsFor.DANGER, False)
    assert scene.order(ordered.order.key).state is OrderState.DONE
    lifted = lift(scene)
    assert lifted.connection is not None
    scene.until(lambda: scene.meter.on and all(order.state is OrderState.DONE for order in scene.orders()))
    assert scene.answers() == ["8.2.1.11", "8.3.1.1", "8.4.1.1"]


def test_given_a_cut_when_lifted_then_the_supply_is_back_and_the_hub_is_told(scene: Scene) -> None:
    cut_and_done(scene)
    lifted = lift(scene)
    assert lifted.connection is not None
    scene.works()
    order = scene.order(lifted.connection.key)
    assert (order.state, scene.meter.on, scene.answers()) == (OrderState.DONE, True, ["8.3.1.1", "8.4.1.1"])
    assert not danger_is_registered(scene)
    with scene.database.read_transaction() as tx:
        assert danger_actions.standing(tx) == []


def test_given_rules_that_never_connect_when_danger_is_lifted_then_the_supply_is_back_without_delay(
    scene: Scene,
) -> None:
    cut_and_done(scene)
    rules_close_everything(scene)
    lift(scene)
    scene.works()
    assert scene.meter.on


def test_given_an_emergency_hold_when_danger_is_lifted_then_the_supply_waits_for_its_release(scene: Scene) -> None:
    key = hold(scene, HoldKind.EMERGENCY)
    cut_and_done(scene)
    lift(scene)
    scene.works()
    assert (scene.order().waits_for, scene.meter.on) == (WaitsFor.HOLD, False)
    with scene.database.transaction() as tx:
        guard_actions.release_hold(tx, key, act(scene))
    scene.works()
    assert scene.meter.on


def test_given_a_cut_that_was_not_made_when_lifted_then_it_is_withdrawn_and_nothing_is_told(scene: Scene) -> None:
    scene.head_end.down = True
    ordered = cut(scene)
    scene.works()
    lifted = lift(scene)
    scene.head_end.down = False
    scene.passes(600)
    assert lifted.connection is None
    assert scene.order(ordered.order.key).state is OrderState.WITHDRAWN
    assert (scene.meter.on, scene.answers(), scene.commands()) == (True, [], 0)


@pytest.mark.parametrize("runs", [True, False])
def test_given_a_cut_under_way_when_lifted_then_the_supply_is_on_in_the_end_and_the_hub_knows_what_happened(
    scene: Scene, runs: bool
) -> None:
    scene.head_end.at_once = False
    ordered = cut(scene)
    scene.works()
    if runs:
        scene.head_end.run(scene.head_end.held[0])
        scene.head_end.undelivered.clear()
    scene.head_end.at_once = True
    lifted = lift(scene)
    assert lifted.connection is not None
    key = lifted.connection.key
    scene.until(lambda: scene.order(key).state is OrderState.DONE)
    scene.works()
    assert scene.meter.on
    assert scene.order(ordered.order.key).state is (OrderState.DONE if runs else OrderState.WITHDRAWN)
    assert scene.answers() == (["8.3.1.1", "8.4.1.1"] if runs else [])


@pytest.mark.parametrize("first", ["debt", "danger"])
def test_given_a_suspension_for_debt_when_danger_is_lifted_then_the_supply_stays_off_for_the_debt(
    scene: Scene, first: str
) -> None:
    debts: list[Callable[[], object]] = [
        lambda: scene.disconnect(disconnection_kind=DisconnectionKind.DEBT),
        lambda: cut(scene),
    ]
    for step in debts if first == "debt" else reversed(debts):
        step()
        scene.passes(60)
    lifted = lift(scene)
    scene.passes(60)
    assert lifted.connection is None
    assert "another reason" in (lifted.stays_off or "")
    assert not scene.meter.on
    assert "8.4.1.1" not in scene.answers()
    scene.reconnect()
    scene.until_state(OrderState.DONE)
    assert scene.meter.on


def test_given_supply_that_was_off_before_when_danger_is_lifted_then_it_stays_off(
    parts_once: Parts, quiet: None
) -> None:
    scene = Scene(parts_once, on=False)
    cut_and_done(scene)
    lifted = lift(scene)
    scene.works()
    assert (lifted.connection, lifted.stays_off) == (None, "it was off before the cut")
    assert not scene.meter.on


def test_given_a_suspension_that_waits_when_danger_is_lifted_then_it_is_not_superseded_by_that(scene: Scene) -> None:
    cut_and_done(scene)
    scene.disconnect(disconnection_kind=DisconnectionKind.SHUT_DOWN, requested_date=scene.day(1))
    scene.works()
    debt = scene.order()
    lift(scene)
    scene.works()
    assert scene.meter.on
    scene.until(lambda: scene.order(debt.key).state is OrderState.DONE)
    assert not scene.meter.on


def test_given_no_danger_when_lifted_then_it_is_refused(scene: Scene) -> None:
    with pytest.raises(ActionRefused, match="no danger is registered"):
        lift(scene)


def test_given_danger_that_somebody_else_told_when_lifted_then_nothing_is_connected(scene: Scene) -> None:
    scene.bridge.tell_danger(POINT, danger=True)
    scene.reconnect()
    scene.works()
    lifted = lift(scene)
    assert (lifted.connection, len(lifted.waited)) == (None, 1)
    scene.works()
    assert scene.answers() == ["8.2.1.11"]


# --- crashes


@pytest.mark.parametrize("after_commit", [False, True])
@pytest.mark.parametrize("crash_in", range(8))
def test_given_a_crash_at_any_commit_then_the_cut_and_its_end_are_neither_lost_nor_repeated(
    scene: Scene, crash_in: int, after_commit: bool
) -> None:
    for action in ("cut", "lift"):
        order = cut(scene).order if action == "cut" else lift(scene).connection
        assert order is not None
        scene.bridge.store.crash_in, scene.bridge.store.after_commit = crash_in, after_commit
        _survives(scene, order.key)
    assert scene.meter.on
    assert scene.answers() == ["8.3.1.1", "8.4.1.1"]
    assert scene.commands() <= 3  # a crash during a call leaves it unknown: the contactor is read, and tells
    assert all(len(set(copies)) == 1 for copies in scene.bridge.mailbox.got.values())
    assert len(scene.bridge.mailbox.got) == 2


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.LOST_AFTER, Fault.HELD_CRASH])
def test_given_a_crash_during_the_call_then_the_cut_is_done_in_the_end(scene: Scene, fault: Fault) -> None:
    scene.head_end.submits.append(fault)
    ordered = cut(scene)
    _survives(scene, ordered.order.key)
    assert (scene.meter.on, scene.answers()) == (False, ["8.3.1.1"])


def _survives(scene: Scene, key: int) -> None:
    for _ in range(20):
        try:
            scene.until(lambda: scene.order(key).state is OrderState.DONE)
            scene.passes(200)
        except Crash:
            scene.bridge.restart(0)
            scene.world.now += timedelta(seconds=70)
        else:
            return
    raise AssertionError(scene.texts())
