"""Whose supply a command reaches: late notices, meters at two points, registered danger. On real parts."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from csire_bridge.config.resources import folder
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MessageId, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.metering_point.facts import MeteringPoint, Source
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import Order, OrderState, WaitsFor
from csire_bridge.pipeline.operator.orders import order_actions
from csire_bridge.pipeline.operator.points import point_actions
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.wiring.head_end_reader import head_end_reader
from csire_bridge.store.queries.lists.order_pages import find_orders
from csire_bridge.store.queries.search.order_search import OrderSearch
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import sign_enveloped
from tests.support.bridge import METER, POINT, Play, play
from tests.support.defaults import LAW

pytestmark = pytest.mark.slow

OTHER = MeteringPointCode.parse("590015710563817868")
SECOND_METER = MeterNumber("PROBE0000002")


def act(why: str = "seen on site") -> OperatorAction:
    return OperatorAction("Anna Nowak", system_clock(), why)


def day(days: int) -> date:
    return system_clock().astimezone(WARSAW).date() + timedelta(days=days)


def notice(playing: Play, point: str, days: int, **facts: str) -> bytes:
    """A signed 3.1.1.1 of the hub; ``facts`` by the names of its elements."""
    root = parse((folder("samples") / "good" / "3.1.1.1-rich.xml").read_bytes())
    changes = {
        "MessageId": MessageId.new(),
        "MessageTimestamp": system_clock().isoformat(timespec="milliseconds"),
        "MeteringPointCode": point,
        "ProcessInstanceId": ProcessInstanceId.new(),
        "EffectiveDate": day(days).isoformat(),
        "TariffGroup": None,
        "MeasurementAndBillingCircuitType": "CK0201",
        "HasThreatToLifeHealthAndEnvironment": "false",
        **facts,
    }
    for name, text in changes.items():
        for element in list(root.iter(f"{{*}}{name}")):
            parent = element.getparent()
            if text is None and parent is not None:
                parent.remove(element)
            else:
                element.text = str(text)
    return sign_enveloped(root, playing.scene.pki.hub.signing)


def tell(playing: Play, point: MeteringPointCode, source: Source, days: int = 0, **facts: object) -> None:
    """The same by another entrance than the hub's messages."""
    now = system_clock()
    with playing.scene.bridge.database.transaction() as tx:
        if source is Source.SID:
            tx.points.learn(MeteringPoint(code=point, updated_at=now + timedelta(days=days), **facts), now)  # type: ignore[arg-type]
            return
        if "meter" in facts:
            facts["meter_number"] = facts.pop("meter")
        update = RegistryUpdate(process_instance=None, metering_point=point, effective_date=day(days), **facts)  # type: ignore[arg-type]
        tx.points.record_notices([update], now, source, "Anna")


def waiting(playing: Play, reason: WaitsFor) -> list[int]:
    with playing.scene.bridge.database.reading() as connection:
        return [order.key for order in find_orders(connection, OrderSearch(waits_for=reason), 10)]


def switches(playing: Play, meter: MeterNumber = METER) -> int:
    return playing.scene.head_end.meter(meter).switches


# --- what was told late


def test_given_a_notice_that_comes_after_a_newer_one_when_disconnected_then_the_newer_meter_and_protection_hold(
    tmp_path: Path,
) -> None:
    with play(tmp_path) as playing:
        playing.other_meter()
        playing.take_in(notice(playing, POINT, 0, MeterNumber=SECOND_METER, CanBeSuspendedForDebtCollection="true"))
        playing.take_in(notice(playing, POINT, -10, MeterNumber=METER, CanBeSuspendedForDebtCollection="true"))
        playing.send("disconnect")
        playing.work_until_state(OrderState.DONE)
        assert (switches(playing, SECOND_METER), switches(playing)) == (1, 0)


def test_given_a_late_older_tariff_then_no_order_changes_the_meter_back(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        playing.take_in(notice(playing, POINT, -1, TariffGroup="G11"))
        playing.take_in(notice(playing, POINT, -10, TariffGroup="G12"))
        with playing.scene.bridge.database.reading() as connection:
            assert connection.exec_driver_sql("select count(*) from orders").scalar() == 0


# --- one meter at two points


@pytest.mark.parametrize("source", [Source.MESSAGE, Source.SID, Source.IMPORT])
@pytest.mark.parametrize("kind", ["disconnect", "reconnect"])
def test_given_the_meter_of_one_point_is_told_at_another_when_the_other_is_switched_then_neither_household_is(
    tmp_path: Path, source: Source, kind: str
) -> None:
    with play(tmp_path, connected=kind == "disconnect") as playing:
        if source is Source.MESSAGE:
            playing.take_in(notice(playing, OTHER, 0, MeterNumber=METER))
        else:
            tell(playing, OTHER, source, meter=METER, has_contactor=True)
        for point in (OTHER, POINT):
            playing.send(kind, point)
            order = playing.work_until_state(OrderState.PARKED)
            assert "more than one metering point" in (order.detail or "")
            assert order.attempts == 0
        assert switches(playing) == 0
        alerts = {alert.kind.value for alert in playing.scene.bridge.watch.look()}
        assert {"meters-at-two-points", "orders-parked"} <= alerts


@pytest.mark.parametrize("kind", ["disconnect", "reconnect"])
@pytest.mark.parametrize("source", [Source.MESSAGE, Source.SID, Source.IMPORT])
def test_given_the_meter_of_one_point_is_told_at_another_in_other_letters_then_neither_household_is_switched(
    tmp_path: Path, source: Source, kind: str
) -> None:
    with play(tmp_path, connected=kind == "disconnect") as playing:
        lower = MeterNumber(METER.lower())
        if source is Source.MESSAGE:
            playing.take_in(notice(playing, OTHER, 0, MeterNumber=lower))
        else:
            tell(playing, OTHER, source, meter=lower, has_contactor=True)
        for point in (OTHER, POINT):
            playing.send(kind, point)
            order = playing.work_until_state(OrderState.PARKED)
            assert "more than one metering point" in (order.detail or "")
        assert switches(playing) == 0
        assert "meters-at-two-points" in {alert.kind.value for alert in playing.scene.bridge.watch.look()}


def test_given_a_notice_that_spells_the_meter_in_other_letters_then_it_is_no_other_meter(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        playing.take_in(notice(playing, POINT, 0, MeterNumber=METER.lower()))
        playing.send("disconnect")
        assert playing.work_until_state(OrderState.DONE).meter == METER
        with playing.scene.bridge.database.transaction() as tx:
            tell_person = RegistryUpdate(
                process_instance=None,
                metering_point=POINT,
                effective_date=day(0),
                meter_number=MeterNumber(METER.lower()),
            )
            tx.points.record_notices([tell_person], system_clock(), Source.PERSON, "Anna")
            point = tx.points.get(POINT)
            assert point is not None and point.meter == METER.lower(), "a person may correct the spelling"


def test_given_a_meter_that_was_moved_after_the_order_then_a_person_confirms_it_before_anything_is_switched(
    tmp_path: Path,
) -> None:
    with play(tmp_path) as playing:
        playing.other_meter()
        tell(playing, OTHER, Source.IMPORT, -5, meter=SECOND_METER, has_contactor=True)
        raw = playing.message("disconnect", OTHER, MessageId.new())
        tell(playing, POINT, Source.IMPORT, meter=MeterNumber("NEW1"))
        tell(playing, OTHER, Source.IMPORT, meter=METER)
        playing.take_in(raw)
        order = playing.work_until_state(OrderState.PARKED)
        assert "was moved between" in (order.detail or "")
        with (
            playing.scene.bridge.database.transaction() as tx,
            pytest.raises(ActionRefused, match="was moved between"),
        ):
            order_actions.send_to_field(tx, order.key, act(), LAW)
        with head_end_reader(playing.scene.bridge.settings) as head_end:
            seen = order_actions.look(playing.scene.bridge.database, head_end, order.key, system_clock)
        assert (seen.reading, "was moved between" in seen.silence) == (None, True)
        retry(playing, order)
        playing.work_until_state(OrderState.PARKED)
        with playing.scene.bridge.database.transaction() as tx:
            others, parked = point_actions.set_meter(tx, OTHER, METER, act())
        assert (list(others), list(parked)) == ([], [order.key])
        assert switches(playing) == 0
        retry(playing, playing.order())
        playing.work_until_state(OrderState.DONE)
        assert (switches(playing), switches(playing, SECOND_METER)) == (1, 0)


def retry(playing: Play, order: Order) -> None:
    with playing.scene.bridge.database.transaction() as tx:
        order_actions.retry(tx, [tx.orders.get(order.key)], act())


def test_given_a_command_that_failed_when_the_meter_moves_before_the_next_try_then_that_is_not_given(
    tmp_path: Path,
) -> None:
    with play(tmp_path, lifetime=0.5, response=0.1, execution={"again_seconds": 3600}) as playing:
        playing.scene.head_end.meter(METER).stuck = True
        playing.send("disconnect")
        playing.work_until(lambda: (playing.order().state, playing.order().attempts) == (OrderState.REGISTERED, 1))
        tell(playing, OTHER, Source.IMPORT, meter=METER, has_contactor=True)
        with playing.scene.bridge.database.transaction() as tx:
            tx.work.hasten_all(system_clock())
        order = playing.work_until_state(OrderState.PARKED)
        assert (order.attempts, "more than one" in (order.detail or "")) == (1, True)


def test_given_an_ordinary_exchange_of_the_meter_after_the_order_then_the_new_meter_is_switched(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        playing.other_meter()
        raw = playing.message("disconnect", POINT, MessageId.new())
        tell(playing, POINT, Source.MESSAGE, meter=SECOND_METER)
        playing.take_in(raw)
        playing.work_until_state(OrderState.DONE)
        assert (switches(playing), switches(playing, SECOND_METER)) == (0, 1)


# --- registered danger


def test_given_registered_danger_then_a_disconnection_goes_through_and_a_connection_waits_for_a_named_person(
    tmp_path: Path,
) -> None:
    with play(tmp_path) as playing:
        playing.take_in(notice(playing, POINT, 0, MeterNumber=METER, HasThreatToLifeHealthAndEnvironment="true"))
        playing.send("disconnect")
        playing.work_until_state(OrderState.DONE)
        playing.send("reconnect")
        playing.work_until(lambda: playing.order().waits_for is WaitsFor.DANGER)
        order = playing.order()
        assert (order.state, order.attempts) == (OrderState.REGISTERED, 0)
        assert waiting(playing, WaitsFor.DANGER) == [order.key]
        assert "danger is registered" in playing.history()[-1].text
        assert "danger-waited-for" in {alert.kind.value for alert in playing.scene.bridge.watch.look()}
        for source in (Source.MESSAGE, Source.SID, Source.IMPORT):
            tell(playing, POINT, source, danger_registered=False)
        with playing.scene.bridge.database.transaction() as tx:
            tx.work.wake(order.work_step, [order.key], system_clock())
        while playing.scene.bridge.worker.turn():
            pass
        assert (playing.order().waits_for, switches(playing)) == (WaitsFor.DANGER, 1)
        with playing.scene.bridge.database.transaction() as tx:
            waited = point_actions.lift_danger(tx, POINT, act("installation checked"))
        assert [one.key for one in waited] == [order.key]
        playing.work_until_state(OrderState.DONE)
        assert playing.scene.head_end.meter(METER).output_state is True
        texts = [event.text for event in playing.history()]
        assert "registered danger was lifted by Anna Nowak: installation checked" in texts
        with playing.scene.bridge.database.transaction() as tx:
            assert [(t.told_by, t.why) for t in tx.points.history(POINT) if t.source is Source.PERSON] == [
                ("Anna Nowak", "installation checked")
            ]
            with pytest.raises(ActionRefused, match="no danger is registered"):
                point_actions.lift_danger(tx, POINT, act())


def test_given_a_connection_that_waits_in_danger_when_a_disconnection_is_asked_for_then_it_does_not_wait_for_it(
    tmp_path: Path,
) -> None:
    with play(tmp_path) as playing:
        tell(playing, POINT, Source.MESSAGE, danger_registered=True)
        playing.send("reconnect")
        playing.work_until(lambda: playing.order().waits_for is WaitsFor.DANGER)
        playing.send("disconnect")
        playing.work_until_state(OrderState.DONE)
        assert playing.scene.head_end.meter(METER).output_state is False


def test_given_a_connection_that_is_parked_when_danger_is_registered_then_nobody_is_sent(tmp_path: Path) -> None:
    with play(tmp_path, connected=False) as playing:
        tell(playing, OTHER, Source.IMPORT, meter=METER, has_contactor=True)
        playing.send("reconnect")
        order = playing.work_until_state(OrderState.PARKED)
        tell(playing, OTHER, Source.IMPORT, meter=MeterNumber("NEW1"))
        tell(playing, POINT, Source.MESSAGE, danger_registered=True)
        with (
            playing.scene.bridge.database.transaction() as tx,
            pytest.raises(ActionRefused, match="danger is registered"),
        ):
            order_actions.send_to_field(tx, order.key, act(), LAW)
