"""What an order's state promises, on real parts: done means that the contactor was read, and nothing happens twice."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from csire_bridge.config.resources import folder
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.identifiers import MessageId, ProcessInstanceId
from csire_bridge.domain.message.message import Channel, MessageState, RegistryUpdate
from csire_bridge.domain.order.order import Order, OrderState, Outcome, RejectionReason
from csire_bridge.domain.work import WorkStep
from csire_bridge.lab.simulators.hes.simulator import HeadEndSimulator
from csire_bridge.pipeline.batch_runner import BatchRunner
from csire_bridge.pipeline.intake.receive import Arrival, receive
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.queries.reports import message_lines, order_lines
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import sign_enveloped
from tests.support.bridge import METER, POINT, Play, play

pytestmark = pytest.mark.slow


def states_of(playing: Play) -> list[OrderState]:
    return [event.state for event in playing.history()]


def test_given_a_disconnection_then_it_is_done_at_the_meters_own_time_and_answered_once(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        playing.send("disconnect")
        order = playing.work_until_state(OrderState.DONE)
        meter = playing.scene.head_end.meter(METER)
        assert (meter.switches, meter.output_state) == (1, False)
        assert order.executed_at is not None
        assert abs(order.executed_at - meter.last_switch) <= timedelta(milliseconds=10), "DLMS tells hundredths"
        playing.work_until(lambda: playing.answers() == ["8.1.1.11"])
        assert len(list((tmp_path / "acknowledgements").iterdir())) == 1


def test_given_a_connection_then_the_supply_is_on_before_it_is_called_done(tmp_path: Path) -> None:
    with play(tmp_path, connected=False) as playing:
        playing.send("reconnect")
        order = playing.work_until_state(OrderState.DONE)
        assert order.outcome is Outcome.CONNECTED
        assert playing.scene.head_end.meter(METER).output_state is True


def test_given_a_silent_head_end_then_the_contactor_is_asked_and_the_time_is_that_of_verification(
    tmp_path: Path,
) -> None:
    with play(tmp_path, response=0.2) as playing:
        playing.scene.head_end.faults.silent.add(METER)
        playing.send("disconnect")
        order = playing.work_until_state(OrderState.DONE)
        assert order.executed_at == order.verified_at
        assert playing.scene.head_end.meter(METER).switches == 1


def test_given_an_event_that_lies_then_the_order_is_not_done(tmp_path: Path) -> None:
    with play(tmp_path, lifetime=0.5, response=0.1) as playing:
        playing.scene.head_end.meter(METER).stuck = True
        playing.send("disconnect")
        order = playing.work_until_state(OrderState.FIELD_WORK)
        assert (order.executed_at, order.attempts) == (None, 3)
        assert playing.scene.head_end.meter(METER).output_state is True
        assert OrderState.DONE not in states_of(playing)
        assert "8.1.1.11" not in playing.answers()


def test_given_an_arming_meter_then_armed_is_not_done_until_the_customer_pressed_the_button(tmp_path: Path) -> None:
    with play(tmp_path, mode=1, connected=False, response=0.1) as playing:
        playing.send("reconnect")
        order = playing.work_until_state(OrderState.ARMED)
        assert (order.outcome, order.executed_at, playing.answers()) == (Outcome.ARMED, None, [])
        playing.scene.head_end.meter(METER).press_button()
        order = playing.work_until_state(OrderState.DONE)
        assert order.outcome is Outcome.CONNECTED


def test_given_an_unreachable_meter_when_it_comes_back_then_a_second_command_is_given_and_it_is_done(
    tmp_path: Path,
) -> None:
    with play(tmp_path, response=0.1, lifetime=0.3) as playing:
        playing.scene.head_end.faults.unreachable.add(METER)
        playing.send("disconnect")
        playing.work_until(lambda: OrderState.UNKNOWN in states_of(playing))
        playing.scene.head_end.faults.unreachable.clear()
        order = playing.work_until_state(OrderState.DONE)
        assert order.attempts == 2
        assert playing.scene.head_end.meter(METER).switches == 1


def test_given_a_meter_that_never_obeys_when_field_work_is_switched_off_then_the_hub_hears_cannot(
    tmp_path: Path,
) -> None:
    with play(tmp_path, response=0.1, lifetime=0.3, execution={"field_work": "never"}) as playing:
        playing.scene.head_end.meter(METER).stuck = True
        playing.send("disconnect")
        order = playing.work_until_state(OrderState.REJECTED)
        assert (order.attempts, order.cannot_reason) == (3, RejectionReason.NOT_POSSIBLE)
        playing.work_until(lambda: playing.answers() == ["8.1.1.7"])
        assert playing.scene.head_end.meter(METER).switches == 0


def test_given_work_that_stopped_during_the_command_then_the_state_is_asked_and_nothing_is_sent_again(
    tmp_path: Path,
) -> None:
    with play(tmp_path, response=0.5) as playing:
        raw = playing.message("disconnect", POINT, MessageId.new())
        bridge = playing.scene.bridge
        items = receive(bridge.database, Channel.REPLAY, [Arrival("test", raw)], bridge.clock)
        BatchRunner(bridge.database, bridge.clock).run(bridge.intake, items)
        order = playing.order()
        with bridge.database.transaction() as tx:  # what the executor commits before it calls; then the power goes
            now = bridge.clock()
            tx.orders.move(
                order,
                OrderState.SUBMITTING,
                now,
                "as if",
                meter=METER,
                correlation_id="00000000-0000-4000-8000-000000000001",
                attempts=1,
                submitted_at=now,
                expires_at=now + timedelta(seconds=60),
            )
        playing.scene.head_end.meter(METER).remote_disconnect()  # the command had arrived all the same
        order = playing.work_until_state(OrderState.DONE)
        assert states_of(playing).count(OrderState.SUBMITTING) == 1
        assert OrderState.UNKNOWN in states_of(playing)
        assert playing.scene.head_end.meter(METER).switches == 1
        assert order.attempts == 1


def test_given_a_head_end_that_is_down_then_the_order_waits_and_is_carried_out_when_it_is_back(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        bridge, simulator = playing.scene.bridge, playing.scene.head_end
        simulator.stop()
        playing.send("disconnect")
        order = playing.order()
        assert (order.state, order.attempts) == (OrderState.REGISTERED, 0)
        assert any("can't be reached" in event.text for event in playing.history())
        with bridge.database.transaction() as tx:
            assert tx.work.lease([WorkStep.EXECUTE], system_clock(), bridge.worker.lease(), 10) == []
        port = urlsplit(simulator.url).port
        assert port is not None
        back = HeadEndSimulator([METER], port=port).start()
        try:
            playing.work_until_state(OrderState.DONE)
            assert back.meter(METER).switches == 1
        finally:
            back.stop()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"has_contactor": False}, RejectionReason.NOT_POSSIBLE),
        ({"has_contactor": None}, RejectionReason.NOT_POSSIBLE),
        ({"meter": None}, RejectionReason.NOT_POSSIBLE),
    ],
)
def test_given_an_interlock_then_no_command_is_given(
    tmp_path: Path, changes: dict[str, object], reason: RejectionReason
) -> None:
    with play(tmp_path) as playing:
        with playing.scene.bridge.database.transaction() as tx:
            point = tx.points.get(POINT)
            assert point is not None
            tx.points.put(replace(point, **changes))  # type: ignore[arg-type]
        playing.send("disconnect")
        order = playing.work_until_state(OrderState.REJECTED)
        assert (order.cannot_reason, order.attempts) == (reason, 0)
        assert playing.scene.head_end.meter(METER).switches == 0


def test_given_the_same_bytes_twice_then_one_order_and_the_stored_receipt_again(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        raw = playing.message("disconnect", POINT, MessageId.new())
        playing.take_in(raw, raw)
        playing.take_in(raw)
        playing.work_until_state(OrderState.DONE)
        with playing.scene.bridge.database.reading() as connection:
            lines = message_lines(connection)
            receipts = {row[0] for row in connection.exec_driver_sql("select receipt from messages")}
        assert [line.state for line in lines] == [
            MessageState.ACCEPTED,
            MessageState.DUPLICATE,
            MessageState.DUPLICATE,
        ]
        assert len(receipts) == 1
        assert playing.scene.head_end.meter(METER).switches == 1


def test_given_a_used_id_with_other_content_then_it_is_refused_and_said_aloud(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with play(tmp_path) as playing, caplog.at_level(logging.ERROR):
        used = playing.send("disconnect")
        playing.send("reconnect", message_id=used)
        with playing.scene.bridge.database.reading() as connection:
            last = message_lines(connection)[-1]
        assert (last.state, last.code) == (MessageState.REFUSED, "rule.id-reused")
        assert any(str(used) in record.getMessage() for record in caplog.records)


def test_given_a_forged_message_then_its_id_is_not_burnt(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        chosen = MessageId.new()
        good = playing.message("disconnect", POINT, chosen)
        playing.take_in(good.replace(POINT.encode(), b"590015710563817868"))
        playing.take_in(good)
        with playing.scene.bridge.database.reading() as connection:
            lines = message_lines(connection)
        assert [line.state for line in lines] == [MessageState.REFUSED, MessageState.ACCEPTED]
        assert lines[0].code == "trust.bad-signature"


def test_given_a_bad_message_in_a_batch_then_the_others_are_not_disturbed(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        good = playing.message("disconnect", POINT, MessageId.new())
        playing.take_in(b"", b"<!DOCTYPE x>", b"\x00" * 100, good, b"<a/>")
        playing.work_until_state(OrderState.DONE)
        with playing.scene.bridge.database.reading() as connection:
            states = [line.state for line in message_lines(connection)]
            raws = [row[0] for row in connection.exec_driver_sql("select raw from messages order by key")]
        assert states.count(MessageState.REFUSED) == 4
        assert raws[3] == good


def test_given_an_answer_that_was_written_before_a_crash_then_no_second_one_is_made(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        playing.send("disconnect")
        playing.work_until(lambda: playing.answers() == ["8.1.1.11"])
        bridge, order = playing.scene.bridge, playing.order()
        files = {f: f.read_bytes() for f in (tmp_path / "acknowledgements").iterdir()}
        with bridge.database.transaction() as tx:  # the same work again, as after a lost commit of its end
            tx.work.add(WorkStep.ACKNOWLEDGE, [order.key], system_clock())
        while bridge.worker.turn():
            pass
        assert {f: f.read_bytes() for f in (tmp_path / "acknowledgements").iterdir()} == files
        with bridge.database.reading() as connection:
            assert connection.exec_driver_sql("select count(*) from outbox").scalar() == 1


def test_given_a_newer_connection_then_a_waiting_disconnection_is_superseded_and_answered(tmp_path: Path) -> None:
    with play(tmp_path, connected=True) as playing:
        off = playing.message("disconnect", POINT, MessageId.new())
        on = playing.message("reconnect", POINT, MessageId.new())
        playing.take_in(off, on)
        playing.work_until(lambda: sorted(playing.answers()) == ["8.1.1.7", "8.2.1.11"])
        with playing.scene.bridge.database.reading() as connection:
            states = {line.number: line.state for line in order_lines(connection)}
        assert states == {"8.1.1.5": OrderState.SUPERSEDED, "8.2.1.6": OrderState.DONE}
        assert playing.scene.head_end.meter(METER).output_state is True
        assert playing.scene.head_end.meter(METER).switches == 0


def test_given_characteristics_that_hold_later_then_the_point_stays_protected_until_then(tmp_path: Path) -> None:
    now = system_clock()
    told = RegistryUpdate(
        process_instance=ProcessInstanceId.new(),
        metering_point=POINT,
        effective_date=(now + timedelta(days=3)).astimezone(WARSAW).date(),
        can_be_suspended=True,
    )
    with play(tmp_path) as playing, playing.scene.bridge.database.transaction() as tx:
        protected = replace(
            told, effective_date=now.astimezone(WARSAW).date() - timedelta(days=1), can_be_suspended=False
        )
        tx.points.record_notice(protected, now)
        tx.points.record_notice(told, now)
        assert tx.points.of([POINT], now)[POINT].can_be_suspended is False
        assert tx.points.of([POINT], now + timedelta(days=2))[POINT].can_be_suspended is False
        assert tx.points.of([POINT], now + timedelta(days=4))[POINT].can_be_suspended is True


def end_process(playing: Play, order: Order) -> None:
    """The hub ends the order's process by force (S/CK0986)."""
    root = parse((folder("samples") / "good" / "S-process-ended.xml").read_bytes())
    changes = {
        "MessageId": MessageId.new(),
        "MessageTimestamp": system_clock().isoformat(timespec="milliseconds"),
        "ProcessInstanceId": order.process_instance,
    }
    for name, text in changes.items():
        for element in root.iter(f"{{*}}{name}"):
            element.text = str(text)
    playing.take_in(sign_enveloped(root, playing.scene.pki.hub.signing))


def test_given_a_process_ended_by_force_then_a_command_under_way_is_cancelled_and_answered(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        playing.scene.head_end.delay = 3600.0
        playing.send("disconnect")
        order = playing.work_until_state(OrderState.SUBMITTED)
        end_process(playing, order)
        playing.work_until_state(OrderState.WITHDRAWN)
        playing.work_until(lambda: playing.answers() == ["8.1.1.7"])
        assert playing.scene.head_end.meter(METER).switches == 0


def test_given_a_process_ended_too_late_then_what_happened_is_told_as_it_happened(tmp_path: Path) -> None:
    with play(tmp_path, response=60) as playing:
        playing.scene.head_end.faults.silent.add(METER)
        playing.send("disconnect")
        order = playing.work_until_state(OrderState.SUBMITTED)
        playing.work_until(lambda: playing.scene.head_end.meter(METER).switches == 1)
        end_process(playing, order)
        playing.work_until_state(OrderState.DONE)
        playing.work_until(lambda: playing.answers() == ["8.1.1.11"])
