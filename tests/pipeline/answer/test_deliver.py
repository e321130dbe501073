"""Delivery: the same bytes at each try, patience with a hub that is away, and what it refuses waits for a person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from csire_bridge.domain.errors import BridgeError, OutcomeUnknown, PartnerRefused, PartnerUnreachable
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.message.documents import Delivery, OutgoingDocument
from csire_bridge.domain.message.results import HubResult
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.operator.orders import danger_actions, release_work
from tests.support.model.scene import POINTS, Scene


class Hub:
    """Answers each try with what it was told; then everything arrives. All that came is kept."""

    def __init__(self, *answers: BridgeError) -> None:
        self.answers, self.came = list(answers), list[bytes]()

    def deliver(self, document: OutgoingDocument) -> Delivery:
        self.came.append(document.document)
        if self.answers:
            raise self.answers.pop(0)
        return Delivery("the hub")


def states(scene: Scene) -> list[str]:
    with scene.database.reading() as connection:
        return [str(row[0]) for row in connection.exec_driver_sql("select state from outbox order by key")]


def done(scene: Scene, hub: Hub, points: int = 1) -> None:
    scene.bridge.mailbox.deliver = hub.deliver  # type: ignore[method-assign]
    for point in POINTS[:points]:
        scene.disconnect(point)
    scene.works()


def unreachable(wait: timedelta | None = None) -> PartnerUnreachable:
    error = PartnerUnreachable("the hub is away")
    error.wait = wait
    return error


def test_given_a_hub_that_takes_it_then_it_went_once(scene: Scene) -> None:
    hub = Hub()
    done(scene, hub)
    assert (states(scene), len(hub.came)) == (["delivered"], 1)


@pytest.mark.parametrize("error", [unreachable(), OutcomeUnknown("no answer")])
def test_given_a_try_that_failed_then_the_same_bytes_go_again(scene: Scene, error: BridgeError) -> None:
    hub = Hub(error)
    done(scene, hub)
    assert states(scene) == ["pending"]
    scene.until(lambda: states(scene) == ["delivered"])
    assert hub.came == [hub.came[0]] * 2


def test_given_a_hub_that_names_a_time_then_it_is_left_alone_until_then(scene: Scene) -> None:
    hub = Hub(unreachable(timedelta(hours=2)))
    done(scene, hub)
    scene.passes(3600)
    assert len(hub.came) == 1
    scene.passes(3601)
    assert states(scene) == ["delivered"]


def test_given_a_hub_that_refuses_for_good_then_a_person_looks_and_nothing_goes_again(scene: Scene) -> None:
    hub = Hub(PartnerRefused("9.9", "not yours"))
    done(scene, hub)
    scene.passes(24 * 3600)
    assert (states(scene), len(hub.came)) == (["parked"], 1)


def test_given_several_failures_in_a_row_then_the_hub_rests_and_the_others_are_not_tried(scene: Scene) -> None:
    hub = Hub(*[unreachable() for _ in range(3)])
    done(scene, hub, points=3)
    assert len(hub.came) == 3
    scene.disconnect(POINTS[0])
    scene.works()
    assert len(hub.came) == 3, "it is left alone for a moment"
    scene.until(lambda: set(states(scene)) == {"delivered"})


def test_given_a_hub_that_stays_away_for_good_then_a_person_looks_in_the_end(scene: Scene) -> None:
    hub = Hub(*[unreachable() for _ in range(2000)])
    done(scene, hub)
    for _ in range(1500):
        scene.passes(600)
        if states(scene) == ["parked"]:
            break
    assert states(scene) == ["parked"]
    assert len(set(hub.came)) == 1


def test_given_a_document_that_went_already_when_its_work_comes_up_again_then_it_does_not_go_twice(
    scene: Scene,
) -> None:
    hub = Hub()
    done(scene, hub)
    with scene.database.transaction() as tx:
        tx.work.add(WorkStep.DELIVER, [1], scene.world.now)
    scene.passes(1)
    assert len(hub.came) == 1


def test_given_a_hub_that_answers_before_the_try_ends_then_the_document_has_arrived_and_does_not_go_again(
    scene: Scene,
) -> None:
    hub = Hub(OutcomeUnknown("no answer"))
    plain = hub.deliver

    def answered(document: OutgoingDocument) -> Delivery:
        order = scene.order()
        assert order.process_instance is not None
        result = HubResult(
            message_id=MessageId.new(),
            answers=document.message_id,
            process_instance=order.process_instance,
            metering_point=order.metering_point,
            result_code="CA001",
            accepted=True,
            description=None,
            heard_at=scene.world.now,
        )
        with scene.database.transaction() as tx:
            tx.outbox.keep(result)
        return plain(document)

    hub.deliver = answered  # type: ignore[method-assign]
    done(scene, hub)
    assert (states(scene), len(hub.came)) == (["confirmed"], 1)
    scene.passes(3600)
    assert len(hub.came) == 1


@pytest.mark.parametrize("refused", [True, False])
def test_given_a_cut_of_which_the_hub_does_not_know_yet_then_its_end_is_not_told_before(
    scene: Scene, *, refused: bool
) -> None:
    hub = Hub(PartnerRefused("9.9", "not now") if refused else unreachable(timedelta(hours=2)))
    scene.bridge.mailbox.deliver = hub.deliver  # type: ignore[method-assign]
    person = OperatorAction("Anna Nowak", scene.bridge.world.bridge_clock(), "flooded cellar")
    with scene.database.transaction() as tx:
        danger_actions.cut(tx, POINTS[0], person)
    scene.works()
    with scene.database.transaction() as tx:
        danger_actions.lift(tx, POINTS[0], person)
    scene.passes(3600)
    assert (states(scene), len(hub.came)) == (["parked" if refused else "pending", "pending"], 1)
    if refused:
        with scene.database.transaction() as tx:
            [parked] = tx.work.parked()
            release_work.release(tx, [parked], person)
    scene.passes(2 * 3600)
    scene.until(lambda: states(scene) == ["delivered", "delivered"])
    assert [b"8.3.1.1" in sent for sent in hub.came] == [True, True, False]
    assert b"8.4.1.1" in hub.came[2]
