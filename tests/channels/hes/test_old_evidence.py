"""Old and future evidence through the whole bridge: what a real connector gets from a head-end system that is off."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree

from csire_bridge.channels.hes.client import HeadEndConnector
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import ContactorReading
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.order.order import OrderState
from csire_bridge.lab.simulators.hes import messages as hes_messages
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.queries.alerts.alert_conditions import standing
from tests.support.bridge import METER, Play, play
from tests.support.defaults import PARTNER_WAIT

_OLD = timedelta(days=3)


def stuck(playing: Play) -> None:
    playing.scene.head_end.meter(METER).stuck = True


def test_given_a_reading_of_three_days_ago_when_a_connection_is_found_out_then_it_is_never_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = HeadEndConnector.read_contactor

    def old(self: HeadEndConnector, meter: MeterNumber) -> ContactorReading:
        reading = honest(self, meter)
        return replace(reading, output_state=True, control_state=type(reading.control_state)(1), read_at=told)

    told = system_clock() - _OLD
    with play(tmp_path, connected=False, lifetime=2) as playing:
        stuck(playing)
        with monkeypatch.context() as lying:
            lying.setattr(HeadEndConnector, "read_contactor", old)
            playing.send("reconnect")
            playing.work_until(lambda: any("proves anything" in event.text for event in playing.history()))
            assert playing.order().state is OrderState.UNKNOWN
            assert playing.answers() == []
        playing.scene.head_end.meter(METER).stuck = False
        playing.scene.head_end.meter(METER).remote_reconnect()
        order = playing.work_until_state(OrderState.DONE)
        assert order.executed_at is not None and order.submitted_at is not None
        assert order.executed_at >= order.submitted_at


def test_given_a_head_end_that_takes_local_time_for_utc_when_done_then_the_answer_is_not_in_the_future(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = hes_messages._stamp

    def ahead(moment: datetime) -> str:
        return stamp(moment + timedelta(hours=2))

    monkeypatch.setattr(hes_messages, "_stamp", ahead)
    with play(tmp_path) as playing:
        playing.send("disconnect")
        order = playing.work_until_state(OrderState.DONE)
        assert order.submitted_at is not None and order.executed_at is not None and order.verified_at is not None
        assert order.submitted_at <= order.executed_at <= order.verified_at <= system_clock()
        playing.work_until(lambda: playing.answers() == ["8.1.1.11"])


def test_given_a_head_end_that_writes_ids_in_capitals_when_a_household_is_disconnected_then_it_is_done_by_its_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = hes_messages._header

    def loud(message: etree._Element, what: str, now: datetime, message_id: str, correlation_id: str) -> None:
        header(message, what, now, message_id, correlation_id.upper())

    monkeypatch.setattr(hes_messages, "_header", loud)
    with play(tmp_path) as playing:
        playing.send("disconnect")
        order = playing.work_until_state(OrderState.DONE)
        assert order.attempts == 1
        assert any("head-end system reports disconnected" in event.text for event in playing.history())
        playing.work_until(lambda: playing.answers() == ["8.1.1.11"])


def test_given_old_readings_when_they_go_on_then_the_alert_names_the_meter_and_closes_with_a_new_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = HeadEndConnector.read_contactor

    def old(self: HeadEndConnector, meter: MeterNumber) -> ContactorReading:
        return replace(honest(self, meter), read_at=system_clock() - _OLD)

    def alerts() -> list[str]:
        now = system_clock()
        with playing.scene.bridge.database.reading() as connection:
            found = standing(connection, now, timedelta(hours=1), timedelta(days=1), PARTNER_WAIT)
            return [alert.text(now) for alert in found if alert.kind is AlertKind.OLD_READINGS]

    with play(tmp_path) as playing:
        with monkeypatch.context() as lying:
            lying.setattr(HeadEndConnector, "read_contactor", old)
            playing.send("disconnect")
            playing.work_until(lambda: alerts() != [])
            assert f"{METER}: 72 h old" in alerts()[0]
        playing.work_until_state(OrderState.DONE)
        assert alerts() == []
