"""Messages of head-end systems of other makes, as the standard allows them: what is read of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from csire_bridge.channels.hes.event_reader import MOST_EVENTS, read_events
from csire_bridge.channels.hes.profile import HeadEndProfile
from csire_bridge.domain.errors import NotValid
from csire_bridge.domain.meter.contactor import NO_METER, HeadEndEvent, HeadEndEventKind

PROFILE = HeadEndProfile(endpoint="http://127.0.0.1/hes", reply_address="http://127.0.0.1/hes/events")
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
OURS = "825970f3-22cb-489c-ad3d-3d89cbba8f04"
K = HeadEndEventKind

HEADER = f"""<Verb>created</Verb><Noun>EndDeviceEvents</Noun><Revision>2.0</Revision><Context>PRODUCTION</Context>
<Timestamp>2026-11-28T11:00:05Z</Timestamp><Source>HES</Source><AckRequired>false</AckRequired>
<User><UserID>hes</UserID><Organization>x</Organization></User><MessageID>m-1</MessageID>
<CorrelationID>{OURS}</CorrelationID><Comment>nothing</Comment><Property><Name>a</Name><Value>b</Value></Property>"""


def record(code: str = "3.31.0.68", meter: str = "M-1", at: str = "2026-11-28T11:00:00Z") -> str:
    """A record in the published order of IEC 61968-9, with everything that it may have."""
    return f"""<EndDeviceEvent><mRID>{code}-{meter}</mRID><createdDateTime>{at}</createdDateTime>
<issuerID>HES</issuerID><issuerTrackingID>7</issuerTrackingID><reason>why</reason><severity>high</severity>
<userID>u</userID><Assets><mRID>5f8e</mRID><Names><name>{meter}</name><NameType><description>d</description>
<name>SerialNumber</name><NameTypeAuthority><name>DSO</name></NameTypeAuthority></NameType></Names></Assets>
<EndDeviceEventDetails><name>Firmware</name><value>7</value></EndDeviceEventDetails>
<EndDeviceEventType ref="{code}"/><Names><name>e</name></Names><status><value>ok</value></status>
<UsagePoint><mRID>p</mRID></UsagePoint></EndDeviceEvent>"""


def message(
    *records: str, root: str = "EventMessage", namespace: str = "http://iec.ch/TC57/2011/schema/message"
) -> bytes:
    return f"""<x:{root} xmlns:x="{namespace}" xmlns="http://iec.ch/TC57/2011/schema/message">
<x:Header>{HEADER}</x:Header><x:Payload><EndDeviceEvents xmlns="http://iec.ch/TC57/2011/EndDeviceEvents#">
{"".join(records)}</EndDeviceEvents></x:Payload></x:{root}>""".encode()


def answer(result: str, errors: str = "", payload: str = "") -> bytes:
    return f"""<ResponseMessage xmlns="http://iec.ch/TC57/2011/schema/message"><Header><Verb>reply</Verb>
<Noun>EndDeviceControls</Noun><Timestamp>2026-11-28T11:30:00Z</Timestamp><CorrelationID>{OURS}</CorrelationID></Header>
<Reply><Result>{result}</Result>{errors}</Reply>{payload}</ResponseMessage>""".encode()


def error(code: str) -> str:
    return f"<Error><code>{code}</code><level>FATAL</level><reason>no such meter</reason><details>d</details></Error>"


ECHO = """<Payload><EndDeviceControls xmlns="http://iec.ch/TC57/2011/EndDeviceControls#"><EndDeviceControl>
<EndDeviceControlType ref="3.31.0.23"/><EndDevices><Names><name>M-1</name></Names></EndDevices></EndDeviceControl>
</EndDeviceControls></Payload>"""
WRAPPERS = ("http://iec.ch/TC57/2011/EndDeviceEventsMessage", "http://www.iec.ch/TC57/2011/EndDeviceEventsMessage")


def told(events: list[HeadEndEvent]) -> list[tuple[str, str]]:
    return [(event.kind, event.meter) for event in events]


@pytest.mark.parametrize(
    "raw",
    [
        message(record()),
        message(record()).replace(b"</EndDeviceEvent>", b"<extension xmlns='urn:product'/></EndDeviceEvent>"),
        *(message(record(), root="CreatedEndDeviceEvents", namespace=namespace) for namespace in WRAPPERS),
    ],
    ids=["everything", "an extension", "CreatedEndDeviceEvents", "the same with www"],
)
def test_given_everything_that_the_standard_allows_then_the_event_is_read(raw: bytes) -> None:
    (found,) = read_events(raw, PROFILE, NOW)
    assert (found.kind, found.meter, found.correlation_id, found.text) == (K.DISCONNECTED, "M-1", OURS, "why")
    assert found.occurred_at == datetime(2026, 11, 28, 11, tzinfo=UTC)


def test_given_several_events_in_one_message_then_each_is_one_and_one_that_is_unknown_spoils_no_other() -> None:
    raw = message(record(), record("3.2.22.150", "M-2"), record("3.31.0.42", "M-3"))
    assert told(read_events(raw, PROFILE, NOW)) == [(K.DISCONNECTED, "M-1"), (K.UNKNOWN, "M-2"), (K.CONNECTED, "M-3")]


def test_given_more_events_than_are_taken_in_one_message_then_it_is_refused_in_words() -> None:
    short = (
        "<EndDeviceEvent><createdDateTime>2026-11-28T11:00:00Z</createdDateTime>"
        '<EndDeviceEventType ref="3.31.0.68"/></EndDeviceEvent>'
    )
    assert len(read_events(message(*[short] * MOST_EVENTS), PROFILE, NOW)) == MOST_EVENTS
    with pytest.raises(NotValid, match=f"{MOST_EVENTS + 1} events, and 1 to {MOST_EVENTS}"):
        read_events(message(*[short] * (MOST_EVENTS + 1)), PROFILE, NOW)
    with pytest.raises(NotValid):
        read_events(message(), PROFILE, NOW)


NAMES = """<Names><name>EUI-1</name><NameType><name>EUI64</name></NameType></Names><Names><name>M-1</name>
<NameType><name>SerialNumber</name></NameType></Names><Names><name>alias</name></Names>"""


@pytest.mark.parametrize(
    ("kinds", "meter"),
    [(("serialnumber",), "M-1"), (("none", "EUI64"), "EUI-1"), (("none",), NO_METER), ((), "alias")],
)
def test_given_several_names_then_the_setting_says_which_of_them_is_the_number(
    kinds: tuple[str, ...], meter: str
) -> None:
    raw = message(record()).decode()
    start, end = raw.index("<Names>"), raw.index("</Names></Assets>") + len("</Names>")
    (found,) = read_events((raw[:start] + NAMES + raw[end:]).encode(), replace(PROFILE, meter_names=kinds), NOW)
    assert found.meter == meter
    assert (found.kind is K.UNKNOWN) is (meter == NO_METER)


@pytest.mark.parametrize(
    ("raw", "kind", "meter", "permanent"),
    [
        (answer("OK"), K.ANSWERED, NO_METER, False),
        (answer("OK", payload=ECHO), K.ANSWERED, "M-1", False),
        (answer("OK", payload="<Payload/>"), K.ANSWERED, NO_METER, False),
        (answer("PARTIAL", payload=ECHO), K.ANSWERED, "M-1", False),
        (answer("FAILED", error("2.4")), K.ANSWERED, NO_METER, False),
        (answer("FAILED", error("2.4"), ECHO), K.PROCESSING_FAILED, "M-1", True),
        (answer("FAILED", error("9.9"), ECHO), K.PROCESSING_FAILED, "M-1", False),
    ],
)
def test_given_a_reply_that_comes_later_then_it_says_no_more_than_it_proves(
    raw: bytes, kind: HeadEndEventKind, meter: str, permanent: bool
) -> None:
    (found,) = read_events(raw, PROFILE, NOW)
    assert (found.kind, found.meter, found.permanent, found.correlation_id) == (kind, meter, permanent, OURS)
    assert found.kind.tells is (kind is K.PROCESSING_FAILED)


WARSAW = ZoneInfo("Europe/Warsaw")


@pytest.mark.parametrize(
    ("told_at", "came_at", "moment"),
    [
        ("2026-11-28T12:00:00", NOW, "2026-11-28T11:00:00Z"),
        ("2026-11-28T12:00:00+02:00", NOW, "2026-11-28T10:00:00Z"),
        ("2026-07-01T12:00:00.5", datetime(2026, 7, 1, 11, tzinfo=UTC), "2026-07-01T10:00:00.500Z"),
        ("2026-10-25T02:30:00", datetime(2026, 10, 25, 0, 31, tzinfo=UTC), "2026-10-25T00:30:00Z"),
        ("2026-10-25T02:30:00", datetime(2026, 10, 25, 1, 31, tzinfo=UTC), "2026-10-25T01:30:00Z"),
        ("2026-03-29T02:30:00", NOW, None),
    ],
)
def test_given_a_zone_then_times_without_one_are_read_in_it(
    told_at: str, came_at: datetime, moment: str | None
) -> None:
    (found,) = read_events(message(record(at=told_at)), replace(PROFILE, zone=WARSAW), came_at)
    if moment is None:
        assert (found.kind, found.occurred_at) == (K.UNKNOWN, came_at)
    else:
        assert found.occurred_at == datetime.fromisoformat(moment)
        assert found.kind is K.DISCONNECTED
