"""Orders of SID, from its registration to the last report; and orders that the hub asks for as well."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from csire_bridge.domain.identifiers import MeterNumber, ProcessInstanceId
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import OrderKind, OrderState
from tests.support.patience import wait_until
from tests.support.sid import METER, OTHER_POINT, POINT, Scene, day, now, running


def test_given_an_order_that_waits_in_sid_then_it_is_fetched_confirmed_carried_out_and_reported(tmp_path: Path) -> None:
    with running(tmp_path) as scene:
        registered_at = now() - timedelta(minutes=7)
        number = scene.sid.register(RegisteredAt=registered_at)
        wait_until(lambda: scene.sid.status_of(number) == "done")
        [order] = scene.orders()
        assert (order.state, order.source_message, order.process_instance) == (OrderState.DONE, None, None)
        assert scene.head_end.meter(METER).output_state is False
        assert order.execution_seconds is not None
        assert order.execution_seconds > 7 * 60
        assert scene.sid.picked_up == {number: None}
        told = [told.status for told in scene.sid.told]
        assert told == ["registered", "sent-to-meter", "done"]
        assert [told.sequence for told in scene.sid.told] == [1, 2, 3]
        last = scene.sid.told[-1].facts
        assert abs(float(last["ExecutionSeconds"]) - order.execution_seconds) < 0.002
        assert last["MeterNumber"] == METER
        assert scene.answers() == [], "no process of the hub is behind it"
        assert scene.sid.problems == []


# --- one order, many sources


def test_given_sid_first_and_the_hub_after_then_one_order_is_carried_out_and_both_are_answered(tmp_path: Path) -> None:
    with running(tmp_path) as scene:
        scene.head_end.stop()
        registered_at = now() - timedelta(minutes=20)
        scene.sid.register(RegisteredAt=registered_at)
        wait_until(lambda: len(scene.orders()) == 1)
        message = scene.hub_sends()
        [order] = scene.orders()
        assert order.source_message == message
        assert order.process_instance is not None
        assert abs(order.registered_at - registered_at) < timedelta(milliseconds=1), "the first registration counts"
        assert order.renewed_at is not None
        assert order.renewed_at > order.registered_at
        assert any("asks for the same" in text for text in scene.texts(order))


@pytest.mark.parametrize(("kind", "state"), [("disconnect", OrderState.PARKED), ("reconnect", OrderState.DONE)])
def test_given_an_order_that_sid_registered_days_ago_then_a_person_decides_about_a_disconnection_only(
    tmp_path: Path, kind: str, state: OrderState
) -> None:
    with running(tmp_path) as scene:
        then = now() - timedelta(days=5)
        reason = {"ReconnectionReason": "reason-gone"} if kind == "reconnect" else {}
        scene.sid.register(Kind=kind, RegisteredAt=then, RequestedDate=day(then), **reason)
        [order] = scene.until_state(OrderState.PARKED, OrderState.DONE)
        assert order.state is state
        assert scene.head_end.meter(METER).switches == 0


def test_given_a_joined_order_when_carried_out_then_the_hub_and_sid_hear_of_one_movement(tmp_path: Path) -> None:
    with running(tmp_path, delay=(0.5, 0.5)) as scene:
        scene.hub_sends()
        wait_until(lambda: len(scene.orders()) == 1)
        answer = scene.caller().submit(scene.sid.order())
        wait_until(lambda: scene.sid.status_of(answer.Number) == "done" and scene.answers() == ["8.1.1.11"])
        assert len(scene.orders()) == 1
        assert scene.head_end.meter(METER).switches == 1


def test_given_the_two_want_different_days_then_there_are_two_orders(tmp_path: Path) -> None:
    with running(tmp_path) as scene:
        later = day(now() + timedelta(days=5))
        scene.caller().submit(scene.sid.order(RequestedDate=later))
        scene.hub_sends()
        assert len(scene.orders()) == 2
        assert {order.source_message is None for order in scene.orders()} == {True, False}


def test_given_sid_names_a_process_of_the_hub_then_the_hub_is_answered_for_it(tmp_path: Path) -> None:
    with running(tmp_path) as scene:
        process = ProcessInstanceId.new()
        number = scene.sid.register(ProcessInstanceId=process)
        wait_until(lambda: scene.sid.status_of(number) == "done" and scene.answers() == ["8.1.1.11"])
        assert len(scene.orders()) == 1
        wait_until(lambda: len(list((tmp_path / "answers").glob("*.xml"))) == 1)
        [file] = (tmp_path / "answers").iterdir()
        assert process.encode() in file.read_bytes()
        assert b"SenderMessageId" not in file.read_bytes(), "no message of the hub is answered"
        scene.hub_sends(ProcessInstanceId=process)
        assert len(scene.orders()) == 1, "its process was carried out and answered"


def test_given_the_hubs_order_of_a_process_has_ended_when_sid_names_it_then_it_hears_how_and_nothing_is_switched(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as scene:
        process = ProcessInstanceId.new()
        scene.hub_sends(ProcessInstanceId=process)
        wait_until(lambda: scene.answers() == ["8.1.1.11"])
        number = scene.sid.register(ProcessInstanceId=process)
        wait_until(lambda: scene.sid.status_of(number) == "done")
        assert scene.answers() == ["8.1.1.11"]
        assert [order.attempts for order in scene.orders()] == [1]


def test_given_a_reconnection_in_sid_then_a_waiting_disconnection_of_the_hub_gives_way_and_both_are_told(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as scene:
        later = day(now() + timedelta(days=3))
        off = scene.caller().submit(scene.sid.order(RequestedDate=later)).Number
        on = scene.sid.register(Kind="reconnect", ReconnectionReason="reason-gone")
        wait_until(lambda: scene.sid.status_of(on) == "done" and scene.sid.status_of(off) == "superseded")
        states = {order.kind: order.state for order in scene.orders()}
        assert states == {OrderKind.DISCONNECT: OrderState.SUPERSEDED, OrderKind.RECONNECT: OrderState.DONE}
        assert scene.head_end.meter(METER).output_state is True


def test_given_a_connection_that_was_renewed_then_a_disconnection_from_in_between_gives_way(tmp_path: Path) -> None:
    with running(tmp_path, head_end={"read_seconds": 2}) as scene:
        scene.head_end.meter(METER).mode = 1  # the customer must press a button: the order stays open
        scene.head_end.meter(METER).remote_disconnect()
        first = scene.caller().submit(_reconnection(scene, minutes=30)).Number
        scene.until_state(OrderState.ARMED)
        assert scene.caller().submit(_reconnection(scene, minutes=0)).Number != first
        assert len(scene.orders()) == 1
        off = scene.caller().submit(scene.sid.order(RegisteredAt=now() - timedelta(minutes=15))).Number
        wait_until(lambda: scene.sid.status_of(off) == "superseded")


def _reconnection(scene: Scene, minutes: float) -> dict[str, object]:
    at = now() - timedelta(minutes=minutes)
    return scene.sid.order(Kind="reconnect", ReconnectionReason="reason-gone", RegisteredAt=at)


# --- withdrawing


def test_given_an_order_that_waits_when_withdrawn_then_it_ends_and_saying_it_again_changes_nothing(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as scene:
        later, caller = day(now() + timedelta(days=3)), scene.caller()
        number = caller.submit(scene.sid.order(RequestedDate=later)).Number
        assert caller.status(number).Status == "registered"
        assert caller.withdraw(number, "paid").Result == "withdrawn"
        assert caller.withdraw(number, "paid").Result == "withdrawn"
        [order] = scene.orders()
        assert order.state is OrderState.WITHDRAWN
        assert "paid" in (order.detail or "")
        assert caller.status(number).Status == "withdrawn"
        wait_until(lambda: scene.sid.status_of(number) == "withdrawn")
        assert scene.answers() == []


def test_given_an_order_that_has_ended_when_withdrawn_then_it_is_too_late_and_the_status_stays(tmp_path: Path) -> None:
    with running(tmp_path) as scene:
        caller = scene.caller()
        number = caller.submit(scene.sid.order()).Number
        scene.until_state(OrderState.DONE)
        assert caller.withdraw(number).Result == "too-late"
        assert caller.status(number).Status == "done"
        assert caller.status(number).ExecutedAt is not None


def test_given_a_command_under_way_when_withdrawn_then_it_is_recalled_and_the_outcome_is_what_happened(
    tmp_path: Path,
) -> None:
    with running(tmp_path, delay=(20, 20)) as scene:
        caller = scene.caller()
        number = caller.submit(scene.sid.order()).Number
        scene.until_state(OrderState.SUBMITTED)
        assert caller.withdraw(number).Result == "recalled"
        wait_until(lambda: scene.sid.status_of(number) == "withdrawn")
        assert scene.head_end.meter(METER).output_state is True
        assert caller.withdraw(number).Result == "withdrawn"


@pytest.mark.parametrize("fetched", [True, False])
def test_given_a_withdrawal_that_comes_before_its_order_then_the_order_ends_at_once_and_sid_hears_so(
    tmp_path: Path, fetched: bool
) -> None:
    with running(tmp_path) as scene:
        asked = scene.sid.order()
        assert scene.caller().withdraw(asked["Number"], "paid").Result == "kept"
        if fetched:
            scene.sid.register(**asked)
        else:
            scene.caller().submit(asked)
        wait_until(lambda: scene.sid.status_of(asked["Number"]) == "withdrawn")
        [order] = scene.orders()
        assert (order.state, order.attempts) == (OrderState.WITHDRAWN, 0)
        assert "paid" in (order.detail or "")
        assert scene.head_end.meter(METER).output_state is True


def test_given_the_hub_ended_a_process_when_sid_names_it_then_its_order_ends_at_once(tmp_path: Path) -> None:
    with running(tmp_path) as scene:
        process = ProcessInstanceId.new()
        scene.hub_ends(process)
        number = scene.sid.register(ProcessInstanceId=process)
        wait_until(lambda: scene.sid.status_of(number) == "withdrawn")
        assert scene.head_end.meter(METER).output_state is True
        wait_until(lambda: scene.answers() == ["8.1.1.7"])


def test_given_sid_names_a_process_that_asked_for_another_point_then_it_is_refused_aloud(tmp_path: Path) -> None:
    with running(tmp_path) as scene:
        process = ProcessInstanceId.new()
        scene.hub_sends(ProcessInstanceId=process)
        with pytest.raises(Exception, match=r"rule\.process-reused|asked for something else"):
            scene.caller().submit(
                scene.sid.order(Kind="reconnect", ProcessInstanceId=process, ReconnectionReason="reason-gone")
            )
        assert len(scene.orders()) == 1


def test_given_the_hub_asks_for_it_too_when_sid_withdraws_then_it_goes_on_for_the_hub_only(tmp_path: Path) -> None:
    with running(tmp_path, delay=(1, 1)) as scene:
        caller = scene.caller()
        number = caller.submit(scene.sid.order()).Number
        scene.hub_sends()
        assert len(scene.orders()) == 1
        assert caller.withdraw(number).Result == "goes-on"
        assert caller.status(number).Status == "withdrawn"
        wait_until(lambda: scene.answers() == ["8.1.1.11"])
        assert [told.status for told in scene.sid.told if told.number == number][-1] == "withdrawn"
        assert caller.withdraw(number).Result == "goes-on"


# --- points


def test_given_a_point_that_only_sid_knows_then_it_is_looked_up_kept_and_the_order_carried_out(tmp_path: Path) -> None:
    with running(tmp_path, points=False) as scene:
        scene.sid.points[POINT] = {
            "Freshness": now(),
            "MeterNumber": METER,
            "MeterKind": "CK0201",
            "TariffGroup": "G11",
            "CanBeSuspended": True,
            "ProtectedKind": "not-protected",
        }
        number = scene.sid.register()
        wait_until(lambda: scene.sid.status_of(number) == "done")
        with scene.bridge.database.read_transaction() as tx:
            point = tx.points.get(POINT)
        assert point is not None
        assert (point.meter, point.has_contactor, point.tariff_group) == (METER, True, "G11")


def test_given_sid_protects_the_point_then_the_order_can_not_be_carried_out_and_the_reason_is_told(
    tmp_path: Path,
) -> None:
    with running(tmp_path, points=False) as scene:
        scene.sid.points[POINT] = {
            "Freshness": now(),
            "MeterNumber": METER,
            "HasContactor": True,
            "CanBeSuspended": False,
        }
        number = scene.sid.register()
        wait_until(lambda: scene.sid.status_of(number) == "cannot")
        facts = scene.sid.told[-1].facts
        assert facts["Reason"] == "not-possible"
        assert "must not be suspended" in facts["Text"]
        assert scene.head_end.meter(METER).switches == 0


def test_given_a_point_that_nobody_knows_when_fetched_then_sid_hears_why_and_the_order_stands_in_the_journal(
    tmp_path: Path,
) -> None:
    with running(tmp_path, points=False) as scene:
        number = scene.sid.register()
        wait_until(lambda: number in scene.sid.picked_up)
        assert "rule.unknown-point" in (scene.sid.picked_up[number] or "")
        assert [(m.state.value, m.code) for m in scene.messages()] == [("refused", "rule.unknown-point")]
        assert scene.orders() == []


def test_given_sid_tells_with_an_order_that_the_household_is_protected_then_that_is_kept_and_counts(
    tmp_path: Path,
) -> None:
    always = {"when_banned": {"suspension-winter": "refuse", "suspension-days-off": "refuse"}}
    with running(tmp_path, law=always) as scene:
        asked = scene.sid.order(ProtectedKind="national-defence", ProtectedUntil="2090-12-31")
        number = scene.caller().submit(asked).Number
        wait_until(lambda: scene.sid.status_of(number) == "cannot")
        assert "suspension-national-defence" in scene.sid.told[-1].facts["Text"]
        assert scene.head_end.meter(METER).switches == 0
        with scene.bridge.database.read_transaction() as tx:
            point = tx.points.get(POINT)
        assert point is not None
        assert point.protection == "national-defence until 2090-12-31"


@pytest.mark.parametrize(
    "facts",
    [{"ProtectedUntil": "2090-12-31"}, {"ProtectedKind": "not-protected", "ProtectedUntil": "2090-12-31"}],
    ids=["an end without a kind", "an end of no protection"],
)
def test_given_sid_tells_a_protection_that_can_not_be_then_the_order_is_refused_with_the_reason(
    tmp_path: Path, facts: dict[str, str]
) -> None:
    with running(tmp_path) as scene:
        with pytest.raises(Exception, match="rotect"):
            scene.caller().submit(scene.sid.order(**facts))
        assert scene.orders() == []


# --- an outage of SID


def reports(scene: Scene) -> list[tuple[str, bytes | None]]:
    with scene.bridge.database.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql("select state, document from sid_reports")]


def test_given_sid_is_away_then_only_its_reports_wait_and_all_arrive_when_it_is_back(tmp_path: Path) -> None:
    with running(tmp_path, execution={"meter_pause_seconds": 1}) as scene:
        number = scene.caller().submit(scene.sid.order()).Number
        scene.sid.stop()
        scene.until_state(OrderState.DONE)
        scene.hub_sends(OrderKind.RECONNECT)
        wait_until(lambda: scene.answers() == ["8.2.1.11"])
        scene.sid.start()
        wait_until(lambda: len(scene.sid.told) == 3)
        assert sorted(told.sequence for told in scene.sid.told) == [1, 2, 3]
        assert scene.sid.status_of(number) == "done", "whatever came last, the highest sequence counts"
        wait_until(lambda: [state for state, _ in reports(scene)] == ["delivered"] * 3)
        assert all(document for _, document in reports(scene)), "the bytes that left are kept"


def test_given_sid_answers_slowly_then_the_hubs_orders_do_not_wait_for_it(tmp_path: Path) -> None:
    with running(tmp_path, sid={"read_seconds": 20}) as scene:
        with scene.bridge.database.transaction() as tx:
            tx.points.put(
                MeteringPoint(
                    code=OTHER_POINT, updated_at=now(), meter=MeterNumber("PROBE0000002"), has_contactor=False
                )
            )
        scene.sid.faults.slow = (8, 8)
        scene.caller().submit(scene.sid.order(MeteringPointCode=OTHER_POINT))
        started = now()
        scene.hub_sends()
        wait_until(lambda: scene.answers() == ["8.1.1.11"])
        assert now() - started < timedelta(seconds=8)
        assert "delivered" not in [state for state, _ in reports(scene)]


# --- field work


def test_given_the_remote_way_failed_for_good_then_people_on_site_are_asked_for_once(tmp_path: Path) -> None:
    soon = {"attempts": 1, "command_lifetime_seconds": 1}
    execution = {"field_work": "always", "expiry_margin_seconds": 0.1}
    with running(tmp_path, execution=execution, head_end=soon) as scene:
        scene.head_end.meter(METER).stuck = True
        number = scene.caller().submit(scene.sid.order()).Number
        wait_until(lambda: scene.sid.field_work and scene.sid.status_of(number) == "field-work")
        [work] = scene.sid.field_work
        assert (work.facts["Number"], work.facts["MeteringPointCode"], work.facts["Kind"]) == (
            number,
            POINT,
            "disconnect",
        )
        [order] = scene.orders()
        assert order.state is OrderState.FIELD_WORK
        scene.bridge.sid.hand_over()  # type: ignore[union-attr]
        assert len(scene.sid.field_work) == 1


# --- a process that the hub ends by force


def test_given_the_hub_ends_the_process_of_a_joined_disconnection_then_both_are_told(
    tmp_path: Path,
) -> None:
    with running(tmp_path, delay=(20, 20)) as scene:
        process = ProcessInstanceId.new()
        number = scene.caller().submit(scene.sid.order()).Number
        scene.hub_sends(ProcessInstanceId=process)
        scene.hub_ends(process)
        wait_until(lambda: scene.sid.status_of(number) == "withdrawn" and scene.answers() == ["8.1.1.7"])
        assert scene.head_end.meter(METER).output_state is True


def test_given_the_hub_ends_the_process_of_a_joined_connection_then_the_supply_comes_back_for_sid(
    tmp_path: Path,
) -> None:
    with running(tmp_path, delay=(1, 1)) as scene:
        scene.head_end.meter(METER).remote_disconnect()
        process = ProcessInstanceId.new()
        number = scene.caller().submit(_reconnection(scene, minutes=0)).Number
        scene.hub_sends(OrderKind.RECONNECT, ProcessInstanceId=process)
        assert len(scene.orders()) == 1
        scene.hub_ends(process)
        wait_until(lambda: scene.sid.status_of(number) == "done" and scene.answers() == ["8.2.1.11"])
        assert scene.head_end.meter(METER).output_state is True


def test_given_an_order_of_the_hub_for_a_point_that_only_sid_knows_then_it_is_looked_up_and_carried_out(
    tmp_path: Path,
) -> None:
    with running(tmp_path, points=False) as scene:
        scene.sid.points[POINT] = {
            "Freshness": now(),
            "MeterNumber": METER,
            "MeterKind": "CK0201",
            "ProtectedKind": "not-protected",
        }
        scene.hub_sends()
        (order,) = scene.until_state(OrderState.DONE)
        assert order.meter == METER


def test_given_an_order_of_the_hub_for_a_point_that_nobody_knows_then_the_hub_hears_cannot(tmp_path: Path) -> None:
    with running(tmp_path, points=False) as scene:
        scene.hub_sends()
        (order,) = scene.until_state(OrderState.REJECTED)
        assert "not known" in (order.detail or "")
        wait_until(lambda: scene.answers() == ["8.1.1.7"])
