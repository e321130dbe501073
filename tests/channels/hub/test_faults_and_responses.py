"""What the hub's faults and a gateway's answers mean; and how a document's bytes get into an envelope and out again."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree

from csire_bridge.channels.hub.faults import (
    FAULTS,
    FaultRule,
    HubFault,
    Meaning,
    Operation,
    failure_of_status,
)
from csire_bridge.channels.hub.payload_bytes import bare, original_bytes, payload_bytes, splice
from csire_bridge.channels.hub.profile import HubProfile
from csire_bridge.channels.hub.responses import salvage
from csire_bridge.channels.transport.outbound.failures import Later, retry_after
from csire_bridge.channels.transport.redact import excerpt, redacted
from csire_bridge.domain.errors import (
    BridgeError,
    ConfigurationError,
    OutcomeUnknown,
    PartnerRefused,
    PartnerUnreachable,
)
from csire_bridge.xml.parser import parse

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SLOW = timedelta(minutes=15)
PERMANENT = ("001", "003", "004", "008", "009", "010", "011")


def error_of(code: str, operation: Operation = Operation.SEND, soap_code: str = "Receiver") -> BridgeError:
    return HubFault(code, "a text of the hub", soap_code).error(operation, FAULTS, SLOW)


def test_given_the_table_when_looked_at_then_it_has_the_hubs_twelve_codes() -> None:
    assert sorted(FAULTS) == [f"MHB.MHD.{n:03}" for n in range(12)]
    assert all(rule.text and rule.remedy for rule in FAULTS.values())


def test_given_an_unspecified_error_when_sent_then_it_is_tried_again() -> None:
    error = error_of("MHB.MHD.000")
    assert type(error) is PartnerUnreachable
    assert "a text of the hub" in error.text


def test_given_a_hub_that_is_not_set_up_when_sent_then_it_is_tried_again_slowly() -> None:
    error = error_of("MHB.MHD.002")
    assert isinstance(error, Later)
    assert error.wait == SLOW


def test_given_a_back_end_time_out_when_sent_or_dequeued_then_the_outcome_is_unknown() -> None:
    assert type(error_of("MHB.MHD.005")) is OutcomeUnknown
    assert type(error_of("MHB.MHD.005", Operation.DEQUEUE)) is OutcomeUnknown


def test_given_a_back_end_time_out_when_peeked_then_nothing_happened() -> None:
    assert type(error_of("MHB.MHD.005", Operation.PEEK)) is PartnerUnreachable


@pytest.mark.parametrize("number", PERMANENT)
def test_given_a_permanent_fault_when_sent_then_it_is_refused_with_its_code(number: str) -> None:
    error = error_of(f"MHB.MHD.{number}")
    assert isinstance(error, PartnerRefused)
    assert error.code == f"MHB.MHD.{number}"
    assert error.remedy


@pytest.mark.parametrize("operation", list(Operation))
def test_given_a_known_id_when_asked_then_it_means_something_for_documents_only(operation: Operation) -> None:
    expected = Meaning.ID_KNOWN if operation in (Operation.SEND, Operation.PROCESS) else Meaning.FOR_GOOD
    assert HubFault("MHB.MHD.006", "").meaning(operation) is expected


@pytest.mark.parametrize("operation", list(Operation))
def test_given_an_unknown_reference_when_asked_then_it_means_gone_for_a_dequeue_only(operation: Operation) -> None:
    expected = Meaning.REFERENCE_GONE if operation is Operation.DEQUEUE else Meaning.FOR_GOOD
    assert HubFault("MHB.MHD.007", "").meaning(operation) is expected


def test_given_a_code_that_nobody_listed_when_sent_then_it_is_refused() -> None:
    error = error_of("PL.XYZ.99")
    assert isinstance(error, PartnerRefused)
    assert error.code == "PL.XYZ.99"


def test_given_a_table_of_another_hub_when_sent_then_it_decides() -> None:
    table = {"PL.1": FaultRule(Meaning.RETRY, "busy", "wait")}
    assert type(HubFault("PL.1", "").error(Operation.SEND, table, SLOW)) is PartnerUnreachable


@pytest.mark.parametrize(("soap_code", "kind"), [("Receiver", OutcomeUnknown), ("Server", OutcomeUnknown)])
def test_given_a_fault_without_code_that_blames_the_hub_then_unknown(soap_code: str, kind: type[BridgeError]) -> None:
    assert type(error_of("", soap_code=soap_code)) is kind


@pytest.mark.parametrize("soap_code", ["Sender", "Client", "MustUnderstand", ""])
def test_given_a_fault_without_code_that_blames_us_then_refused(soap_code: str) -> None:
    assert type(error_of("", soap_code=soap_code)) is PartnerRefused


@pytest.mark.parametrize(
    ("status", "header", "operation", "kind"),
    [
        (503, "120", Operation.SEND, Later),
        (429, "120", Operation.SEND, Later),
        (429, None, Operation.SEND, PartnerUnreachable),
        (503, None, Operation.SEND, OutcomeUnknown),
        (503, "soon", Operation.SEND, OutcomeUnknown),
        (500, None, Operation.SEND, OutcomeUnknown),
        (502, None, Operation.DEQUEUE, OutcomeUnknown),
        (502, None, Operation.PEEK, PartnerUnreachable),
        (504, "5", Operation.SEND, OutcomeUnknown),
        (200, None, Operation.SEND, OutcomeUnknown),
        (200, None, Operation.PEEK, PartnerUnreachable),
        (302, None, Operation.SEND, PartnerUnreachable),
        (401, None, Operation.SEND, PartnerUnreachable),
        (404, None, Operation.SEND, PartnerUnreachable),
        (413, None, Operation.SEND, PartnerRefused),
    ],
)
def test_given_an_answer_that_is_not_the_hubs_then_its_status_says_whether_the_request_arrived(
    status: int, header: str | None, operation: Operation, kind: type[BridgeError]
) -> None:
    assert type(failure_of_status(operation, status, header, "why", NOW)) is kind


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("99999999999999999999", 86400),
        ("Mon, 23 Nov 2026 09:01:00 GMT", 60),
        ("Mon, 23 Nov 2026 08:00:00 GMT", 0),
        ("Mon, 23 Nov 2099 08:00:00 GMT", 86400),
    ],
)
def test_given_a_retry_after_when_read_then_it_is_a_pause_of_a_day_at_most(header: str, seconds: int) -> None:
    assert retry_after(header, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("header", ["", "soon", "-5", "1.5", "Mon, 99 Foo", "²"])
def test_given_a_retry_after_that_says_nothing_when_read_then_there_is_none(header: str) -> None:
    assert retry_after(header, NOW) is None


# --- the profile


def test_given_tenant_and_user_when_the_endpoint_is_built_then_both_are_escaped_in_it() -> None:
    profile = HubProfile(url="https://hub.example/", tenant="OSD 1", user="a&b")
    assert profile.endpoint == "https://hub.example/soap/OSD%201?organisationUser=a%26b"


def test_given_no_tenant_when_the_endpoint_is_built_then_the_url_is_taken_as_it_is() -> None:
    assert HubProfile(url="https://hub.example/soap/X?organisationUser=y").endpoint.endswith(
        "/soap/X?organisationUser=y"
    )


@pytest.mark.parametrize(
    "url", ["", "hub.example", "ftp://hub.example", "http://hub.example", "https://", "https://h:port/", "https://[::1"]
)
def test_given_no_safe_address_when_the_profile_is_made_then_it_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        HubProfile(url=url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "http://localhost/x", "http://[::1]:1/x"])
def test_given_this_machine_when_the_profile_is_made_then_plain_http_is_let_pass(url: str) -> None:
    assert HubProfile(url=url).endpoint == url


def test_given_a_tls_file_that_is_not_there_when_the_profile_is_made_then_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nobody\.pem"):
        HubProfile(url="https://hub.example", ca_bundle=tmp_path / "nobody.pem")


def test_given_a_user_without_tenant_when_the_profile_is_made_then_it_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        HubProfile(url="https://hub.example", user="u")


# --- bytes in envelopes

_ENVELOPE = (
    b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>'
    b'<c:SendMessageRequest xmlns:c="urn:cms:b2b:v01">'
    b"<c:MessageContainer><c:Payload>%s</c:Payload></c:MessageContainer></c:SendMessageRequest></e:Body></e:Envelope>"
)
_ODD = "<a  b='1'   xmlns:x = \"urn:x\"><Payload>&#65;\r\n<!-- ż --><x:Payload/></Payload></a>".encode()


@pytest.mark.parametrize(
    "document",
    [
        _ODD,
        b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- hello -->\n' + _ODD + b"\n",
        b"\xef\xbb\xbf<?xml version='1.0'?>" + _ODD,
    ],
)
def test_given_a_document_when_put_into_an_envelope_and_taken_out_then_its_bytes_are_the_same(document: bytes) -> None:
    spliced = splice(parse(_ENVELOPE % b"<other/>"), document)
    assert payload_bytes(spliced) == bare(document) == _ODD
    inside = next(parse(spliced).iter("a"))
    assert original_bytes(inside, spliced) == _ODD


def test_given_an_envelope_without_a_document_when_one_is_put_in_then_it_is_an_error() -> None:
    with pytest.raises(ValueError, match="no payload"):
        splice(parse(_ENVELOPE % b""), _ODD)


def test_given_a_document_that_needs_the_envelopes_namespaces_when_taken_out_then_it_is_written_anew() -> None:
    raw = _ENVELOPE % b"<c:Own/>"
    inside = next(parse(raw).iter("{*}Own"))
    written = original_bytes(inside, raw)
    assert parse(written).tag == "{urn:cms:b2b:v01}Own"


def test_given_a_decoy_before_the_payload_when_taken_out_then_the_document_counts_not_the_decoy() -> None:
    raw = (_ENVELOPE % b"<a>1</a>").replace(b"<e:Body>", b"<e:Header><Payload><a>2</a></Payload></e:Header><e:Body>")
    inside = next(parse(raw).iter("{urn:cms:b2b:v01}Payload"))[0]
    assert etree.fromstring(original_bytes(inside, raw)).text == "1"


# --- what can't be parsed

_PEEKED = (
    b"<s:Envelope><s:Body><c:PeekMessageResponse><c:MessageContainer>%s<c:Payload>%s</c:Payload>"
    b"</c:MessageContainer></c:PeekMessageResponse></s:Body></s:Envelope>\n"
)
_NUMBER = b"<c:DocumentReferenceNumber>%s</c:DocumentReferenceNumber>"
_ID = b"0e7397e7-a2cc-45cf-8ea1-5554fc18c029"


def test_given_an_unreadable_message_when_rescued_then_the_containers_reference_is_found() -> None:
    found = salvage(_PEEKED % (_NUMBER % b" DOC-1 ", b"<not xml"), "why")
    assert found is not None
    assert (found.reference, found.payload, found.problem) == ("DOC-1", None, "why")


def test_given_no_reference_in_the_container_when_rescued_then_the_message_id_is_found() -> None:
    found = salvage(_PEEKED % (b"", b"<t:MessageId>" + _ID + b"</t:MessageId><not xml"), "why")
    assert found is not None
    assert found.reference == _ID.decode()


def test_given_a_reference_in_the_payload_only_when_rescued_then_it_is_not_believed() -> None:
    found = salvage(_PEEKED % (b"", (_NUMBER % b"DOC-2") + b"<not xml"), "why")
    assert found is not None
    assert found.reference is None


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_given_an_answer_that_was_cut_off_when_rescued_then_it_is_no_message(cut: int) -> None:
    whole = (_PEEKED % (_NUMBER % b"DOC-1", b"<not xml" * 20)).rstrip()
    assert salvage(whole[:-cut], "why") is None


@pytest.mark.timeout(20)
def test_given_hostile_bytes_when_rescued_then_it_takes_no_time() -> None:
    for part in (b"<PeekMessageResponse", b"<Payload>", b"<DocumentReferenceNumber ", b"<a:Payload ", b"</Envelope"):
        flood = part * (2_000_000 // len(part))
        salvage(flood, "why")
        salvage(_PEEKED % (flood, b""), "why")
        payload_bytes(flood)


def test_given_random_bytes_when_rescued_then_nothing_breaks() -> None:
    dice = random.Random(1)  # noqa: S311
    pieces = [b"<", b">", b"</", b"c:", b"Payload", b"DocumentReferenceNumber", b"\xff", b"&", b"Envelope>", b"x" * 300]
    for _ in range(2000):
        raw = b"<PeekMessageResponse" + b"".join(dice.choices(pieces, k=12)) + b"</Envelope>"
        found = salvage(raw, "why")
        assert found is None or found.reference is None or found.reference.strip()


# --- words for people


def test_given_a_gateways_page_when_told_to_a_person_then_it_is_one_short_line_without_tags() -> None:
    page = b"<html>\n<h1>502 Bad\x1b[31m\tGateway</h1>" + b"x" * 500 + b"</html>"
    told = excerpt(page)
    assert told.startswith("502 Bad [31m Gateway")
    assert (len(told), told.isprintable()) == (160, True)
    assert excerpt(bytes(range(14))) == "(nothing readable)"


def test_given_a_broken_envelope_when_told_to_a_person_then_nothing_of_the_message_is_told() -> None:
    assert "590" not in excerpt(b"<s:Envelope><MeteringPointCode>590243856287817706</MeteringPointCode>")


def test_given_a_metering_point_code_when_told_to_a_person_then_four_digits_are_left() -> None:
    assert redacted("point 590243856287817706 is unknown") == "point ...7706 is unknown"
