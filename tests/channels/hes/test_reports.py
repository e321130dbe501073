"""What the head-end system reports twice, unasked, under a wrong name or in two styles, and what orders make of it."""

from __future__ import annotations

import http.client
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from csire_bridge.domain.order.order import OrderState, Outcome
from csire_bridge.lab.simulators.hes.simulator import Fault
from csire_bridge.store.tables import head_end_events
from tests.support.bridge import METER, Play, play
from tests.support.patience import PATIENCE

LONG = 3600.0
"""Nothing would happen in time without an event."""


def reported(playing: Play) -> list[str]:
    return [line.text for line in playing.history() if line.text.startswith("head-end system reports")]


def stored(playing: Play) -> int:
    with playing.scene.bridge.database.reading() as connection:
        return connection.execute(select(func.count()).select_from(head_end_events)).scalar() or 0


def test_given_a_duplicated_event_then_both_are_kept_and_the_history_has_one_line(tmp_path: Path) -> None:
    with play(tmp_path, response=LONG) as playing:
        playing.scene.head_end.faults.duplicate.add(METER)
        playing.send("disconnect")
        playing.work_until_state(OrderState.DONE)
        playing.work_until(lambda: stored(playing) == 2)
        assert len(reported(playing)) == 1


@pytest.mark.parametrize("fault", [Fault.EARLY, Fault.STRAY, Fault.LATE])
def test_given_an_early_a_stray_or_a_late_event_then_the_order_is_done_long_before_its_time(
    tmp_path: Path, fault: Fault
) -> None:
    with play(tmp_path, response=LONG) as playing:
        playing.scene.head_end.faults.late_seconds = 0.2
        playing.scene.head_end.faults.rule(fault).add(METER)
        playing.send("disconnect")
        order = playing.work_until_state(OrderState.DONE)
        assert len(reported(playing)) == (0 if fault is Fault.STRAY else 1)
        assert (order.executed_at == order.verified_at) is (fault is Fault.STRAY), "a stray event tells no time"


def test_given_an_armed_meter_when_its_button_is_pressed_then_the_unsolicited_event_wakes_the_order(
    tmp_path: Path,
) -> None:
    with play(tmp_path, mode=1, connected=False, response=LONG) as playing:
        playing.send("reconnect")
        playing.work_until_state(OrderState.ARMED)
        playing.scene.head_end.press_button(METER)
        assert playing.work_until_state(OrderState.DONE).outcome is Outcome.CONNECTED


def post(playing: Play, code: str, at: datetime, meter: str = METER) -> None:
    """Report an event about the order's command."""
    body = f"""<EventMessage xmlns="http://iec.ch/TC57/2011/schema/message"><Header><Verb>created</Verb>
        <Noun>EndDeviceEvents</Noun><CorrelationID>{playing.order().correlation_id}</CorrelationID></Header><Payload>
        <EndDeviceEvents xmlns="http://iec.ch/TC57/2011/EndDeviceEvents#"><EndDeviceEvent>
        <createdDateTime>{at.isoformat()}</createdDateTime><EndDeviceEventType ref="{code}"/>
        <Assets><Names><name>{meter}</name></Names></Assets></EndDeviceEvent></EndDeviceEvents></Payload>
        </EventMessage>"""
    door = urlsplit(playing.scene.bridge.head_end_profile.reply_address)
    connection = http.client.HTTPConnection(door.netloc, timeout=PATIENCE)
    connection.request("POST", f"{door.path}?{door.query}", body)
    assert connection.getresponse().status == 200
    connection.close()


def test_given_an_event_that_names_another_meter_then_it_joins_nothing_and_is_kept(tmp_path: Path) -> None:
    with play(tmp_path, response=LONG) as playing:
        playing.scene.head_end.faults.ignored.add(METER)
        playing.send("disconnect")
        playing.work_until_state(OrderState.SUBMITTED)
        post(playing, "3.31.0.68", datetime.now(UTC), meter="ANOTHER")
        assert (stored(playing), reported(playing), playing.order().state) == (1, [], OrderState.SUBMITTED)


@pytest.mark.parametrize("codes", [("3.31.0.44", "3.31.0.68"), ("3.31.0.68", "3.31.0.23.44")])
def test_given_both_styles_for_one_command_then_one_outcome_at_the_time_of_the_movement(
    tmp_path: Path, codes: tuple[str, str]
) -> None:
    with play(tmp_path, response=LONG) as playing:
        playing.scene.head_end.faults.silent.add(METER)
        playing.send("disconnect")
        playing.work_until_state(OrderState.SUBMITTED)
        playing.work_until(lambda: playing.scene.head_end.meter(METER).switches == 1)
        moved = datetime.now(UTC).replace(microsecond=0)
        times = {"3.31.0.68": moved}
        for code in codes:
            post(playing, code, times.get(code, moved + timedelta(seconds=40)))
        assert playing.work_until_state(OrderState.DONE).executed_at == moved
        playing.work_until(lambda: playing.answers() == ["8.1.1.11"])
