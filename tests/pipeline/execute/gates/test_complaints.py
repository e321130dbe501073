"""No entrance leads past a complaint: every way in which a disconnection comes, against everything that can stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.law.policy import Loosened
from csire_bridge.domain.message.message import OrderRequest
from csire_bridge.domain.message.sid import SidNumber, SidRequest
from csire_bridge.domain.metering_point.complaints import Complaint, ComplaintStanding, Decision
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import (
    COMMAND_IN_FLIGHT,
    FINAL_STATES,
    DisconnectionKind,
    Order,
    OrderKind,
    OrderState,
    ReconnectionReason,
)
from csire_bridge.pipeline.execute.gates.field_work_gate import against_field_work
from csire_bridge.pipeline.operator import complaint_actions, guard_actions
from csire_bridge.pipeline.operator.orders import order_actions
from csire_bridge.pipeline.orders.merge_sources import accept_sid_order
from tests.support.defaults import LAW, ORDERS
from tests.support.model.bridge import Parts
from tests.support.model.scene import POINT, POINTS, POLICY, Scene

DAY = timedelta(days=1)
RULE = "complaint-before-suspension"
DEBT, PREPAID, SHUT_DOWN = DisconnectionKind.DEBT, DisconnectionKind.PREPAID, DisconnectionKind.SHUT_DOWN
STATES = (OrderState.DONE, OrderState.REJECTED)


def act(scene: Scene) -> OperatorAction:
    return OperatorAction("Anna Nowak", scene.world.now, "a test")


# --- what can stand


def lodged(scene: Scene, *, days_ago: float = 1, after_cut: bool = False, law_days: float | None = 14) -> int:
    day = scene.world.now - days_ago * DAY
    until = None if law_days is None else day + law_days * DAY
    complaint = Complaint(lodged=day, after_cut=after_cut, decide_by=until)
    hold = Hold(
        key=0,
        metering_point=POINT,
        kind=HoldKind.COMPLAINT,
        since=scene.world.now,
        until=None,
        by="Anna",
        why="a test",
        complaint=complaint,
    )
    with scene.database.transaction() as tx:
        return tx.guards.add_hold(hold)


def decided(scene: Scene, key: int, decision: Decision) -> None:
    with scene.database.transaction() as tx:
        tx.complaints.decide(key, decision, "Jan", scene.world.now, "a letter")


def disputed(scene: Scene, key: int) -> None:
    with scene.database.transaction() as tx:
        tx.complaints.dispute(key, "Jan", scene.world.now, "case 88")


def rejected(scene: Scene, days_ago: float) -> int:
    key = lodged(scene, days_ago=days_ago)
    decided(scene, key, Decision.REJECTED)
    return key


def upheld(scene: Scene) -> None:
    decided(scene, lodged(scene), Decision.UPHELD)


def released(scene: Scene) -> None:
    key = lodged(scene)
    with scene.database.transaction() as tx:
        guard_actions.release_hold(tx, key, act(scene))


BLOCKING: dict[str, Callable[[Scene], object]] = {
    "open": lodged,
    "open, after the cut": lambda scene: lodged(scene, after_cut=True),
    "open, of a law without a time": lambda scene: lodged(scene, days_ago=100, law_days=None),
    "upheld": upheld,
    "counts as upheld": lambda scene: lodged(scene, days_ago=15),
    "counts as upheld, after the cut": lambda scene: lodged(scene, days_ago=15, after_cut=True),
    "rejected too late": lambda scene: rejected(scene, 15),
    "disputed": lambda scene: disputed(scene, lodged(scene)),
    "disputed after a rejection": lambda scene: disputed(scene, rejected(scene, 1)),
    "rejected, and another one open": lambda scene: (rejected(scene, 1), lodged(scene)),
}
PERMITTING: dict[str, Callable[[Scene], object]] = {
    "none": lambda scene: None,
    "rejected in time": lambda scene: rejected(scene, 13),
    "released": released,
}


# --- the entrances


def of_the_hub(scene: Scene, kind: DisconnectionKind = DEBT) -> Order:
    scene.disconnect(disconnection_kind=kind)
    return ended(scene)


def of_the_hub_for_tomorrow(scene: Scene) -> Order:
    scene.disconnect(disconnection_kind=DEBT, requested_date=scene.day(1))
    return ended(scene)


def of_sid(scene: Scene) -> Order:
    request = OrderRequest(
        kind=OrderKind.DISCONNECT, process_instance=None, metering_point=POINT, disconnection_kind=DEBT
    )
    scene.bridge.tell_danger(POINTS[2], danger=False)  # its message stands for that of SID in the journal
    scene.works()
    with scene.database.transaction() as tx:
        accept_sid_order(tx, SidRequest(SidNumber("SID-1"), scene.world.now, request), 1, scene.world.now, ORDERS)
    return ended(scene)


def of_a_person(scene: Scene) -> Order:
    """An order that was parked because it is old, and that a person gives again."""
    scene.disconnect(disconnection_kind=DEBT, ago=4 * DAY.total_seconds())
    scene.works()
    assert scene.order().state is OrderState.PARKED
    with scene.database.transaction() as tx:
        order_actions.retry(tx, [scene.order()], act(scene))
    return ended(scene)


def of_an_agreement(scene: Scene) -> Order:
    scene.asks(OrderKind.AGREEMENT_END, effective_date=scene.day(0))
    scene.until(lambda: any(order.kind is OrderKind.DISCONNECT for order in scene.orders()))
    return ended(scene)


def ended(scene: Scene) -> Order:
    def newest() -> Order:
        return [order for order in scene.orders() if order.kind is OrderKind.DISCONNECT][-1]

    scene.until(lambda: newest().state in STATES)
    return newest()


ENTRANCES: dict[str, Callable[[Scene], Order]] = {
    "hub, debt": of_the_hub,
    "hub, prepaid": lambda scene: of_the_hub(scene, PREPAID),
    "hub, shut down": lambda scene: of_the_hub(scene, SHUT_DOWN),
    "hub, for tomorrow": of_the_hub_for_tomorrow,
    "SID": of_sid,
    "a person": of_a_person,
    "end of an agreement": of_an_agreement,
}
FOR_DEBT = {"hub, debt", "hub, for tomorrow", "SID", "a person"}


@pytest.mark.parametrize("standing", BLOCKING)
@pytest.mark.parametrize("entrance", ENTRANCES)
def test_given_a_complaint_that_blocks_then_no_entrance_leads_to_a_disconnection(
    scene: Scene, entrance: str, standing: str
) -> None:
    BLOCKING[standing](scene)
    order = ENTRANCES[entrance](scene)
    assert (order.state, scene.meter.on, scene.commands()) == (OrderState.REJECTED, True, 0)
    said = order.detail or ""
    assert "protected from disconnection: the complaint of 2026-" in said
    assert ((f"Energy Law art. 6c(1)-(3), Dz.U. 2024 poz. 266; rule {RULE}") in said) is (entrance in FOR_DEBT)


@pytest.mark.parametrize("standing", PERMITTING)
@pytest.mark.parametrize("entrance", ENTRANCES)
def test_given_no_complaint_that_blocks_then_every_entrance_is_open(scene: Scene, entrance: str, standing: str) -> None:
    PERMITTING[standing](scene)
    order = ENTRANCES[entrance](scene)
    assert (order.state, scene.meter.on) == (OrderState.DONE, False)


@pytest.mark.parametrize("standing", [*BLOCKING, *PERMITTING])
def test_given_a_complaint_then_a_crew_is_sent_only_where_a_command_could_be(scene: Scene, standing: str) -> None:
    scene.disconnect(disconnection_kind=DEBT, requested_date=scene.day(1))
    scene.works()
    {**BLOCKING, **PERMITTING}[standing](scene)
    with scene.database.transaction() as tx:
        against = against_field_work(tx, scene.order(), scene.world.now, LAW)
    assert (against is not None and RULE in against) is (standing in BLOCKING)


def test_given_a_dated_order_at_a_point_with_a_complaint_then_it_is_told_when_it_is_registered(scene: Scene) -> None:
    key = lodged(scene)
    scene.disconnect(disconnection_kind=DEBT, requested_date=scene.day(1))
    scene.works()
    assert scene.order().state is OrderState.REGISTERED
    assert "as things stand today it is not carried out: the metering point is protected" in scene.texts()
    decided(scene, key, Decision.REJECTED)
    scene.until_state(OrderState.DONE)


def test_given_a_dated_order_when_a_complaint_comes_before_its_date_then_it_is_not_carried_out(scene: Scene) -> None:
    scene.disconnect(disconnection_kind=DEBT, requested_date=scene.day(1))
    scene.works()
    lodged(scene)
    scene.until_state(OrderState.REJECTED)
    assert scene.commands() == 0


def test_given_a_loosened_rule_then_the_complaint_still_blocks_until_it_is_decided(
    parts_once: Parts, quiet: None
) -> None:
    law = replace(LAW, loosened={RULE: Loosened(RULE, "Jan Kowalski", "opinion 7")})
    scene = Scene(parts_once, policy=replace(POLICY, law=law))
    with scene.database.transaction() as tx:
        complaint_actions.lodge(tx, POINT, scene.world.now - 20 * DAY, act(scene), law)
    assert of_the_hub(scene).state is OrderState.REJECTED


@pytest.mark.parametrize("days", [0, 1, 13, 15, 100])
def test_given_a_connection_because_of_a_complaint_then_the_supply_comes_back_and_stays(
    parts_once: Parts, quiet: None, days: int
) -> None:
    scene = Scene(parts_once, on=False)
    scene.reconnect(reconnection_reason=ReconnectionReason.COMPLAINT)
    scene.until_state(OrderState.DONE)
    with scene.database.transaction() as tx:
        (hold,) = tx.guards.holds()
    assert hold.complaint is not None
    assert (hold.complaint.after_cut, hold.until) == (True, None)
    scene.passes(60)
    scene.world.now += days * DAY
    order = of_the_hub(scene)
    assert (order.state, scene.meter.on) == (OrderState.REJECTED, True)
    assert "after the cut" in (order.detail or "")


def test_given_a_complaint_that_was_rejected_then_a_new_one_about_the_cut_brings_the_supply_back_and_keeps_it(
    scene: Scene,
) -> None:
    rejected(scene, 1)
    assert of_the_hub(scene).state is OrderState.DONE
    scene.passes(60)
    scene.reconnect(reconnection_reason=ReconnectionReason.COMPLAINT)
    scene.until_state(OrderState.DONE)
    scene.passes(60)
    assert of_the_hub(scene).state is OrderState.REJECTED
    assert standing_of(scene, POINT) == [ComplaintStanding.REJECTED, ComplaintStanding.OPEN]


def standing_of(scene: Scene, point: MeteringPointCode) -> list[ComplaintStanding]:
    with scene.database.transaction() as tx:
        found = [hold.complaint for hold in tx.guards.holds() if hold.metering_point == point]
    return [complaint.standing(scene.world.now) for complaint in found if complaint is not None]


def sid_complains(scene: Scene, *, days_ago: float = 0) -> None:
    """SID asks for the supply because of a complaint that it has registered."""
    at = scene.world.now - days_ago * DAY
    scene.bridge.tell_danger(POINTS[2], danger=False)  # its message stands for that of SID in the journal
    scene.works()
    asked = OrderRequest(
        kind=OrderKind.RECONNECT,
        process_instance=None,
        metering_point=POINT,
        reconnection_reason=ReconnectionReason.COMPLAINT,
    )
    number = SidNumber(f"C-{scene.world.now.timestamp()}-{days_ago}")
    with scene.database.transaction() as tx:
        accept_sid_order(tx, SidRequest(number, at, asked, None, None), 1, scene.world.now, ORDERS)


def hub_complains(scene: Scene) -> None:
    scene.reconnect(reconnection_reason=ReconnectionReason.COMPLAINT)


TELLS: dict[str, tuple[Callable[[Scene], None], ...]] = {
    "hub, then SID": (hub_complains, sid_complains),
    "SID, then hub": (sid_complains, hub_complains),
    "SID with an earlier day": (hub_complains, lambda scene: sid_complains(scene, days_ago=2)),
}


@pytest.mark.parametrize("tells", TELLS)
def test_given_hub_and_sid_that_tell_of_one_complaint_then_there_is_one_hold_from_its_earliest_day(
    parts_once: Parts, quiet: None, tells: str
) -> None:
    scene = Scene(parts_once, on=False)
    start = scene.world.now
    for tell in TELLS[tells]:
        tell(scene)
        scene.passes(60)
    assert standing_of(scene, POINT) == [ComplaintStanding.OPEN]
    with scene.database.transaction() as tx:
        (hold,) = tx.guards.holds()
    assert hold.complaint is not None
    earliest = start - 2 * DAY if "earlier" in tells else start
    assert abs(hold.complaint.lodged - earliest) < timedelta(minutes=2)
    assert of_the_hub(scene).state is OrderState.REJECTED


def test_given_the_same_source_that_tells_again_then_it_is_another_complaint(parts_once: Parts, quiet: None) -> None:
    scene = Scene(parts_once, on=False)
    for tell in (hub_complains, hub_complains, sid_complains):
        tell(scene)
        scene.passes(60)
    assert standing_of(scene, POINT) == [ComplaintStanding.OPEN] * 2


def test_given_a_complaint_of_the_hub_that_was_decided_then_one_of_sid_is_another(
    parts_once: Parts, quiet: None
) -> None:
    scene = Scene(parts_once, on=False)
    hub_complains(scene)
    scene.until_state(OrderState.DONE)
    with scene.database.transaction() as tx:
        (hold,) = tx.guards.holds()
    decided(scene, hold.key, Decision.REJECTED)
    sid_complains(scene)
    scene.passes(60)
    assert standing_of(scene, POINT) == [ComplaintStanding.REJECTED, ComplaintStanding.OPEN]
    assert of_the_hub(scene).state is OrderState.REJECTED


# --- a command that was sent before the complaint was entered


def complains_after_the_command(scene: Scene) -> Order:
    """The command is under way when a person enters the complaint; the order is how it was then."""
    scene.reports = False
    scene.disconnect(disconnection_kind=DEBT)
    scene.works()
    sent = scene.order()
    assert sent.state in COMMAND_IN_FLIGHT
    with scene.database.transaction() as tx:
        complaint_actions.lodge(tx, POINT, None, act(scene), LAW)
    return sent


def test_given_a_command_that_waits_at_the_head_end_when_a_complaint_is_entered_then_it_is_recalled_and_supply_stays(
    parts_once: Parts, quiet: None
) -> None:
    scene = Scene(parts_once)
    scene.head_end.at_once = False  # it waits there, as for a meter that can not be reached
    sent = complains_after_the_command(scene)
    scene.until(lambda: scene.order().state in FINAL_STATES)
    order = scene.order()
    assert (order.key, order.state, scene.meter.on) == (sent.key, OrderState.WITHDRAWN, True)
    assert order.recalled_at is not None
    assert "recalled: the metering point is protected from disconnection" in scene.texts()


def test_given_a_meter_that_switched_all_the_same_when_a_complaint_is_entered_then_the_truth_is_told(
    parts_once: Parts, quiet: None
) -> None:
    scene = Scene(parts_once)
    complains_after_the_command(scene)
    assert not scene.meter.on
    scene.until(lambda: scene.order().state in FINAL_STATES)
    assert scene.order().state is OrderState.DONE
