"""Every door that speaks SOAP answers in the version in which it was asked, and says by name what it can't read."""

from __future__ import annotations

import functools
import gzip
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from lxml import etree

from csire_bridge.config.private_files import write_private
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import serialise
from csire_bridge.xml.security.ws_security.soap_envelope import is_secured
from csire_bridge.xml.security.ws_security.wss import sign_envelope
from csire_bridge.xml.soap import Soap, version_of
from tests.support.sid import plain_http, submission
from tests.support.webhook import Scene, bare, now, receipt_of, running, tree, wrapped

V11, V12 = (version.value.encode() for version in Soap)
BOTH = pytest.mark.parametrize("version", Soap)
EVENT = b"""<EventMessage xmlns="http://iec.ch/TC57/2011/schema/message"><Header><Verb>created</Verb>
<Noun>EndDeviceEvents</Noun></Header><Payload><EndDeviceEvents xmlns="http://iec.ch/TC57/2011/EndDeviceEvents#">
<EndDeviceEvent><createdDateTime>2026-11-23T09:00:00Z</createdDateTime><EndDeviceEventType ref="3.31.0.68"/>
<Assets><Names><name>PROBE0000001</name></Names></Assets></EndDeviceEvent></EndDeviceEvents></Payload></EventMessage>"""


@functools.cache
def pki() -> DemoPki:
    return make_demo_pki(Path(tempfile.mkdtemp(prefix="soap-doors-")), now())


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    place = tmp_path_factory.mktemp("doors")
    write_private(place / "password", b"secret\n")
    sid = {
        "url": "http://127.0.0.1:9/",
        "listen": True,
        "caller_user": "sid",
        "caller_password_file": place / "password",
    }
    head_end = {
        "url": "http://127.0.0.1:9/",
        "event_user": "hes",
        "event_password_file": place / "password",
    }
    with running(place, pki(), sid=sid, head_end=head_end) as found:
        yield found


DOORS = {"hub": "/hub/messages", "sid": "/sid/soap", "events": "/hes/events"}


def post(scene: Scene, door: str, raw: bytes, kind: str, **headers: str) -> httpx.Response:
    user = {"sid": "sid", "events": "hes"}.get(door)
    host, port = scene.address
    with plain_http((user, "secret") if user else None) as client:
        return client.post(f"http://{host}:{port}{DOORS[door]}", content=raw, headers={"Content-Type": kind, **headers})


def in_soap(version: Soap, body: bytes, header: bytes = b"") -> bytes:
    return b'<s:Envelope xmlns:s="%b"><s:Header>%b</s:Header><s:Body>%b</s:Body></s:Envelope>' % (
        version.value.encode(),
        header,
        body,
    )


ORDER = {"Number": "A-1", "Kind": "disconnect", "MeteringPointCode": "590243856287817706"}


def asked_at(door: str, version: Soap, header: bytes = b"") -> bytes:
    """A request that this door reads, right or wrong."""
    if door == "hub":
        return in_soap(version, b"<x/>", header)
    if door == "events":
        return in_soap(version, EVENT, header)
    return in_soap(version, etree.tostring(parse(submission(ORDER))[-1][0]), header)


def fault_in(answer: httpx.Response, version: Soap) -> etree._Element:
    assert answer.headers["Content-Type"].partition(";")[0] == version.media_type
    root = parse(answer.content)
    assert version_of(root) is version
    fault = root[-1][0]
    assert fault.tag == version.tag("Fault"), answer.text
    return fault


def code_of(fault: etree._Element, version: Soap) -> str:
    text = (fault.findtext("faultcode") if version is Soap.V11 else fault.findtext("{*}Code/{*}Value")) or ""
    prefix, _, local = text.partition(":")
    assert fault.nsmap[prefix] == version.value
    return local


@BOTH
@pytest.mark.parametrize("door", DOORS)
def test_given_a_header_that_must_be_understood_then_every_door_says_so_in_the_version_of_the_request(
    scene: Scene, door: str, version: Soap
) -> None:
    header = b'<h:Session xmlns:h="urn:h" s:mustUnderstand="1"/>'
    answer = post(scene, door, asked_at(door, version, header), version.media_type)
    fault = fault_in(answer, version)
    assert (answer.status_code, code_of(fault, version)) == (500, "MustUnderstand")
    assert "{urn:h}Session" in answer.text


@BOTH
@pytest.mark.parametrize("door", ["hub", "sid"])
def test_given_a_wrong_request_then_the_fault_is_the_clients_in_its_version(
    scene: Scene, door: str, version: Soap
) -> None:
    answer = post(scene, door, asked_at(door, version), version.media_type)
    fault = fault_in(answer, version)
    assert (answer.status_code, code_of(fault, version)) == (500, "Client" if version is Soap.V11 else "Sender")


@BOTH
def test_given_an_event_in_an_envelope_then_it_is_taken_and_answered_in_its_version(
    scene: Scene, version: Soap
) -> None:
    answer = post(scene, "events", asked_at("events", version), version.media_type)
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, version.media_type)
    root = parse(answer.content)
    assert version_of(root) is version
    assert root.findtext(".//Result") == "OK"
    bad = post(scene, "events", asked_at("events", version).replace(b"<Noun>", b"<Nouns>"), version.media_type)
    assert (bad.status_code, code_of(fault_in(bad, version), version)[:1]) == (500, "C" if version is Soap.V11 else "S")


@pytest.mark.parametrize("door", DOORS)
def test_given_an_envelope_of_no_version_that_is_spoken_then_the_fault_is_a_version_mismatch(
    scene: Scene, door: str
) -> None:
    raw = asked_at(door, Soap.V11).replace(V11, b"http://www.w3.org/2001/12/soap-envelope")
    answer = post(scene, door, raw, "text/xml")
    assert answer.status_code == 500
    assert b"VersionMismatch" in answer.content


@BOTH
def test_given_a_partner_without_ws_security_then_it_gets_no_security_header(scene: Scene, version: Soap) -> None:
    message_id = MessageId.new()
    raw = wrapped(bare(pki(), message_id)).replace(V12, version.value.encode())
    answer = post(scene, "hub", raw, version.media_type)
    root = parse(answer.content)
    assert (answer.status_code, version_of(root), is_secured(root)) == (200, version, False)
    assert root.findtext(".//{*}DocumentReferenceNumber") == message_id


@BOTH
def test_given_a_request_by_ws_security_then_its_answer_has_a_security_header_in_the_same_version(
    scene: Scene, version: Soap
) -> None:
    raw = parse(wrapped(serialise(tree())).replace(V12, version.value.encode()))
    answer = post(scene, "hub", sign_envelope(raw, pki().stranger.signing, now()), version.media_type)
    root = parse(answer.content)
    assert (answer.status_code, version_of(root), is_secured(root)) == (500, version, True)
    fault = root[-1][0]
    value = fault.findtext("faultcode") or fault.findtext("{*}Code/{*}Subcode/{*}Value") or ""
    prefix, _, local = value.partition(":")
    assert local == "FailedAuthentication"
    assert fault.nsmap[prefix].endswith("wssecurity-secext-1.0.xsd")


def test_given_the_same_message_in_both_versions_then_each_has_its_receipt(scene: Scene) -> None:
    raw = bare(pki())
    old, new = (wrapped(raw).replace(V12, version) for version in (V11, V12))
    first = [post(scene, "hub", one, "text/xml").content for one in (old, new)]
    again = [post(scene, "hub", one, "text/xml").content for one in (old, new)]
    assert first == again
    assert [version_of(parse(one)) for one in first] == [Soap.V11, Soap.V12]


# --- what can't be read is told by name


UNREADABLE: tuple[tuple[str, dict[str, str], str], ...] = (
    ('multipart/related; type="application/xop+xml"; boundary=x', {}, "MTOM"),
    ("text/xml", {"Content-Encoding": "gzip"}, "compressed (gzip)"),
    ("text/xml; charset=utf-16", {}, "utf-16"),
    ('application/soap+xml; charset="ISO-8859-2"; action="x"', {}, "iso-8859-2"),
)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("kind", "headers", "named"), UNREADABLE)
def test_given_content_that_cant_be_read_then_415_names_it(
    scene: Scene, door: str, kind: str, headers: dict[str, str], named: str
) -> None:
    raw = asked_at(door, Soap.V11)
    answer = post(scene, door, gzip.compress(raw) if headers else raw, kind, **headers)
    assert answer.status_code == 415
    assert named in answer.text


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (b"<a/>".decode().encode("utf-16"), "UTF-16"),
        ("<a/>".encode("utf-16-be"), "UTF-16"),
        (gzip.compress(b"<a/>", mtime=0), "gzip"),
        (b"--uuid:1\r\nContent-Type: application/xop+xml\r\n\r\n<a/>", "MTOM"),
    ],
    ids=["utf-16", "utf-16 without a mark", "gzip", "MTOM"],
)
def test_given_such_content_under_a_wrong_name_then_the_refusal_names_it(
    scene: Scene, door: str, raw: bytes, named: str
) -> None:
    answer = post(scene, door, raw, "text/xml")
    assert answer.status_code in {400, 422, 500}
    assert named in answer.text


def test_given_content_in_utf_8_however_it_is_named_then_it_is_read(scene: Scene) -> None:
    for kind in ('application/xml; charset="UTF-8"', "application/xml; charset=us-ascii", "application/xml;charset="):
        answer = scene.post(bare(pki()), kind)
        assert answer.status == 200
        assert receipt_of(pki(), answer).findtext("{*}Verdict") == "accepted"
