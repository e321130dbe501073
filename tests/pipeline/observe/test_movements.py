"""Movements that nobody asked for: each opens an alert, supply that is off first; what explains itself closes it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from csire_bridge.channels.hes.profile import HeadEndProfile
from csire_bridge.channels.hes.reply_reader import Reply, parse_reply
from csire_bridge.cli import main
from csire_bridge.domain.identifiers import CorrelationId, MeterNumber
from csire_bridge.domain.meter.contactor import HeadEndEvent, HeadEndEventKind
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.order.outcome.supply import Movement, Supply
from csire_bridge.lab.simulators.hes import messages as hes_messages
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.queries.alerts.alert_conditions import standing
from tests.support.bridge import METER, POINT, Play, play
from tests.support.defaults import PARTNER_WAIT

pytestmark = pytest.mark.slow

DISCONNECTED, CONNECTED = HeadEndEventKind.DISCONNECTED, HeadEndEventKind.CONNECTED
NEVER = {"field_work": "never"}


def movements(playing: Play) -> list[Movement]:
    with playing.scene.bridge.database.transaction() as tx:
        return tx.contactors.movements()


def alerts(playing: Play) -> list[tuple[AlertKind, str]]:
    now = system_clock()
    with playing.scene.bridge.database.reading() as connection:
        found = list(standing(connection, now, timedelta(hours=1), timedelta(days=1), PARTNER_WAIT))
    return [(alert.kind, alert.text(now)) for alert in found]


def tell(playing: Play, kind: HeadEndEventKind, correlation: CorrelationId | None = None) -> None:
    event = HeadEndEvent(correlation, METER, kind, "3.31.0.68", system_clock())
    playing.scene.bridge.take_events([(b"<event/>", event)])


def done(playing: Play, kind: str) -> None:
    playing.send(kind)
    playing.work_until_state(OrderState.DONE)


def test_given_a_meter_that_reports_itself_off_when_nobody_asked_then_that_is_the_first_thing_a_person_sees(
    tmp_path: Path,
) -> None:
    with play(tmp_path, connected=False) as playing:
        playing.scene.head_end.meter(METER).remote_disconnect()
        done(playing, "reconnect")
        order = playing.order()
        tell(playing, DISCONNECTED)
        (kind, text), *_ = alerts(playing)
        assert kind is AlertKind.SUPPLY_OFF_UNEXPLAINED
        assert f"meter {METER} at metering point ...7706: supply is OFF" in text
        assert f"last told: order {order.key} (reconnect) done, connected" in text
        tell(playing, DISCONNECTED)
        assert len(movements(playing)) == 1, "the same again is no news"
        done(playing, "disconnect")
        assert movements(playing) == [], "an order explains it by now"


def test_given_a_command_told_as_failed_when_it_is_carried_out_seconds_later_then_a_person_hears_of_it(
    tmp_path: Path,
) -> None:
    with play(tmp_path, execution=NEVER, lifetime=0.5) as playing:
        meter = playing.scene.head_end.meter(METER)
        meter.stuck = True
        playing.send("disconnect")
        order = playing.work_until_state(OrderState.REJECTED, OrderState.PARKED)
        assert order.state is OrderState.REJECTED
        meter.stuck = False
        meter.remote_disconnect()
        tell(playing, DISCONNECTED, order.correlation_id)
        (kind, text), *_ = alerts(playing)
        assert kind is AlertKind.SUPPLY_OFF_UNEXPLAINED
        assert f"last told: order {order.key} (disconnect) cannot" in text


def test_given_a_command_that_is_run_twice_when_the_household_was_connected_in_between_then_it_is_told(
    tmp_path: Path,
) -> None:
    with play(tmp_path) as playing:
        done(playing, "disconnect")
        first = playing.order()
        done(playing, "reconnect")
        assert movements(playing) == []
        tell(playing, DISCONNECTED, first.correlation_id)
        assert [movement.state for movement in movements(playing)] == [Supply.OFF]


def test_given_late_events_and_the_same_ones_again_when_the_contactor_was_read_since_then_nobody_is_bothered(
    tmp_path: Path,
) -> None:
    with play(tmp_path) as playing:
        before = system_clock()
        done(playing, "disconnect")
        first = playing.order()
        done(playing, "reconnect")
        late = HeadEndEvent(first.correlation_id, METER, DISCONNECTED, "3.31.0.68", before)
        playing.scene.bridge.take_events([(b"<event/>", late)])
        tell(playing, CONNECTED, playing.order().correlation_id)
        tell(playing, HeadEndEventKind.DISCONNECT_FAILED)
        assert movements(playing) == []


def test_given_a_contactor_found_off_at_another_order_when_on_was_told_then_it_is_told(tmp_path: Path) -> None:
    with play(tmp_path, connected=False, lifetime=2) as playing:
        meter = playing.scene.head_end.meter(METER)
        meter.remote_disconnect()
        done(playing, "reconnect")
        meter.remote_disconnect()
        meter.stuck = True
        playing.send("reconnect")
        playing.work_until(lambda: movements(playing) != [])
        (found,) = movements(playing)
        assert (found.state, found.source) == (Supply.OFF, "reading")
        meter.stuck = False
        playing.work_until_state(OrderState.DONE)
        assert movements(playing) == [], "it closes itself once the supply is back"


def test_given_a_customer_who_presses_the_button_when_the_meter_is_ready_then_that_is_explained(tmp_path: Path) -> None:
    with play(tmp_path, mode=1, connected=False, execution={"armed_counts": True}) as playing:
        playing.scene.head_end.meter(METER).remote_disconnect()
        done(playing, "reconnect")
        playing.scene.head_end.press_button(METER)
        tell(playing, CONNECTED)
        assert movements(playing) == []


def test_given_supply_that_came_back_by_itself_when_off_was_told_then_it_is_told_after_the_dark_ones(
    tmp_path: Path,
) -> None:
    with play(tmp_path) as playing:
        done(playing, "disconnect")
        tell(playing, CONNECTED)
        assert [kind for kind, _ in alerts(playing)] == [AlertKind.SUPPLY_ON_UNEXPLAINED]


@pytest.mark.parametrize("spell", [str.lower, str.upper, str.title])
def test_given_a_head_end_system_that_spells_meters_otherwise_when_supply_came_back_by_itself_then_it_is_told(
    tmp_path: Path, spell: Callable[[str], str]
) -> None:
    with play(tmp_path) as playing:
        done(playing, "disconnect")
        event = HeadEndEvent(None, MeterNumber(spell(METER)), CONNECTED, "3.31.0.68", system_clock())
        playing.scene.bridge.take_events([(b"<event/>", event)])
        (movement,) = movements(playing)
        assert (movement.meter, movement.metering_point, movement.state) == (METER, POINT, Supply.ON)


def run(playing: Play, folder: Path, *words: object) -> Any:
    """The command, within this process, as JSON."""
    said = io.StringIO()
    settings = playing.scene.bridge.settings
    config = folder / "movements.toml"
    config.write_text(f'database = "{settings.database}"\n[head_end]\nurl = "{settings.head_end.url}"\n', "utf-8")
    arguments = ["csire-bridge", *map(str, words), "--json", "--config", str(config)]
    with patch.object(sys, "argv", arguments), redirect_stdout(said):
        try:
            main.run()
        except SystemExit as ended:
            assert not ended.code, said.getvalue()
    return json.loads(said.getvalue())


def test_given_a_movement_when_a_person_looks_and_settles_it_then_the_name_is_kept(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        done(playing, "disconnect")
        tell(playing, CONNECTED)
        (found,) = run(playing, tmp_path, "movements", "list")
        looked = run(playing, tmp_path, "movements", "look", found["key"])
        assert looked["supply_on"] is False
        assert looked["settled_by"] == "csire-bridge", "the meter is as the last order has left it"
        playing.scene.head_end.meter(METER).remote_reconnect()
        tell(playing, CONNECTED)
        (found,) = run(playing, tmp_path, "movements", "list")
        assert run(playing, tmp_path, "movements", "look", found["key"])["settled_at"] is None
        run(
            playing,
            tmp_path,
            "movements",
            "settle",
            found["key"],
            "--by",
            "Anna Nowak",
            "--why",
            "the fitter was there",
        )
        assert run(playing, tmp_path, "movements", "list") == []
        assert len(run(playing, tmp_path, "movements", "list", "--all")) == 2


# --- times that are not ours


def test_given_local_time_sent_as_utc_when_read_then_the_alert_names_the_offset_and_closes_when_it_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = hes_messages._stamp

    def ahead(moment: datetime) -> str:
        return stamp(moment + timedelta(hours=2))

    with play(tmp_path) as playing:
        with monkeypatch.context() as wrong:
            wrong.setattr(hes_messages, "_stamp", ahead)
            done(playing, "disconnect")
        told = [text for kind, text in alerts(playing) if kind is AlertKind.FOREIGN_TIMES]
        assert len(told) == 3, "readings, events and replies"
        assert all("2 h 00 min ahead of ours: it seems to send local time as UTC" in text for text in told)
        assert playing.order().executed_from is not None
        done(playing, "reconnect")
        playing.work_until(lambda: all(kind is not AlertKind.FOREIGN_TIMES for kind, _ in alerts(playing)))


def test_given_replies_of_a_clock_that_is_behind_while_meters_are_right_then_an_alert_names_the_offset_until_it_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def behind(raw: bytes, profile: HeadEndProfile) -> Reply:
        reply = parse_reply(raw, profile)
        return replace(reply, told_at=reply.told_at and reply.told_at - timedelta(minutes=4))

    def told() -> list[str]:
        return [text for kind, text in alerts(playing) if kind is AlertKind.FOREIGN_TIMES]

    with play(tmp_path) as playing:
        with monkeypatch.context() as wrong:
            wrong.setattr("csire_bridge.channels.hes.client.parse_reply", behind)
            done(playing, "disconnect")
        (text,) = told()
        assert "the head-end system's replies are 0 h 04 min behind ours" in text
        done(playing, "reconnect")
        playing.work_until(lambda: told() == [])


def test_given_an_order_that_was_done_when_looked_at_then_it_says_from_where_its_time_is(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        done(playing, "disconnect")
        assert playing.order().executed_from == "event of the head-end system"
