"""What people do by hand, on a real bridge with a real head-end system and real meters."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, update

from csire_bridge.channels.hub.folder_delivery import FolderChannel
from csire_bridge.domain.errors import ActionRefused, PartnerRefused
from csire_bridge.domain.identifiers import MessageId, MessageNumber, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.meter.contactor import ContactorReading, ControlState
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import Order, OrderKind, OrderState, Outcome, RejectionReason, WaitsFor
from csire_bridge.domain.order.outcome.site_reports import SiteReport
from csire_bridge.domain.order.steps import OrderStep, StepKind, StepState
from csire_bridge.domain.work import Lease, ParkedWork, WorkStep
from csire_bridge.pipeline.operator import complaint_actions, guard_actions
from csire_bridge.pipeline.operator.orders import order_actions, release_work
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.wiring.head_end_reader import head_end_reader
from csire_bridge.store.queries.dossiers.order_dossier import order_file
from csire_bridge.store.tables import message_events, orders
from tests.support.bridge import METER, POINT, Play, play
from tests.support.defaults import LAW

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)
failing = partial(play, lifetime=0.4)
"""A bridge whose commands end soon, because a failed one is waited out."""


def act(by: str = "Anna Nowak", why: str = "crew 4 called") -> OperatorAction:
    return OperatorAction(by, system_clock(), why)


def given_up(playing: Play, kind: str = "disconnect") -> Order:
    """An order that the remote way has failed for."""
    playing.scene.head_end.meter(METER).stuck = True
    playing.send(kind)
    return playing.work_until_state(OrderState.FIELD_WORK, OrderState.PARKED)


def on_site(playing: Play, *, connect: bool = False) -> datetime:
    """People switch the meter by hand."""
    meter = playing.scene.head_end.meter(METER)
    meter.stuck = False
    if connect:
        meter.remote_reconnect()
    else:
        meter.remote_disconnect()
    return system_clock()


def looked(playing: Play) -> order_actions.ObservedOrder:
    bridge = playing.scene.bridge
    with head_end_reader(bridge.settings) as head_end:
        return order_actions.look(bridge.database, head_end, playing.order().key, system_clock)


def report(
    playing: Play, at: datetime, *, unread: bool = False, seen: order_actions.ObservedOrder | None = None
) -> Order:
    seen = seen or looked(playing)
    with playing.scene.bridge.database.transaction() as tx:
        return order_actions.report_executed(tx, seen, act(), SiteReport(at, "Piotr", unread))


def last_line(playing: Play) -> str:
    return playing.history()[-1].text


# --- reports


def test_given_field_work_that_was_done_when_reported_then_the_hub_hears_the_reported_moment(tmp_path: Path) -> None:
    with failing(tmp_path) as playing:
        given_up(playing)
        at = on_site(playing)
        order = report(playing, at)
        assert (order.state, order.outcome, order.executed_at) == (OrderState.DONE, Outcome.DISCONNECTED, at)
        assert order.verified_at is not None
        assert "seen by Piotr; contactor read: supply off; reported by Anna Nowak: crew 4 called" in last_line(playing)
        playing.work_until(lambda: playing.answers() == ["8.1.1.11"])
        (answer,) = (tmp_path / "acknowledgements").iterdir()
        assert at.isoformat()[14:23] in answer.read_text("utf-8")


def test_given_a_reading_that_contradicts_when_done_is_reported_then_it_is_refused_whatever_is_said(
    tmp_path: Path,
) -> None:
    with failing(tmp_path) as playing:
        order = given_up(playing)
        for unread in (False, True):
            with pytest.raises(ActionRefused, match="the supply is on"):
                report(playing, system_clock(), unread=unread)
        assert playing.order() == order
        assert playing.answers() == []


def test_given_a_meter_that_cannot_be_read_when_done_is_reported_then_it_counts_only_if_said_so(
    tmp_path: Path,
) -> None:
    with failing(tmp_path) as playing:
        given_up(playing)
        at = on_site(playing)
        playing.scene.head_end.faults.unreachable.add(METER)
        with pytest.raises(ActionRefused, match="was not read"):
            report(playing, at)
        order = report(playing, at, unread=True)
        assert (order.state, order.executed_at) == (OrderState.DONE, at)
        assert "CONTACTOR NOT READ" in last_line(playing)
        assert "CONTACTOR NOT READ" in str(order.detail)


def test_given_no_head_end_system_when_done_is_reported_then_it_needs_the_words_too(tmp_path: Path) -> None:
    with failing(tmp_path) as playing:
        key = given_up(playing).key
        seen = order_actions.look(playing.scene.bridge.database, None, key, system_clock)
        with pytest.raises(ActionRefused, match="no head-end system is set up"):
            report(playing, system_clock(), seen=seen)
        assert report(playing, system_clock(), seen=seen, unread=True).state is OrderState.DONE


def test_given_a_reading_older_than_the_deed_when_done_is_reported_then_it_proves_nothing(tmp_path: Path) -> None:
    with failing(tmp_path) as playing:
        order = given_up(playing)
        old = ContactorReading(MeterNumber(METER), False, ControlState.DISCONNECTED, system_clock() - HOUR)
        with pytest.raises(ActionRefused, match="last reading is of"):
            report(playing, system_clock(), seen=order_actions.ObservedOrder(order, old))


@pytest.mark.parametrize(("hours", "wrong"), [(-48, "was registered"), (1, "lies in the future")])
def test_given_a_moment_that_cannot_be_when_done_is_reported_then_it_is_refused(
    tmp_path: Path, hours: int, wrong: str
) -> None:
    with failing(tmp_path) as playing:
        given_up(playing)
        on_site(playing)
        with pytest.raises(ActionRefused, match=wrong):
            report(playing, system_clock() + hours * HOUR)
        assert playing.order().state is OrderState.FIELD_WORK


def test_given_a_connection_when_reported_done_then_the_supply_must_be_on(tmp_path: Path) -> None:
    with failing(tmp_path, connected=False) as playing:
        given_up(playing, "reconnect")
        with pytest.raises(ActionRefused, match="the supply is off"):
            report(playing, system_clock())
        assert report(playing, on_site(playing, connect=True)).outcome is Outcome.CONNECTED
        with playing.scene.bridge.database.transaction() as tx:
            point = tx.points.get(POINT)
        assert point is not None
        assert point.connected is True


def test_given_a_disconnection_whose_command_may_still_arrive_when_the_connection_is_reported_then_it_is_refused(
    tmp_path: Path,
) -> None:
    with failing(tmp_path, connected=False) as playing:
        order = given_up(playing, "reconnect")
        at = on_site(playing, connect=True)
        playing.send("disconnect", message_id=MessageId.new())
        key = playing.order().key
        with playing.scene.bridge.database.transaction() as tx:
            late = tx.orders.get(key)
            facts = {"meter": METER, "may_run_until": system_clock() + timedelta(minutes=1)}
            tx.connection.execute(update(orders).where(orders.c.key == late.key).values(facts))
            seen = order_actions.ObservedOrder(
                order, ContactorReading(METER, True, ControlState.CONNECTED, system_clock())
            )
            site = SiteReport(at, "crew 4")
            with pytest.raises(ActionRefused, match=f"order {late.key} .disconnect. may still reach"):
                order_actions.report_executed(tx, seen, act(), site)


def test_given_an_order_that_changed_while_its_contactor_was_read_then_nothing_is_written(tmp_path: Path) -> None:
    with failing(tmp_path) as playing:
        order = given_up(playing)
        at = on_site(playing)
        seen = looked(playing)
        report(playing, at)
        with pytest.raises(ActionRefused, match="changed while"):
            report(playing, at, seen=replace(seen, order=order))


def test_given_field_work_that_failed_when_reported_then_the_hub_hears_cannot_with_the_words(tmp_path: Path) -> None:
    with failing(tmp_path) as playing:
        given_up(playing)
        seen = looked(playing)
        with playing.scene.bridge.database.transaction() as tx:
            order = order_actions.report_not_done(
                tx, seen, act(), RejectionReason.NOT_POSSIBLE, "no access to the meter"
            )
        assert (order.state, order.cannot_reason) == (OrderState.REJECTED, RejectionReason.NOT_POSSIBLE)
        playing.work_until(lambda: playing.answers() == ["8.1.1.7"])
        (answer,) = (tmp_path / "acknowledgements").iterdir()
        text = answer.read_text("utf-8")
        assert "no access to the meter" in text
        assert "Anna" not in text


# --- withdrawal


def test_given_a_parked_order_when_withdrawn_then_the_hub_hears_cannot_and_no_name(tmp_path: Path) -> None:
    with failing(tmp_path) as playing:
        given_up(playing)
        seen = looked(playing)
        with playing.scene.bridge.database.transaction() as tx:
            order_actions.withdraw(tx, seen, act())
        playing.work_until(lambda: playing.answers() == ["8.1.1.7"])
        (answer,) = (tmp_path / "acknowledgements").iterdir()
        assert "the operator withdrew the order" in answer.read_text("utf-8")
        assert "Anna" not in answer.read_text("utf-8")
        assert playing.order().state is OrderState.WITHDRAWN
        assert any("withdrawn by Anna Nowak: crew 4 called" in event.text for event in playing.history())


def test_given_a_supply_that_is_off_when_the_disconnection_is_withdrawn_then_it_is_refused(tmp_path: Path) -> None:
    with failing(tmp_path) as playing:
        given_up(playing)
        on_site(playing)
        seen = looked(playing)
        with (
            pytest.raises(ActionRefused, match="can't end without effect"),
            playing.scene.bridge.database.transaction() as tx,
        ):
            order_actions.withdraw(tx, seen, act(), unread=True)


# --- again, and people on site


def test_given_an_order_that_was_given_up_when_retried_then_it_is_carried_out_with_tries_counted_anew(
    tmp_path: Path,
) -> None:
    with play(tmp_path, lifetime=1) as playing:
        order = given_up(playing)
        assert order.attempts == 3
        playing.scene.head_end.meter(METER).stuck = False
        with playing.scene.bridge.database.transaction() as tx:
            order_actions.retry(tx, [order], act(why="meter mended"))
        order = playing.work_until_state(OrderState.DONE)
        assert (order.attempts, order.detail) == (1, None)
        assert any("taken back to the queue by Anna Nowak: meter mended" in e.text for e in playing.history())
        playing.work_until(lambda: playing.answers() == ["8.1.1.11"])


def test_given_a_retried_disconnection_at_a_protected_point_then_the_gates_are_passed_anew(tmp_path: Path) -> None:
    with failing(tmp_path) as playing:
        order = given_up(playing)
        playing.scene.head_end.meter(METER).stuck = False
        with playing.scene.bridge.database.transaction() as tx:
            complaint_actions.lodge(tx, POINT, None, act(), LAW)
            order_actions.retry(tx, [order], act())
        playing.work_until_state(OrderState.REJECTED)
        assert playing.scene.head_end.meter(METER).output_state is True


@pytest.mark.parametrize("newer", [None, 99], ids=["ended by the hub", "superseded"])
def test_given_a_recalled_order_when_retried_or_sent_out_then_it_is_refused(tmp_path: Path, newer: int | None) -> None:
    with failing(tmp_path) as playing:
        key = given_up(playing).key
        with playing.scene.bridge.database.transaction() as tx:
            tx.orders.recall(key, system_clock(), superseded_by=newer)
            tx.orders.move(tx.orders.get(key), OrderState.PARKED, system_clock(), "a person looks")
        with playing.scene.bridge.database.transaction() as tx:
            for do in (
                lambda: order_actions.retry(tx, [tx.orders.get(key)], act()),
                lambda: order_actions.send_to_field(tx, key, act(), LAW),
            ):
                with pytest.raises(ActionRefused, match="must not be given again"):
                    do()


def test_given_a_refused_and_cancelled_command_when_given_again_then_its_meter_counts_as_busy(tmp_path: Path) -> None:
    with play(tmp_path, delay=(30, 30)) as playing:
        playing.send("disconnect")
        order = playing.work_until_state(OrderState.SUBMITTED)
        with playing.scene.bridge.database.transaction() as tx:
            tx.orders.cancelled([order.key], system_clock())
            tx.orders.move(tx.orders.get(order.key), OrderState.REGISTERED, system_clock(), "it is tried again")
            tx.work.wake(WorkStep.EXECUTE, [order.key], system_clock())
        order = playing.work_until_state(OrderState.SUBMITTED)
        assert (order.attempts, order.cancelled_at) == (2, None)
        with playing.scene.bridge.database.transaction() as tx:
            (neighbour,) = tx.neighbours.at_meters([MeterNumber(METER)], system_clock() + HOUR, system_clock() + HOUR)
        assert neighbour.open


def test_given_a_parked_order_when_people_are_sent_then_protection_hold_and_stop_switch_stand_against_it(
    tmp_path: Path,
) -> None:
    with failing(tmp_path) as playing:
        order, database = given_up(playing), playing.scene.bridge.database
        with database.transaction() as tx:
            tx.orders.move(order, OrderState.PARKED, system_clock(), "a person looks")
            hold = guard_actions.set_hold(tx, POINT, HoldKind.PROTECTION, None, act())
        with pytest.raises(ActionRefused, match="protected from disconnection"), database.transaction() as tx:
            order_actions.send_to_field(tx, order.key, act(), LAW)
        with database.transaction() as tx:
            guard_actions.release_hold(tx, hold, act("Jan"))
            guard_actions.throw_stop(tx, StopScope.DISCONNECTIONS, act())
        with pytest.raises(ActionRefused, match="stop switch"), database.transaction() as tx:
            order_actions.send_to_field(tx, order.key, act(), LAW)
        with database.transaction() as tx:
            assert guard_actions.lift_stop(tx, act("Jan")) == 1
            assert order_actions.send_to_field(tx, order.key, act(), LAW).state is OrderState.FIELD_WORK


# --- orders of several steps


def agreement(playing: Play, *steps: tuple[StepKind, StepState]) -> int:
    """A parked agreement with these steps."""
    order = Order(
        key=0,
        kind=OrderKind.AGREEMENT_START,
        state=OrderState.PARKED,
        metering_point=POINT,
        process_instance=ProcessInstanceId.new(),
        source_message=MessageId.new(),
        source_number=MessageNumber("1.1.1.6"),
        registered_at=system_clock() - HOUR,
        not_before=system_clock() - HOUR,
        version=1,
    )
    with playing.scene.bridge.database.transaction() as tx:
        (key,) = tx.orders.add([order], system_clock())
        tx.steps.add(
            [
                OrderStep(key=0, order=key, position=position, kind=kind, state=state, not_before=order.not_before)
                for position, (kind, state) in enumerate(steps, 1)
            ]
        )
    return key


def steps_of(playing: Play, key: int) -> list[StepState]:
    with playing.scene.bridge.database.transaction() as tx:
        return [step.state for step in tx.steps.of([key])[key]]


def test_given_an_agreement_whose_step_failed_when_retried_then_that_step_waits_again_and_others_stay(
    tmp_path: Path,
) -> None:
    with play(tmp_path) as playing:
        key = agreement(playing, (StepKind.READ, StepState.DONE), (StepKind.CONNECT, StepState.FAILED))
        with playing.scene.bridge.database.transaction() as tx:
            order_actions.retry(tx, [tx.orders.get(key)], act())
        assert steps_of(playing, key) == [StepState.DONE, StepState.WAITING]
        lease = Lease.starting("test", system_clock(), HOUR)
        with playing.scene.bridge.database.transaction() as tx:
            (item,) = tx.work.lease([WorkStep.PERFORM], system_clock(), lease, 9)
        assert item.subject == key


def test_given_an_agreement_when_reported_done_then_no_movement_of_the_contactor_may_be_left(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        moves = agreement(playing, (StepKind.READ, StepState.DONE), (StepKind.CONNECT, StepState.WAITING))
        with pytest.raises(ActionRefused, match="its step connect"):
            report(playing, system_clock())
        assert steps_of(playing, moves) == [StepState.DONE, StepState.WAITING]
        reads = agreement(playing, (StepKind.READ, StepState.WAITING))
        order = report(playing, system_clock())
        assert (order.key, order.state, order.outcome) == (reads, OrderState.DONE, None)
        assert steps_of(playing, reads) == [StepState.SKIPPED]
        assert "no contactor is concerned" in last_line(playing)


# --- guards


def test_given_a_released_hold_then_who_waited_goes_on_at_once_and_its_file_names_the_person(tmp_path: Path) -> None:
    with play(tmp_path, connected=False) as playing:
        database = playing.scene.bridge.database
        with database.transaction() as tx:
            key = guard_actions.set_hold(tx, POINT, HoldKind.EMERGENCY, None, act(why="fire"))
        playing.send("reconnect")
        assert playing.order().waits_for is WaitsFor.HOLD
        with database.transaction() as tx:
            _, waited = guard_actions.release_hold(tx, key, act("Jan", "fire is out"))
        assert [order.key for order in waited] == [playing.order().key]
        order = playing.work_until_state(OrderState.DONE)
        assert any("emergency hold" in e.text and "Jan: fire is out" in e.text for e in playing.history())
        with database.reading() as connection:
            file = order_file(connection, order.key)
        assert file is not None
        assert [(h["by"], h["released_by"], h["released_why"]) for h in file["holds"]] == [
            ("Anna Nowak", "Jan", "fire is out")
        ]
        with pytest.raises(ActionRefused, match="released before"), database.transaction() as tx:
            guard_actions.release_hold(tx, key, act())


def test_given_the_cap_when_one_person_asks_and_another_approves_then_who_waited_goes_on(tmp_path: Path) -> None:
    with play(tmp_path, execution={"disconnections_per_hour": 0}) as playing:
        database = playing.scene.bridge.database
        playing.send("disconnect")
        assert playing.order().waits_for is WaitsFor.CAP
        with database.transaction() as tx:
            key = guard_actions.ask(tx, 1, act())
        for by, wrong in (("anna nowak ", "somebody else"), ("Jan", None), ("Eva", "approved before")):
            if wrong:
                with pytest.raises(ActionRefused, match=wrong), database.transaction() as tx:
                    guard_actions.approve(tx, key, act(by), HOUR)
            else:
                with database.transaction() as tx:
                    assert guard_actions.approve(tx, key, act(by), HOUR).approved_by == "Jan"
        order = playing.work_until_state(OrderState.DONE)
        with database.reading() as connection:
            file = order_file(connection, order.key)
        assert file is not None
        assert [(a["asked_by"], a["approved_by"]) for a in file["allowances"]] == [("Anna Nowak", "Jan")]


# --- parked work


def parked(playing: Play) -> list[ParkedWork]:
    with playing.scene.bridge.database.transaction() as tx:
        return tx.work.parked()


def test_given_an_answer_that_was_refused_when_released_then_the_same_bytes_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with play(tmp_path) as playing, monkeypatch.context() as closed:
        database = playing.scene.bridge.database

        def refuses(*_: object) -> None:
            raise PartnerRefused("MHB.MHD.003", "no right")

        closed.setattr(FolderChannel, "deliver", refuses)
        playing.send("disconnect")
        playing.work_until(lambda: parked(playing) != [])
        closed.undo()
        (piece,) = parked(playing)
        with database.transaction() as tx:
            document = tx.outbox.get(piece.subject)
            assert document.state is DocumentState.PARKED
            release_work.release(tx, [piece], act(why="the hub gave us the right"))
        playing.work_until(lambda: parked(playing) == [] and (tmp_path / "acknowledgements").is_dir())
        assert next((tmp_path / "acknowledgements").iterdir()).read_bytes() == document.document
        with database.transaction() as tx:
            assert tx.outbox.get(document.key).state is DocumentState.DELIVERED


def test_given_a_broken_message_when_its_work_is_released_then_its_history_names_the_person(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        database = playing.scene.bridge.database
        playing.send("disconnect")
        with database.transaction() as tx:
            (item,) = tx.work.add(WorkStep.INTAKE, [1], system_clock())
            tx.work.park(item, "broken")
        (piece,) = parked(playing)
        assert (piece.step, piece.last_error) == (WorkStep.INTAKE, "broken")
        with database.transaction() as tx:
            release_work.release(tx, [piece], act(why="mended"))
        with closing(database), database.reading() as connection:
            texts = connection.execute(select(message_events.c.text)).scalars().all()
        assert "parked work goes on by Anna Nowak: mended" in texts
