"""A command under way is recalled when something is heard that forbids it, whoever says it and whenever it is heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.metering_point.complaints import Decision
from csire_bridge.domain.metering_point.facts import Source
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import (
    COMMAND_IN_FLIGHT,
    FINAL_STATES,
    DisconnectionKind,
    Order,
    OrderKind,
    OrderState,
)
from csire_bridge.domain.protection import NOT_PROTECTED, ProtectedKind, Protection
from csire_bridge.pipeline.operator import complaint_actions, guard_actions
from csire_bridge.pipeline.operator.orders import danger_actions
from csire_bridge.pipeline.operator.points import point_actions, protection_actions, registry_actions
from csire_bridge.pipeline.ports.store import Transaction
from tests.support.defaults import LAW
from tests.support.model.bridge import Parts
from tests.support.model.scene import METERS, POINT, POINTS, POLICY, Scene

DEBT = DisconnectionKind.DEBT
VULNERABLE = Protection.of(ProtectedKind.VULNERABLE, None)
SLOW = replace(POLICY, lifetime=timedelta(hours=6), response=timedelta(hours=6), read_back_interval=timedelta(hours=1))
"""A command waits for hours, and nobody looks at it for an hour."""


def act(scene: Scene) -> OperatorAction:
    return OperatorAction("Anna Nowak", scene.world.now, "a test")


def update(scene: Scene, **facts: object) -> RegistryUpdate:
    point = facts.pop("point", POINT)
    return RegistryUpdate(process_instance=None, metering_point=point, effective_date=scene.day(), **facts)  # type: ignore[arg-type]


def by_person(change: Callable[[Transaction, OperatorAction], object]) -> Callable[[Scene], None]:
    def heard(scene: Scene) -> None:
        with scene.database.transaction() as tx:
            change(tx, act(scene))

    return heard


def by_hub(**facts: object) -> Callable[[Scene], None]:
    def heard(scene: Scene) -> None:
        told = dict(facts)
        scene.bridge.receive(scene.bridge.tell(told.pop("point", POINT), **told))  # type: ignore[arg-type]

    return heard


def by_list(**facts: object) -> Callable[[Scene], None]:
    def heard(scene: Scene) -> None:
        with scene.database.transaction() as tx:
            registry_actions.import_points(tx, [update(scene, **facts)], "a list", act(scene))

    return heard


def disputed(scene: Scene) -> None:
    """A complaint that was rejected, so that the order went, is taken to the coordinator."""
    with scene.database.transaction() as tx:
        [hold] = [key for key in range(1, 3) if tx.guards.find_hold(key) is not None]
        complaint_actions.dispute(tx, hold, act(scene))


HEARD: dict[str, Callable[[Scene], None]] = {
    "a protection hold": by_person(lambda tx, one: guard_actions.set_hold(tx, POINT, HoldKind.PROTECTION, None, one)),
    "a hold for an emergency that needs the supply": by_person(
        lambda tx, one: guard_actions.set_hold(tx, POINT, HoldKind.EMERGENCY_SUPPLY, None, one)
    ),
    "a complaint": by_person(lambda tx, one: complaint_actions.lodge(tx, POINT, None, one, LAW)),
    "a dispute of a rejected complaint": disputed,
    "a protected household, by a person": by_person(
        lambda tx, one: protection_actions.protect(tx, POINT, ProtectedKind.VULNERABLE, None, one)
    ),
    "a protected household, by a list": by_list(protection=VULNERABLE),
    "no suspension for debt, by the hub": by_hub(can_be_suspended=False),
    "no suspension for debt, by a list": by_list(can_be_suspended=False),
    "the meter at another point, by the hub": by_hub(point=POINTS[1], meter_number=METERS[0]),
    "the meter at another point, by a list": by_list(point=POINTS[1], meter_number=METERS[0]),
    "the meter at another point, by a person": by_person(
        lambda tx, one: point_actions.set_meter(tx, POINTS[1], METERS[0], one)
    ),
}


def under_way(scene: Scene, *, at_once: bool = False) -> Order:
    """A disconnection for debt whose command waits at the head-end system, as for a meter that can't be reached."""
    scene.head_end.at_once, scene.reports = at_once, False
    with scene.database.transaction() as tx:
        key = complaint_actions.lodge(tx, POINT, None, act(scene), LAW)
        complaint_actions.decide(tx, key, Decision.REJECTED, act(scene))
    scene.disconnect(disconnection_kind=DEBT)
    scene.works()
    sent = scene.order()
    assert sent.state in COMMAND_IN_FLIGHT
    return sent


@pytest.mark.parametrize("what", HEARD)
def test_given_a_command_that_waits_when_something_is_heard_that_forbids_it_then_it_is_recalled_at_once(
    parts_once: Parts, quiet: None, what: str
) -> None:
    scene = Scene(parts_once, policy=SLOW)
    sent = under_way(scene)
    HEARD[what](scene)
    scene.passes(1)
    order = scene.order(sent.key)
    assert order.recalled_at is not None, scene.texts()
    assert "recalled: " in scene.texts()
    scene.until(lambda: scene.order(sent.key).state in FINAL_STATES)
    assert (scene.order(sent.key).state, scene.meter.on, scene.commands()) == (OrderState.WITHDRAWN, True, 1)
    assert scene.answers() == ["8.1.1.7"]


@pytest.mark.parametrize("what", HEARD)
def test_given_a_meter_that_switched_before_something_was_heard_then_the_truth_is_told(
    parts_once: Parts, quiet: None, what: str
) -> None:
    scene = Scene(parts_once)
    sent = under_way(scene, at_once=True)
    assert not scene.meter.on
    HEARD[what](scene)
    scene.until(lambda: scene.order(sent.key).state in FINAL_STATES)
    assert scene.order(sent.key).state is OrderState.DONE
    assert scene.answers() == ["8.1.1.11"]


@pytest.mark.parametrize("what", HEARD)
def test_given_something_that_is_heard_while_the_command_is_being_sent_then_it_is_recalled(
    parts_once: Parts, quiet: None, what: str
) -> None:
    scene = Scene(parts_once, policy=SLOW)
    scene.head_end.at_once, scene.reports = False, False
    if what == "a dispute of a rejected complaint":
        with scene.database.transaction() as tx:
            key = complaint_actions.lodge(tx, POINT, None, act(scene), LAW)
            complaint_actions.decide(tx, key, Decision.REJECTED, act(scene))
    take, head_end = scene.head_end.submit, scene.head_end

    def submit(command: object) -> object:
        head_end.submit = take  # type: ignore[method-assign]
        found = take(command)  # type: ignore[arg-type]
        HEARD[what](scene)
        return found

    head_end.submit = submit  # type: ignore[method-assign,assignment]
    scene.disconnect(disconnection_kind=DEBT)
    scene.works()
    scene.passes(1)
    assert scene.order().recalled_at is not None, scene.texts()
    scene.until(lambda: scene.order().state in FINAL_STATES)
    assert (scene.order().state, scene.meter.on) == (OrderState.WITHDRAWN, True)


def test_given_a_fact_that_nobody_announces_then_the_next_look_recalls_the_command(
    parts_once: Parts, quiet: None
) -> None:
    scene = Scene(parts_once, policy=SLOW)
    sent = under_way(scene)
    with scene.database.transaction() as tx:
        tx.points.record_notices([update(scene, protection=VULNERABLE)], scene.world.now, Source.SID)
    scene.until(lambda: scene.order(sent.key).recalled_at is not None)
    scene.until(lambda: scene.order(sent.key).state in FINAL_STATES)
    assert scene.meter.on


@pytest.mark.parametrize(
    "harmless",
    [
        by_hub(can_be_suspended=True),
        by_list(protection=NOT_PROTECTED),
        by_hub(danger_registered=True),
        by_hub(point=POINTS[1], can_be_suspended=False),
        by_person(lambda tx, one: guard_actions.set_hold(tx, POINTS[1], HoldKind.PROTECTION, None, one)),
        by_person(lambda tx, one: guard_actions.set_hold(tx, POINT, HoldKind.EMERGENCY, None, one)),
    ],
)
def test_given_something_that_forbids_nothing_then_the_command_goes_on(
    parts_once: Parts, quiet: None, harmless: Callable[[Scene], None]
) -> None:
    scene = Scene(parts_once, policy=SLOW)
    sent = under_way(scene)
    harmless(scene)
    scene.passes(3700)
    order = scene.order(sent.key)
    assert (order.recalled_at, order.state in COMMAND_IN_FLIGHT) == (None, True), scene.texts()


@pytest.mark.parametrize("what", [what for what in HEARD if "supply" not in what and "dispute" not in what])
def test_given_a_cut_because_of_danger_then_nothing_but_an_emergency_that_needs_the_supply_recalls_it(
    parts_once: Parts, quiet: None, what: str
) -> None:
    scene = Scene(parts_once, policy=SLOW)
    scene.head_end.at_once, scene.reports = False, False
    with scene.database.transaction() as tx:
        danger_actions.cut(tx, POINT, act(scene))
    scene.works()
    sent = scene.order()
    assert (sent.kind, sent.state in COMMAND_IN_FLIGHT) == (OrderKind.DISCONNECT, True)
    HEARD[what](scene)
    scene.passes(1)
    assert scene.order(sent.key).recalled_at is None
    HEARD["a hold for an emergency that needs the supply"](scene)
    scene.passes(1)
    assert scene.order(sent.key).recalled_at is not None
