"""`orders explain` asks the gates that decide, tells every one of them, and changes nothing."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.order.order import DisconnectionKind, OrderState
from csire_bridge.domain.protection import NOT_PROTECTED, ProtectedKind, Protection
from csire_bridge.pipeline.execute.gates.clocks import NO_CLOCKS
from csire_bridge.pipeline.execute.gates.explain import Explanation, explain
from csire_bridge.pipeline.execute.gates.gates import Gates
from tests.support.model.scene import METERS, POINT, POINTS, POLICY, Scene

VULNERABLE = Protection.of(ProtectedKind.VULNERABLE)
FRIDAY_IN_JUNE = datetime(2026, 6, 12, 9, tzinfo=UTC)


class Undone(Exception):
    """Ends a transaction without writing."""


def explained(scene: Scene, key: int | None = None) -> Explanation:
    gates = Gates(POLICY, random.Random(1), NO_CLOCKS)  # noqa: S311 - spreads retries
    found: list[Explanation] = []
    with pytest.raises(Undone), scene.database.transaction() as tx:
        found.append(explain(tx, scene.order(key), gates, POLICY, scene.world.now))
        raise Undone
    return found[0]


def failing(found: Explanation) -> list[str]:
    return [answer.gate for answer in found.gates if not answer.passes]


def lives_here(scene: Scene, protection: Protection | None) -> None:
    scene.knows(POINT, meter=METERS[0], meter_kind="CK0201", has_contactor=True, connected=True, protection=protection)


def suspend(scene: Scene) -> None:
    scene.disconnect(disconnection_kind=DisconnectionKind.DEBT)
    scene.works()


def test_given_an_order_that_the_law_holds_back_then_rule_fact_and_remedy_are_told(scene: Scene) -> None:
    scene.world.now = FRIDAY_IN_JUNE
    lives_here(scene, VULNERABLE)
    suspend(scene)
    found = explained(scene)
    assert failing(found) == ["law"]
    assert found.rule is not None
    assert (found.rule.name, "wstrzymuje" in found.rule.pl) == ("suspension-days-off", True)
    protection = next(fact for fact in found.facts if fact.name == "protection")
    assert (protection.value, protection.effective) == ("known (masked)", FRIDAY_IN_JUNE.date())
    assert any("points unprotect" in text for text in found.to_go)
    assert "vulnerable" not in repr(found.facts)


def test_given_several_reasons_then_each_gate_tells_its_own_whatever_the_others_say(scene: Scene) -> None:
    scene.world.now = FRIDAY_IN_JUNE
    lives_here(scene, VULNERABLE)
    suspend(scene)
    with scene.database.transaction() as tx:
        tx.guards.throw_stop(StopScope.EVERYTHING, "Anna", "a flood", scene.world.now)
        held = Hold(
            key=0, metering_point=POINT, kind=HoldKind.PROTECTION, since=FRIDAY_IN_JUNE, until=None, by="A", why="x"
        )
        tx.guards.add_hold(held)
    found = explained(scene)
    assert failing(found) == ["point", "law", "stop switch"]
    assert any("csire-bridge go" in text for text in found.to_go)


def test_given_nothing_against_an_order_then_every_gate_passes_and_nothing_has_to_change(scene: Scene) -> None:
    scene.disconnect(requested_date=scene.day(1))
    scene.works()
    scene.world.now += timedelta(days=1)
    found = explained(scene)
    assert (failing(found), list(found.to_go), found.rule) == ([], [], None)
    assert [answer.gate for answer in found.gates][-1] == "rate"


def test_given_an_explanation_then_nothing_has_changed_and_the_order_goes_on_as_before(scene: Scene) -> None:
    scene.world.now = FRIDAY_IN_JUNE
    lives_here(scene, VULNERABLE)
    suspend(scene)
    before, texts = scene.order(), scene.texts()
    explained(scene)
    assert (scene.order(), scene.texts()) == (before, texts)
    scene.until_state(OrderState.DONE)


def test_given_an_order_that_has_ended_then_its_end_is_told_and_no_gate_is_asked(scene: Scene) -> None:
    lives_here(scene, VULNERABLE)
    suspend(scene)
    found = explained(scene)
    assert found.order.state is OrderState.REJECTED
    assert (list(found.gates), list(found.to_go)) == ([], [])


def test_given_a_parked_order_then_the_commands_of_a_person_are_named(scene: Scene) -> None:
    scene.knows(POINTS[1], meter=METERS[0], meter_kind="CK0201", has_contactor=True, protection=NOT_PROTECTED)
    scene.disconnect()
    scene.works()
    assert scene.order().state is OrderState.PARKED
    assert failing(explained(scene)) == ["meter"]
    assert "orders retry" in explained(scene).to_go[0]
