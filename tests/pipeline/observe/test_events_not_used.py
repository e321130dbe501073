"""Reports of the head-end system that can't be used, and replies that come later: kept, told once, never believed."""

from __future__ import annotations

import http.client
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import select

from csire_bridge.domain.meter.contactor import HeadEndEventKind
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.order.order import OrderState
from csire_bridge.store.queries.alerts.alert_conditions import standing
from csire_bridge.store.tables import head_end_events
from tests.support.bridge import METER, Play, play
from tests.support.patience import PATIENCE

LONG = 3600.0
"""Nothing would happen in time without a report."""

MESSAGE, EVENTS = "http://iec.ch/TC57/2011/schema/message", "http://iec.ch/TC57/2011/EndDeviceEvents#"


def post(playing: Play, body: str) -> int:
    door = urlsplit(playing.scene.bridge.head_end_profile.reply_address)
    connection = http.client.HTTPConnection(door.netloc, timeout=PATIENCE)
    connection.request("POST", f"{door.path}?{door.query}", body)
    status = connection.getresponse().status
    connection.close()
    return status


def header(playing: Play) -> str:
    id_ = playing.order().correlation_id
    return f"<Header><Verb>created</Verb><Noun>EndDeviceEvents</Noun><CorrelationID>{id_}</CorrelationID></Header>"


def event(code: str, meter: str = METER) -> str:
    return f"""<EndDeviceEvent><createdDateTime>{datetime.now(UTC).isoformat()}</createdDateTime>
        <EndDeviceEventType ref="{code}"/><Assets><Names><name>{meter}</name></Names></Assets></EndDeviceEvent>"""


def events(playing: Play, *records: str) -> str:
    inside = "".join(records)
    return f"""<EventMessage xmlns="{MESSAGE}">{header(playing)}<Payload><EndDeviceEvents xmlns="{EVENTS}">{inside}
        </EndDeviceEvents></Payload></EventMessage>"""


def reply(playing: Play, result: str) -> str:
    return f"""<ResponseMessage xmlns="{MESSAGE}">{header(playing)}<Reply><Result>{result}</Result></Reply>
        </ResponseMessage>"""


def kinds(playing: Play) -> list[str]:
    with playing.scene.bridge.database.reading() as connection:
        return list(connection.execute(select(head_end_events.c.kind).order_by(head_end_events.c.key)).scalars())


def told(playing: Play) -> list[tuple[str, str]]:
    now, day = datetime.now(UTC), timedelta(days=1)
    with playing.scene.bridge.database.reading() as connection:
        found = [a for a in standing(connection, now, day, day, day) if a.kind is AlertKind.EVENTS_NOT_USED]
    return [(alert.words, alert.detail) for alert in found]


def test_given_an_unknown_code_when_it_comes_again_and_again_then_it_is_stored_answered_and_told_once(
    tmp_path: Path,
) -> None:
    with play(tmp_path, response=LONG) as playing:
        playing.scene.head_end.faults.silent.add(METER)
        playing.send("disconnect")
        playing.work_until_state(OrderState.SUBMITTED)
        assert [post(playing, events(playing, event("3.2.22.150"))) for _ in range(3)] == [200] * 3
        assert kinds(playing) == ["unknown"] * 3
        words = "the head-end system reports what can't be used: the code 3.2.22.150 is in no table"
        assert told(playing) == [(words, "3 of them")]
        order = playing.work_until_state(OrderState.DONE)
        assert order.executed_at == order.verified_at, "the contactor was read; what can't be used tells no time"


def test_given_an_unknown_code_about_a_meter_that_did_not_move_then_its_order_is_not_done(tmp_path: Path) -> None:
    with play(tmp_path, response=LONG) as playing:
        playing.scene.head_end.faults.ignored.add(METER)
        playing.send("disconnect")
        playing.work_until_state(OrderState.SUBMITTED)
        assert post(playing, events(playing, event("3.31.0.6800"))) == 200
        playing.work_until(lambda: len(playing.history()) > 3)
        assert playing.order().state is OrderState.SUBMITTED
        (line,) = [line.text for line in playing.history() if "can't be used" in line.text]
        assert line == "head-end system reports something that can't be used: the code 3.31.0.6800 is in no table"


def test_given_several_events_in_one_message_then_each_is_stored_and_the_one_about_the_order_counts(
    tmp_path: Path,
) -> None:
    with play(tmp_path, response=LONG) as playing:
        playing.scene.head_end.faults.silent.add(METER)
        playing.send("disconnect")
        playing.work_until_state(OrderState.SUBMITTED)
        playing.work_until(lambda: playing.scene.head_end.meter(METER).switches == 1)
        body = events(playing, event("3.31.0.42", "ANOTHER"), event("9.9.9.9", "ANOTHER"), event("3.31.0.68"))
        assert post(playing, body) == 200
        assert kinds(playing) == ["connected", "unknown", "disconnected"]
        order = playing.work_until_state(OrderState.DONE)
        assert [line.text for line in playing.history() if "reports" in line.text] == [
            "head-end system reports disconnected (3.31.0.68)"
        ]
        assert order.executed_at is not None


def test_given_a_later_reply_that_all_is_well_when_the_contactor_did_not_move_then_the_order_is_not_done(
    tmp_path: Path,
) -> None:
    with play(tmp_path, response=LONG) as playing:
        playing.scene.head_end.faults.ignored.add(METER)
        playing.send("disconnect")
        playing.work_until_state(OrderState.SUBMITTED)
        assert post(playing, reply(playing, "OK")) == 200
        playing.work_until(lambda: any("replies later: OK" in line.text for line in playing.history()))
        playing.work_until(lambda: len(playing.history()) > 4 or playing.order().state is not OrderState.SUBMITTED)
        assert playing.order().state is not OrderState.DONE


def test_given_a_later_reply_when_the_contactor_moved_then_the_order_is_done_at_the_time_of_the_reading(
    tmp_path: Path,
) -> None:
    with play(tmp_path, response=LONG) as playing:
        playing.scene.head_end.faults.silent.add(METER)
        playing.send("disconnect")
        playing.work_until_state(OrderState.SUBMITTED)
        playing.work_until(lambda: playing.scene.head_end.meter(METER).switches == 1)
        assert post(playing, reply(playing, "OK")) == 200
        order = playing.work_until_state(OrderState.DONE)
        assert order.executed_at == order.verified_at, "a reply's time is when it was written"


def test_given_a_later_refusal_that_names_no_meter_then_it_is_no_failure_of_the_order(tmp_path: Path) -> None:
    with play(tmp_path, response=LONG) as playing:
        playing.scene.head_end.faults.silent.add(METER)
        playing.send("disconnect")
        playing.work_until_state(OrderState.SUBMITTED)
        playing.work_until(lambda: playing.scene.head_end.meter(METER).switches == 1)
        assert post(playing, reply(playing, "FAILED")) == 200
        assert kinds(playing) == [HeadEndEventKind.ANSWERED]
        assert playing.work_until_state(OrderState.DONE).executed_at is not None
