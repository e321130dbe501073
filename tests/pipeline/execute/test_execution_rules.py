"""What the executor keeps true, each rule on a real head-end system with real meters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from csire_bridge.domain.errors import HeadEndRefused, HeadEndUnreachable, OutcomeUnknown, StaleWrite
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.operations.circuit_breaker import Circuit
from csire_bridge.domain.order.order import Order, OrderState, Outcome, WaitsFor
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.domain.work import WorkStep
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store import tables
from csire_bridge.store.queries.reports import order_lines
from tests.support.bridge import METER, POINT, Play, play
from tests.support.patience import wait_until

pytestmark = pytest.mark.slow

OTHER_POINT = MeteringPointCode.parse("590015710563817868")

TOLD = timedelta(milliseconds=1)
"""The head-end system cuts its times to milliseconds, so what it tells may lie that much before what was."""


def orders(playing: Play) -> list[Order]:
    with playing.scene.bridge.database.reading() as connection:
        keys = [line.key for line in order_lines(connection)]
    with playing.scene.bridge.database.transaction() as tx:
        return [tx.orders.get(key) for key in sorted(keys)]


def states(playing: Play) -> list[OrderState]:
    return [order.state for order in orders(playing)]


def texts(playing: Play, key: int) -> str:
    with playing.scene.bridge.database.transaction() as tx:
        return "\n".join(event.text for event in tx.orders.history(key))


def until_states(playing: Play, *wanted: OrderState) -> list[Order]:
    playing.work_until(lambda: states(playing) == list(wanted))
    return orders(playing)


def commands(playing: Play, key: int) -> int:
    return texts(playing, key).count("to the meter is being given")


# --- one open command at a meter, and supersession


def test_given_a_disconnection_under_way_when_a_connection_comes_then_it_is_cancelled_and_answered_and_then_connected(
    tmp_path: Path,
) -> None:
    with play(tmp_path, delay=(30, 30)) as playing:
        playing.send("disconnect")
        until_states(playing, OrderState.SUBMITTED)
        playing.scene.head_end.delay = 0.0
        playing.send("reconnect")
        first, second = until_states(playing, OrderState.SUPERSEDED, OrderState.DONE)
        assert first.superseded_by == second.key
        assert first.cancelled_at is not None
        assert second.outcome is Outcome.CONNECTED
        assert playing.scene.head_end.meter(METER).switches == 0
        playing.work_until(lambda: sorted(playing.answers()) == ["8.1.1.7", "8.2.1.11"])


def test_given_a_disconnection_that_was_faster_than_its_recall_then_both_are_done_in_their_order(
    tmp_path: Path,
) -> None:
    with play(tmp_path, response=1, lifetime=2) as playing:
        meter = playing.scene.head_end.meter(METER)
        playing.scene.head_end.faults.silent.add(METER)
        playing.send("disconnect")
        until_states(playing, OrderState.SUBMITTED)
        wait_until(lambda: meter.switches == 1)
        playing.send("reconnect")
        first, second = until_states(playing, OrderState.DONE, OrderState.DONE)
        assert (first.outcome, second.outcome) == (Outcome.DISCONNECTED, Outcome.CONNECTED)
        assert meter.output_state is True


def test_given_a_connection_that_waits_for_its_meter_when_looked_at_then_no_second_command_is_open(
    tmp_path: Path,
) -> None:
    with play(tmp_path, delay=(30, 30)) as playing:
        playing.send("disconnect")
        until_states(playing, OrderState.SUBMITTED)
        playing.send("reconnect")
        first, second = orders(playing)
        assert (first.state, second.state, second.waits_for) == (
            OrderState.SUBMITTED,
            OrderState.REGISTERED,
            WaitsFor.METER,
        )
        assert first.recalled_at is not None


def test_given_a_connection_under_way_when_a_disconnection_comes_then_it_waits_and_never_overtakes(
    tmp_path: Path,
) -> None:
    with play(tmp_path, connected=False, delay=(30, 30)) as playing:
        playing.send("reconnect")
        until_states(playing, OrderState.SUBMITTED)
        playing.send("disconnect")
        for _ in range(20):
            playing.scene.bridge.worker.turn()
        first, second = orders(playing)
        assert (first.state, first.recalled_at) == (OrderState.SUBMITTED, None)
        assert (second.state, second.waits_for) == (OrderState.REGISTERED, WaitsFor.RECONNECTION)


def test_given_a_waiting_disconnection_when_a_connection_comes_then_it_is_superseded_at_once(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        with playing.scene.bridge.database.transaction() as tx:
            tx.guards.throw_stop(StopScope.DISCONNECTIONS, "Anna", "a drill", system_clock())
        playing.send("disconnect")
        assert orders(playing)[0].waits_for is WaitsFor.STOP
        playing.send("reconnect")
        assert states(playing)[0] is OrderState.SUPERSEDED
        until_states(playing, OrderState.SUPERSEDED, OrderState.DONE)


def test_given_an_open_command_when_a_second_one_is_written_then_the_database_refuses_it(tmp_path: Path) -> None:
    with play(tmp_path, delay=(30, 30)) as playing:
        playing.send("disconnect")
        (first,) = until_states(playing, OrderState.SUBMITTED)
        with playing.scene.bridge.database.transaction() as tx:
            tx.guards.throw_stop(StopScope.EVERYTHING, "Anna", "the second must wait", system_clock())
        playing.send("disconnect")
        second = orders(playing)[1]
        with (
            pytest.raises((StaleWrite, IntegrityError)),
            playing.scene.bridge.database.transaction() as tx,
        ):
            tx.orders.move(second, OrderState.SUBMITTING, system_clock(), "by mistake", meter=first.meter)


def test_given_two_commands_to_one_meter_then_there_is_a_pause_between_them(tmp_path: Path) -> None:
    with play(tmp_path, execution={"meter_pause_seconds": 0.6}) as playing:
        playing.send("disconnect")
        until_states(playing, OrderState.DONE)
        playing.send("reconnect")
        first, second = until_states(playing, OrderState.DONE, OrderState.DONE)
        assert first.submitted_at
        assert second.submitted_at
        assert second.submitted_at - first.submitted_at >= timedelta(seconds=0.6)


# --- an order whose process ended is never given again


def test_given_a_recalled_order_whose_command_expires_then_no_new_command_is_given(tmp_path: Path) -> None:
    with play(tmp_path, lifetime=0.4, response=0.1) as playing:
        playing.scene.head_end.meter(METER).stuck = True
        playing.scene.head_end.faults.silent.add(METER)
        playing.send("disconnect")
        (order,) = until_states(playing, OrderState.SUBMITTED)
        with playing.scene.bridge.database.transaction() as tx:
            tx.orders.recall(order.key, system_clock())
        until_states(playing, OrderState.WITHDRAWN)
        assert commands(playing, order.key) == 1


def test_given_an_order_that_is_recalled_while_its_command_is_given_then_it_is_looked_at_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with play(tmp_path, delay=(30, 30), response=60) as playing:
        bridge = playing.scene.bridge
        submit = bridge._head_end.submit

        def recalled_meanwhile(command: object) -> None:
            submit(command)  # type: ignore[arg-type]
            with bridge.database.transaction() as tx:
                tx.orders.recall(1, system_clock())

        monkeypatch.setattr(bridge._head_end, "submit", recalled_meanwhile)
        playing.send("disconnect")
        until_states(playing, OrderState.WITHDRAWN)
        assert playing.scene.head_end.meter(METER).switches == 0


# --- refusals and errors are no proof


def test_given_a_head_end_that_refuses_and_switches_all_the_same_then_the_truth_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with play(tmp_path) as playing:
        head_end = playing.scene.bridge._head_end
        submit = head_end.submit

        def lies(command: object) -> None:
            submit(command)  # type: ignore[arg-type]
            wait_until(lambda: playing.scene.head_end.meter(METER).switches == 1)
            raise HeadEndRefused("9.9", "fatal, it says")

        monkeypatch.setattr(head_end, "submit", lies)
        playing.send("disconnect")
        (order,) = until_states(playing, OrderState.DONE)
        assert commands(playing, order.key) == 1
        playing.work_until(lambda: playing.answers() == ["8.1.1.11"])


def test_given_a_reply_that_is_lost_then_the_contactor_is_read_before_anything_is_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with play(tmp_path) as playing:
        head_end = playing.scene.bridge._head_end
        submit = head_end.submit

        def loses_the_reply(command: object) -> None:
            submit(command)  # type: ignore[arg-type]
            raise OutcomeUnknown("no reply in time")

        monkeypatch.setattr(head_end, "submit", loses_the_reply)
        playing.send("disconnect")
        (order,) = until_states(playing, OrderState.DONE)
        assert commands(playing, order.key) == 1
        assert playing.scene.head_end.meter(METER).switches == 1


# --- a command that may still run keeps its order open


def test_given_a_contactor_that_somebody_else_has_switched_then_the_command_that_waits_is_cancelled_before_done(
    tmp_path: Path,
) -> None:
    with play(tmp_path, connected=False, delay=(30, 30), response=0.2) as playing:
        playing.send("disconnect")
        (order,) = until_states(playing, OrderState.DONE)
        assert order.cancelled_at is not None
        playing.scene.head_end.delay = 0.0
        playing.send("reconnect")
        until_states(playing, OrderState.DONE, OrderState.DONE)
        assert playing.scene.head_end.meter(METER).switches == 1


def test_given_a_command_that_may_still_run_when_it_cannot_be_cancelled_then_its_order_is_not_done_before_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with play(tmp_path, connected=False, delay=(30, 30), response=0.1, lifetime=0.8) as playing:
        monkeypatch.setattr(playing.scene.bridge._head_end, "cancel", unreachable)
        playing.send("disconnect")
        (order,) = until_states(playing, OrderState.DONE)
        assert order.verified_at
        assert order.expires_at
        assert order.verified_at + TOLD > order.expires_at


def test_given_a_refused_command_that_cannot_be_cancelled_then_cannot_is_not_told_before_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with play(tmp_path, delay=(30, 30), lifetime=0.8) as playing:
        head_end = playing.scene.bridge._head_end
        submit = head_end.submit

        def lies(command: object) -> None:
            submit(command)  # type: ignore[arg-type]
            raise HeadEndRefused("9.9", "fatal, it says")

        monkeypatch.setattr(head_end, "submit", lies)
        monkeypatch.setattr(head_end, "cancel", unreachable)
        playing.send("disconnect")
        (order,) = until_states(playing, OrderState.REJECTED)
        with playing.scene.bridge.database.transaction() as tx:
            told = next(event.at for event in tx.orders.history(order.key) if event.state is OrderState.REJECTED)
        assert order.expires_at
        assert told > order.expires_at


def test_given_a_command_that_may_still_be_on_its_way_when_the_head_end_does_not_know_it_then_that_is_no_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loses(_: object) -> None:
        raise OutcomeUnknown("no reply in time")

    with play(tmp_path, connected=False, response=1) as playing:
        monkeypatch.setattr(playing.scene.bridge._head_end, "submit", loses)
        playing.send("disconnect")
        (order,) = until_states(playing, OrderState.DONE)
        assert order.verified_at
        assert order.submitted_at
        assert order.verified_at + TOLD - order.submitted_at > timedelta(seconds=1)


def test_given_a_command_whose_end_has_just_come_then_a_head_end_with_a_slower_clock_gets_no_second_one(
    tmp_path: Path,
) -> None:
    margin = {"expiry_margin_seconds": 0.6}
    with play(tmp_path, delay=(30, 30), lifetime=0.3, response=0.1, execution=margin) as playing:
        playing.scene.head_end.faults.silent.add(METER)
        playing.send("disconnect")
        playing.work_until(lambda: commands(playing, 1) == 2)
        with playing.scene.bridge.database.transaction() as tx:
            first, second = (e.at for e in tx.orders.history(1) if e.state is OrderState.SUBMITTING)
        assert second - first >= timedelta(seconds=0.9)


def unreachable(_: object) -> None:
    raise HeadEndUnreachable("connection refused")


# --- armed


def test_given_an_armed_contactor_that_somebody_disconnects_then_a_person_looks_at_the_order(tmp_path: Path) -> None:
    with play(tmp_path, mode=1, connected=False, response=0.1) as playing:
        playing.send("reconnect")
        until_states(playing, OrderState.ARMED)
        playing.scene.head_end.meter(METER).remote_disconnect()
        (order,) = until_states(playing, OrderState.PARKED)
        assert "somebody has disconnected it" in (order.detail or "")


def test_given_that_armed_counts_then_the_hub_hears_done_with_the_supply_still_off(tmp_path: Path) -> None:
    with play(tmp_path, mode=1, connected=False, execution={"armed_counts": True}) as playing:
        playing.send("reconnect")
        (order,) = until_states(playing, OrderState.DONE)
        assert order.outcome is Outcome.ARMED
        playing.work_until(lambda: playing.answers() == ["8.2.1.11"])
        (answer,) = (tmp_path / "acknowledgements").iterdir()
        text = answer.read_text("utf-8")
        assert "CK0070" in text
        assert "CK0069" not in text


# --- holds, stop switch, cap


@contextmanager
def held(playing: Play, kind: HoldKind) -> Iterator[int]:
    with playing.scene.bridge.database.transaction() as tx:
        yield tx.guards.add_hold(
            Hold(key=0, metering_point=POINT, kind=kind, since=system_clock(), until=None, by="Anna", why="a test")
        )


@pytest.mark.parametrize("kind", [HoldKind.COMPLAINT, HoldKind.PROTECTION])
def test_given_a_point_that_is_protected_when_disconnection_is_asked_for_then_the_hub_hears_cannot(
    tmp_path: Path, kind: HoldKind
) -> None:
    with play(tmp_path) as playing:
        with held(playing, kind):
            pass
        playing.send("disconnect")
        until_states(playing, OrderState.REJECTED)
        assert commands(playing, 1) == 0


def test_given_an_emergency_suspension_then_a_connection_waits_until_a_named_person_releases_it(
    tmp_path: Path,
) -> None:
    with play(tmp_path, connected=False) as playing:
        with held(playing, HoldKind.EMERGENCY) as key:
            pass
        playing.send("reconnect")
        (order,) = orders(playing)
        assert (order.state, order.waits_for) == (OrderState.REGISTERED, WaitsFor.HOLD)
        with playing.scene.bridge.database.transaction() as tx:
            tx.guards.release_hold(key, "Jan", system_clock())
            tx.work.wake(WorkStep.EXECUTE, tx.neighbours.waiting_at([POINT]), system_clock())
        until_states(playing, OrderState.DONE)


def test_given_a_connection_for_a_complaint_when_disconnection_is_asked_for_again_then_the_household_is_protected(
    tmp_path: Path,
) -> None:
    with play(tmp_path, connected=False) as playing:
        playing.send("reconnect", reason="CK0196")
        until_states(playing, OrderState.DONE)
        playing.send("disconnect")
        until_states(playing, OrderState.DONE, OrderState.REJECTED)
        assert playing.scene.head_end.meter(METER).output_state is True


def test_given_the_stop_switch_then_no_disconnection_is_given_but_connections_are_until_everything_is_stopped(
    tmp_path: Path,
) -> None:
    with play(tmp_path, connected=False) as playing:
        database = playing.scene.bridge.database
        with database.transaction() as tx:
            tx.guards.throw_stop(StopScope.DISCONNECTIONS, "Anna", "flood", system_clock())
        playing.send("reconnect")
        until_states(playing, OrderState.DONE)
        playing.send("disconnect")
        assert orders(playing)[1].waits_for is WaitsFor.STOP
        with database.transaction() as tx:
            assert tx.guards.lift_stops("Jan", system_clock()) == 1
            tx.work.wake_waiting(WaitsFor.STOP, system_clock())
        until_states(playing, OrderState.DONE, OrderState.DONE)


def test_given_the_cap_of_disconnections_then_the_rest_waits_until_a_second_person_has_released_more(
    tmp_path: Path,
) -> None:
    with play(tmp_path, execution={"disconnections_per_hour": 1}) as playing:
        database, now = playing.scene.bridge.database, system_clock()
        with database.transaction() as tx:
            tx.points.put(
                MeteringPoint(
                    code=OTHER_POINT,
                    updated_at=now,
                    meter=playing.other_meter(),
                    has_contactor=True,
                    protection=NOT_PROTECTED,
                    connected=True,
                )
            )
        playing.send("disconnect")
        playing.send("disconnect", OTHER_POINT)
        playing.work_until(lambda: states(playing)[0] is OrderState.DONE)
        assert (orders(playing)[1].state, orders(playing)[1].waits_for) == (OrderState.REGISTERED, WaitsFor.CAP)
        with database.transaction() as tx:
            key = tx.guards.ask_allowance(1, "Anna", "the list was checked", now)
        with pytest.raises(ValueError, match="somebody else"), database.transaction() as tx:
            tx.guards.approve_allowance(key, " ANNA ", now, timedelta(hours=1))
        with database.transaction() as tx:
            tx.work.wake_waiting(WaitsFor.CAP, system_clock())
        playing.scene.bridge.worker.turn()
        assert states(playing)[1] is OrderState.REGISTERED
        with database.transaction() as tx:
            tx.guards.approve_allowance(key, "Jan", system_clock(), timedelta(hours=1))
            tx.work.wake_waiting(WaitsFor.CAP, system_clock())
        until_states(playing, OrderState.DONE, OrderState.DONE)


# --- outage


def out_of_order(playing: Play, since: timedelta) -> None:
    """The circuit opened so long ago, and is looked at now."""
    bridge, now = playing.scene.bridge, system_clock()
    with bridge.database.transaction() as tx:
        before = tx.guards.circuit("head-end")
        opened = Circuit("head-end").after_failures(3, "connection refused", now - since, bridge.policy.circuit)
        tx.guards.set_circuit(before, opened)
        tx.connection.execute(update(tables.work).values(due_at=now))


def test_given_a_head_end_that_is_down_then_the_circuit_opens_and_there_is_no_storm_and_it_recovers_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = {"circuit_failures": 3, "circuit_seconds": 3600, "circuit_longest_seconds": 3600}
    with play(tmp_path, execution=patient) as playing:
        head_end, calls = playing.scene.bridge._head_end, []
        submit = head_end.submit

        def down(command: object) -> None:
            calls.append(command)
            raise HeadEndUnreachable("connection refused")

        monkeypatch.setattr(head_end, "submit", down)
        out_of_order(playing, since=timedelta(0))
        playing.send("disconnect")
        (order,) = orders(playing)
        assert (order.waits_for, calls) == (WaitsFor.HEAD_END, [])
        out_of_order(playing, since=timedelta(hours=2))
        playing.work_until(lambda: len(calls) == 1)  # one call tries it
        monkeypatch.setattr(head_end, "submit", submit)
        out_of_order(playing, since=timedelta(hours=2))
        until_states(playing, OrderState.DONE)
        with playing.scene.bridge.database.transaction() as tx:
            assert tx.guards.circuit("head-end").failures == 0
