"""What the head-end system reports, in both styles of confirmation, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from csire_bridge.channels.hes.client import HeadEndCodes, HeadEndProfile
from csire_bridge.channels.hes.event_reader import read_events
from csire_bridge.domain.errors import NotValid, PartnerFault, Unreadable
from csire_bridge.domain.meter.contactor import NO_METER, ControlState, HeadEndEvent, HeadEndEventKind

PROFILE = HeadEndProfile(endpoint="http://127.0.0.1/hes", reply_address="http://127.0.0.1/hes/events")
NOW = datetime(2026, 3, 1, 13, tzinfo=UTC)


def parse_event(raw: bytes, profile: HeadEndProfile) -> HeadEndEvent:
    (found,) = read_events(raw, profile, NOW)
    return found


def event(
    code: str = "3.31.0.68",
    meter: str = "M-1",
    created: str = "2026-03-01T12:00:00.250+01:00",
    correlation: str = "<CorrelationID>c-1</CorrelationID>",
    details: str = "",
) -> str:
    return f"""<EventMessage xmlns="http://iec.ch/TC57/2011/schema/message">
  <Header><Verb>created</Verb><Noun>EndDeviceEvents</Noun><MessageID>e-1</MessageID>{correlation}</Header>
  <Payload>
    <EndDeviceEvents xmlns="http://iec.ch/TC57/2011/EndDeviceEvents#">
      <EndDeviceEvent>
        <mRID>e-1</mRID>
        <createdDateTime>{created}</createdDateTime>
        <EndDeviceEventType ref="{code}"/>
        <Assets><Names><name>{meter}</name></Names></Assets>
        <reason>why</reason>
        {details}
      </EndDeviceEvent>
    </EndDeviceEvents>
  </Payload>
</EventMessage>"""


def status(value: str) -> str:
    return (
        "<EndDeviceEventDetails><name>Firmware</name><value>7</value></EndDeviceEventDetails>"
        f"<EndDeviceEventDetails><name>Contactor Status</name><value>{value}</value></EndDeviceEventDetails>"
    )


def test_given_an_event_code_when_parsed_then_everything_is_told_in_utc() -> None:
    found = parse_event(event().encode(), PROFILE)
    assert found.kind is HeadEndEventKind.DISCONNECTED
    assert (found.correlation_id, found.meter, found.code, found.text) == ("c-1", "M-1", "3.31.0.68", "why")
    assert found.occurred_at == datetime(2026, 3, 1, 11, 0, 0, 250_000, tzinfo=UTC)
    assert found.contactor is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("3.31.0.42", HeadEndEventKind.CONNECTED),
        ("3.31.0.11", HeadEndEventKind.ARMED),
        ("3.31.0.84", HeadEndEventKind.DISCONNECT_FAILED),
        ("3.31.0.67", HeadEndEventKind.CONNECT_FAILED),
        ("3.31.0.10", HeadEndEventKind.CANCELLED),
        ("3.31.0.44", HeadEndEventKind.PROCESSED),
        ("3.31.0.79", HeadEndEventKind.PROCESSING_FAILED),
        ("3.31.0.23.44", HeadEndEventKind.PROCESSED),
        ("3.31.0.18.79", HeadEndEventKind.PROCESSING_FAILED),
    ],
)
def test_given_either_style_when_parsed_then_the_kind_is_known(code: str, kind: HeadEndEventKind) -> None:
    assert parse_event(event(code).encode(), PROFILE).kind is kind


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("Disconnected", ControlState.DISCONNECTED),
        ("1", ControlState.CONNECTED),
        ("READY FOR RECONNECTION", ControlState.READY_FOR_RECONNECTION),
    ],
)
def test_given_a_contactor_status_when_parsed_then_it_is_translated(word: str, state: ControlState) -> None:
    assert parse_event(event("3.31.0.44", details=status(word)).encode(), PROFILE).contactor is state


@pytest.mark.parametrize(
    ("code", "reason", "permanent"),
    [
        ("3.31.0.84", "Control mode 0", True),
        ("3.31.0.67", "2.4", True),
        ("3.31.0.79", "not authorised", True),
        ("3.31.0.84", "no answer", False),
        ("3.31.0.68", "2.4", False),
    ],
)
def test_given_a_reason_when_parsed_then_only_a_failure_can_be_for_good(
    code: str, reason: str, permanent: bool
) -> None:
    details = f"<EndDeviceEventDetails><name>reason CODE</name><value>{reason}</value></EndDeviceEventDetails>"
    assert parse_event(event(code, details=details).encode(), PROFILE).permanent is permanent


def test_given_an_unsolicited_event_when_parsed_then_it_has_no_correlation() -> None:
    assert parse_event(event("3.31.0.42", correlation="").encode(), PROFILE).correlation_id is None


def test_given_a_soap_envelope_when_parsed_then_its_body_is_read() -> None:
    envelope = (
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{event()}</s:Body></s:Envelope>'
    )
    assert parse_event(envelope.encode(), PROFILE).meter == "M-1"


def test_given_another_product_when_its_codes_are_set_then_they_are_understood() -> None:
    codes = HeadEndCodes(events={"9.9.9.9": HeadEndEventKind.ARMED}, contactor_words={"auf": ControlState.DISCONNECTED})
    profile = HeadEndProfile(endpoint="", reply_address="", codes=codes)
    found = parse_event(event("9.9.9.9", details=status("AUF")).encode(), profile)
    assert (found.kind, found.contactor) == (HeadEndEventKind.ARMED, ControlState.DISCONNECTED)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"hello",
        b"<EventMessage",
        b'<!DOCTYPE x [<!ENTITY a "b">]><x/>',
        b"<a>" * 100_000,
        b"\xff\xfe<\x00a\x00",
        b"<x>" + b" " * 70_000 + b"</x>",
    ],
)
def test_given_bytes_that_are_no_xml_of_ours_when_parsed_then_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        parse_event(raw, PROFILE)


@pytest.mark.parametrize(
    "text",
    [
        "<x/>",
        "<EventMessage/>",
        event(created="yesterday"),
        event().replace("</EndDeviceEvents>", "<EndDeviceEvent/></EndDeviceEvents>"),
        event().replace("EndDeviceEvent>", "EndDeviceEvents>"),
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
    ],
)
def test_given_xml_that_breaks_the_contract_when_parsed_then_not_valid(text: str) -> None:
    with pytest.raises(NotValid) as refused:
        parse_event(text.encode(), PROFILE)
    assert refused.value.problems[0].remedy


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (event("3.31.0.99"), "the code 3.31.0.99 is in no table"),
        (event(""), "the code (none) is in no table"),
        (event(meter="M" * 21), "it names no meter of 1 to 20 characters"),
        (event(created="2026-03-01T12:00:00"), "its time has no zone: set head_end.zone"),
        (event(created="0001-03-01T12:00:00Z"), "its time is no moment of a calendar"),
        (event(details=status("half")), "the contactor status half is in no table"),
        (
            event().replace("</Names>", "</Names><Names><name>M-2</name></Names>"),
            "its meter has several names: set head_end.meter_names to the kind that is the number",
        ),
        (event().replace("<Assets><Names><name>M-1</name></Names></Assets>", ""), "it names no meter of 1 to 20"),
        (event().replace("<Names><name>M-1</name></Names>", "<mRID>M-1</mRID>"), "it names no meter of 1 to 20"),
    ],
)
def test_given_what_cant_be_used_when_parsed_then_it_is_kept_as_unknown_with_the_reason(raw: str, why: str) -> None:
    found = parse_event(raw.encode(), PROFILE)
    assert (found.kind, found.contactor, found.permanent) == (HeadEndEventKind.UNKNOWN, None, False)
    assert found.text.startswith(why)
    assert not found.kind.tells
    assert found.correlation_id == "c-1"


def test_given_four_wrong_values_when_parsed_then_all_are_told() -> None:
    raw = event(code="3.31.0.99", meter="M" * 21, created="2026-03-01T12:00:00", details=status("half")).encode()
    found = parse_event(raw, PROFILE)
    assert found.text.count(";") == 3
    assert (found.meter, found.occurred_at) == (NO_METER, NOW)


@pytest.mark.parametrize("year", ["-0044", "0000", "0001", "9999", "99999"])
def test_given_a_time_outside_the_calendar_when_parsed_then_it_is_not_used(year: str) -> None:
    try:
        found = parse_event(event(created=f"{year}-03-01T12:00:00Z").encode(), PROFILE)
    except PartnerFault as fault:
        assert fault.text
    else:
        assert (found.kind, found.occurred_at) == (HeadEndEventKind.UNKNOWN, NOW)


def test_given_the_end_of_a_day_when_parsed_then_it_is_the_start_of_the_next_one() -> None:
    found = parse_event(event(created="2026-03-01T24:00:00Z").encode(), PROFILE)
    assert found.occurred_at == datetime(2026, 3, 2, tzinfo=UTC)


def test_given_our_id_in_capitals_when_parsed_then_it_is_the_same_id() -> None:
    ours = "825970f3-22cb-489c-ad3d-3d89cbba8f04"
    told = f"<CorrelationID> urn:uuid:{ours.upper()} </CorrelationID>"
    assert parse_event(event(correlation=told).encode(), PROFILE).correlation_id == ours


def test_given_an_id_longer_than_any_of_ours_when_parsed_then_it_answers_no_command() -> None:
    found = parse_event(event(correlation=f"<CorrelationID>{'x' * 65}</CorrelationID>").encode(), PROFILE)
    assert (found.correlation_id, found.kind) == (None, HeadEndEventKind.DISCONNECTED)


_HEADER_PARTS = {
    "<Noun>EndDeviceEvents</Noun>": "<Noun>EndDeviceEvents</Noun><Revision>2.0</Revision><Context>TESTING</Context>"
    "<ReplayDetection><Nonce>1</Nonce><Created>2026-03-01T11:00:00Z</Created></ReplayDetection>",
    "</Header>": "<Comment>x</Comment><Property><Name>a</Name></Property><x xmlns='urn:theirs'/></Header>",
    "<Header>": "<Header><Revision>2.0</Revision>",
}
_RECORD_PARTS = {
    "<reason>": "<issuerID>HES</issuerID><severity>high</severity><userID>u</userID><reason>",
    "<Assets>": "<Assets><mRID>m</mRID>",
    "</name></Names>": "</name><NameType><name>serial</name></NameType></Names>",
    "</EndDeviceEvent>": "<status><value>ok</value></status><UsagePoint><mRID>p</mRID></UsagePoint></EndDeviceEvent>",
    "<EndDeviceEvent>": "<EndDeviceEvent><aliasName>x</aliasName>",
    "<mRID>": "<surprise kind='new'/><x xmlns='urn:theirs'/><mRID>",
    "<Payload>": "<Payload><OperationSet/><Compressed/>",
    "</Payload>": "</Payload><Reply/>",
}


@pytest.mark.parametrize(("before", "after"), [*_HEADER_PARTS.items(), *_RECORD_PARTS.items()])
def test_given_parts_that_the_standard_has_and_we_do_not_read_when_parsed_then_they_are_left_out(
    before: str, after: str
) -> None:
    plain = parse_event(event().encode(), PROFILE)
    assert parse_event(event().replace(before, after).encode(), PROFILE) == plain


def test_given_the_record_in_another_order_when_parsed_then_it_is_the_same() -> None:
    kind = '<EndDeviceEventType ref="3.31.0.68"/>'
    other = event().replace(kind, "").replace("</EndDeviceEvent>", f"{kind}</EndDeviceEvent>")
    assert parse_event(other.encode(), PROFILE) == parse_event(event().encode(), PROFILE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<createdDateTime>", "<createdDateTime>2026-03-01T12:00:00Z</createdDateTime><createdDateTime>"),
        ("</Assets>", "</Assets><Assets><Names><name>M-2</name></Names></Assets>"),
        ('<EndDeviceEventType ref="3.31.0.68"/>', '<EndDeviceEventType ref="3.31.0.68"/>' * 2),
        ('<EndDeviceEventType ref="3.31.0.68"/>', ""),
    ],
    ids=["a time twice", "two meters", "two codes", "no code"],
)
def test_given_parts_that_we_do_read_missing_or_twice_when_parsed_then_it_stays_refused(
    before: str, after: str
) -> None:
    with pytest.raises(NotValid):
        parse_event(event().replace(before, after).encode(), PROFILE)
