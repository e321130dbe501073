"""What the law forbids is not sent, whatever entrance the order came by; on a simulated clock, in winter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import pytest

from csire_bridge.domain.errors import ActionRefused, PartnerRefused, PartnerUnreachable
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.law.policy import Loosened, UnknownProtection, WhenBanned
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import DisconnectionKind, Order, OrderState, RejectionReason, WaitsFor
from csire_bridge.domain.protection import NOT_PROTECTED, ProtectedKind, Protection
from csire_bridge.pipeline.execute.gates.field_work_gate import against_field_work, days_to_mind
from csire_bridge.pipeline.intake.point_finder import PointFinder
from csire_bridge.pipeline.operator.points import protection_actions
from csire_bridge.runtime.steady_clock import system_clock
from tests.support.defaults import LAW
from tests.support.model.bridge import Parts
from tests.support.model.scene import METERS, POINT, POLICY, Scene

VULNERABLE = Protection.of(ProtectedKind.VULNERABLE)
DEBT = DisconnectionKind.DEBT
FRIDAY_IN_JUNE = datetime(2026, 6, 12, 9, tzinfo=UTC)
MONDAY_IN_JUNE = datetime(2026, 6, 15, 9, tzinfo=UTC)
ACT = OperatorAction("Anna Nowak", datetime(2026, 6, 12, 9, tzinfo=UTC), "a test")


@dataclass
class Sid:
    """SID, which knows a household's protection, or nothing, or can't be asked."""

    protection: Protection | None
    error: Exception | None = None
    asked: int = 0

    def look_up(self, code: MeteringPointCode) -> MeteringPoint | None:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return MeteringPoint(code=code, updated_at=system_clock(), protection=self.protection)


def at(scene: Scene, moment: datetime) -> Scene:
    scene.world.now = moment
    return scene


def lives_here(scene: Scene, protection: Protection | None) -> None:
    scene.knows(POINT, meter=METERS[0], meter_kind="CK0201", has_contactor=True, connected=True, protection=protection)


def suspend(scene: Scene, *, on: date | None = None) -> Order:
    scene.disconnect(disconnection_kind=DEBT, requested_date=on)
    scene.works()
    return scene.order()


def with_sid(parts: Parts, protection: Protection | None = None) -> tuple[Scene, Sid]:
    """A household of which nobody knows anything, and SID."""
    sid = Sid(protection)
    scene = Scene(parts, finder=PointFinder(parts.database, sid, system_clock))
    lives_here(scene, None)
    return scene, sid


def test_given_a_protected_household_in_winter_then_the_order_is_answered_with_the_rule(scene: Scene) -> None:
    lives_here(scene, VULNERABLE)
    order = suspend(scene)
    assert (order.state, order.cannot_reason) == (OrderState.REJECTED, RejectionReason.OTHER)
    assert "suspension-winter" in (order.detail or "")
    assert scene.answers() == ["8.1.1.7"]
    assert (scene.commands(), scene.meter.on) == (0, True)


def test_given_a_protected_household_on_a_friday_then_the_order_waits_until_monday_and_is_carried_out(
    scene: Scene,
) -> None:
    at(scene, FRIDAY_IN_JUNE)
    lives_here(scene, VULNERABLE)
    order = suspend(scene)
    assert (order.state, order.waits_for) == (OrderState.REGISTERED, WaitsFor.LAW)
    assert "until 2026-06-15 00:00 Polish time" in scene.texts()
    done = scene.until_state(OrderState.DONE)
    assert done.executed_at is not None
    assert done.executed_at >= datetime(2026, 6, 14, 22, tzinfo=UTC)


@pytest.mark.parametrize("kind", [DisconnectionKind.PREPAID, DisconnectionKind.SHUT_DOWN])
def test_given_a_protected_household_when_it_is_no_debt_then_it_is_carried_out(
    scene: Scene, kind: DisconnectionKind
) -> None:
    lives_here(scene, VULNERABLE)
    scene.disconnect(disconnection_kind=kind)
    assert scene.until_state(OrderState.DONE).executed_at is not None


def test_given_a_connection_to_a_protected_household_then_nothing_holds_it_up(parts_once: Parts, quiet: None) -> None:
    scene = Scene(parts_once, on=False)
    lives_here(scene, VULNERABLE)
    scene.reconnect()
    scene.works()
    assert scene.commands() == 1


def test_given_a_command_that_could_act_after_midnight_then_it_waits_already_before(scene: Scene) -> None:
    thursday = datetime(2026, 6, 11, 21, 59, 30, tzinfo=UTC)
    at(scene, thursday)
    lives_here(scene, VULNERABLE)
    assert suspend(scene).waits_for is WaitsFor.LAW
    assert scene.commands() == 0


def test_given_a_household_of_which_nobody_knows_and_no_sid_then_it_counts_as_protected(scene: Scene) -> None:
    lives_here(scene, None)
    order = suspend(scene)
    assert order.state is OrderState.REJECTED
    assert "nobody knows whether the household is protected" in (order.detail or "")


@pytest.mark.parametrize(
    ("told", "state"),
    [(VULNERABLE, OrderState.REJECTED), (None, OrderState.REJECTED), (NOT_PROTECTED, OrderState.DONE)],
    ids=["protected", "SID does not know", "not protected"],
)
def test_given_a_household_of_which_nobody_knows_then_sid_is_asked_once_and_its_answer_counts(
    parts_once: Parts, quiet: None, told: Protection | None, state: OrderState
) -> None:
    scene, sid = with_sid(parts_once, told)
    scene.disconnect(disconnection_kind=DEBT)
    assert scene.until_state(state).state is state
    assert sid.asked == 1
    assert "SID is asked whether the household is protected" in scene.texts()


def test_given_sid_that_can_not_be_asked_then_the_order_waits_and_goes_on_when_it_can(
    parts_once: Parts, quiet: None
) -> None:
    scene, sid = with_sid(parts_once, NOT_PROTECTED)
    sid.error = PartnerUnreachable("SID is down", "start it")
    order = suspend(scene)
    assert (order.state, order.waits_for, scene.commands()) == (OrderState.REGISTERED, WaitsFor.LAW, 0)
    sid.error = None
    scene.until_state(OrderState.DONE)


def test_given_sid_that_refuses_to_say_then_the_household_counts_as_protected(parts_once: Parts, quiet: None) -> None:
    scene, sid = with_sid(parts_once)
    sid.error = PartnerRefused("no such right", "ask SID's people")
    scene.disconnect(disconnection_kind=DEBT)
    assert scene.until_state(OrderState.REJECTED).state is OrderState.REJECTED
    assert sid.asked == 1


def test_given_an_order_that_waits_when_the_household_becomes_protected_until_later_then_it_goes_on_waiting(
    scene: Scene,
) -> None:
    at(scene, MONDAY_IN_JUNE)
    lives_here(scene, NOT_PROTECTED)
    scene.disconnect(disconnection_kind=DEBT, requested_date=date(2026, 6, 19))  # a Friday
    scene.works()
    with scene.database.transaction() as tx:
        protection_actions.protect(tx, POINT, ProtectedKind.VULNERABLE, None, replace(ACT, at=scene.world.now))
    scene.until(lambda: scene.order().waits_for is WaitsFor.LAW)
    assert scene.commands() == 0
    scene.until_state(OrderState.DONE)
    assert (scene.order().executed_at or MONDAY_IN_JUNE) >= datetime(2026, 6, 21, 22, tzinfo=UTC)


def test_given_a_dated_order_at_a_protected_household_then_it_is_told_when_it_is_registered(scene: Scene) -> None:
    at(scene, MONDAY_IN_JUNE)
    lives_here(scene, VULNERABLE)
    waiting = suspend(scene, on=date(2026, 6, 19))
    assert waiting.state is OrderState.REGISTERED
    assert "on the date that it asks for: waits until 2026-06-22" in scene.texts()
    refused = suspend(scene, on=date(2026, 11, 10))
    assert refused.state is OrderState.REJECTED
    assert scene.answers() == ["8.1.1.7"]


def test_given_a_person_who_says_that_a_household_is_not_protected_then_its_order_goes_on_at_once(
    scene: Scene,
) -> None:
    at(scene, FRIDAY_IN_JUNE)
    lives_here(scene, VULNERABLE)
    order = suspend(scene)
    with scene.database.transaction() as tx:
        assert [o.key for o in protection_actions.unprotect(tx, POINT, ACT)] == [order.key]
    scene.works()
    assert scene.commands() == 1


def test_given_a_rule_that_waits_then_the_order_stands_over_winter(parts_once: Parts, quiet: None) -> None:
    law = replace(LAW, when_banned={"suspension-winter": WhenBanned.WAIT})
    scene = Scene(parts_once, policy=replace(POLICY, law=law))
    lives_here(scene, VULNERABLE)
    assert suspend(scene).waits_for is WaitsFor.LAW


def test_given_a_loosened_rule_then_the_order_goes_and_its_history_says_who_decided_that(
    parts_once: Parts, quiet: None
) -> None:
    by = Loosened("suspension-winter", "Jan Kowalski", "opinion 7")
    scene = Scene(parts_once, policy=replace(POLICY, law=replace(LAW, loosened={by.rule: by})))
    lives_here(scene, VULNERABLE)
    scene.disconnect(disconnection_kind=DEBT)
    scene.until_state(OrderState.DONE)
    assert "not applied by decision of Jan Kowalski (opinion 7)" in scene.texts()


def test_given_an_operator_who_treats_unknown_households_as_not_protected_then_the_order_goes(
    parts_once: Parts, quiet: None
) -> None:
    law = replace(LAW, unknown=UnknownProtection.NOT_PROTECTED)
    scene = Scene(parts_once, policy=replace(POLICY, law=law))
    lives_here(scene, None)
    scene.disconnect(disconnection_kind=DEBT)
    scene.until_state(OrderState.DONE)


@pytest.mark.parametrize(
    ("moment", "forbidden"), [(FRIDAY_IN_JUNE, True), (MONDAY_IN_JUNE, False)], ids=["Friday", "Monday"]
)
def test_given_a_protected_household_then_no_crew_is_sent_on_a_forbidden_day_and_it_is_told_the_days(
    scene: Scene, moment: datetime, forbidden: bool
) -> None:
    at(scene, moment)
    lives_here(scene, VULNERABLE)
    order = suspend(scene, on=date(2026, 6, 30))
    with scene.database.transaction() as tx:
        against = against_field_work(tx, order, scene.world.now, LAW)
        assert (against is not None and "suspension-days-off" in against) is forbidden
        assert "suspension-winter" in (days_to_mind(tx, order, scene.world.now, LAW) or "")


def test_given_an_end_before_today_then_a_person_can_not_protect_until_then(scene: Scene) -> None:
    lives_here(scene, NOT_PROTECTED)
    act = OperatorAction("Anna", scene.world.now, "x")
    with pytest.raises(ActionRefused, match="is past"), scene.database.transaction() as tx:
        protection_actions.protect(tx, POINT, ProtectedKind.VULNERABLE, scene.day(-1), act)
