"""Every way in which a request to the hub can end, told apart by one question: can it have taken the document?"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from csire_bridge.channels.hub.client import BLOCKED, HubClient
from csire_bridge.channels.hub.faults import Operation
from csire_bridge.channels.hub.hub_delivery import HubChannel
from csire_bridge.channels.hub.payload_bytes import bare
from csire_bridge.channels.hub.profile import ContentTypeStyle, HubProfile, HubSecurity
from csire_bridge.channels.transport.outbound.failures import Later
from csire_bridge.domain.errors import (
    BridgeError,
    ConfigurationError,
    OutcomeUnknown,
    PartnerRefused,
    PartnerUnreachable,
)
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.lab.simulators.faults.hub import Trouble
from csire_bridge.lab.simulators.hub.soap import container_response, fault, send_response
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import verify_enveloped
from csire_bridge.xml.security.ws_security.wss import sign_envelope
from tests.support.hub import (
    answering,
    client_at,
    client_of,
    envelope,
    hub_document,
    now,
    our_document,
    outgoing,
    pki,
    plain_document,
    plugin,
    raw_server,
    read_request,
    running,
)

ID = MessageId("0e7397e7-a2cc-45cf-8ea1-5554fc18c029")
SECURITIES = list(HubSecurity)


def document_for(security: HubSecurity, message_id: MessageId | None = None) -> bytes:
    make = our_document if security is HubSecurity.ENVELOPED else plain_document
    return make("8.1.1.11-disconnected", message_id)


# --- when all is well


@pytest.mark.parametrize("security", SECURITIES)
def test_given_a_document_when_sent_then_the_hub_gets_the_stored_bytes(security: HubSecurity) -> None:
    document = document_for(security, ID)
    with running(security) as (hub, client):
        result = client.send(document)
        assert (result.reference, result.repeated) == (ID, False)
        assert b"DocumentReferenceNumber" in result.raw
        assert [taken.document for taken in hub.received] == [bare(document)]
        assert hub.problems == []


@pytest.mark.parametrize("security", SECURITIES)
def test_given_bytes_that_a_tree_would_not_keep_when_sent_then_they_are_kept(security: HubSecurity) -> None:
    odd = document_for(security).replace(b'"urn:pl:oire:technical:v1"', b"'urn:pl:oire:technical:v1' ", 1)
    odd = odd.replace(b"<Payload>", b"<Payload ><!-- a comment -->", 1).replace(b"CK0070", b"CK&#48;070")
    with running(security) as (hub, client):
        client.send(odd)
        assert [taken.document for taken in hub.received] == [bare(odd)]
        assert hub.problems == []


@pytest.mark.parametrize("security", SECURITIES)
def test_given_a_message_when_peeked_and_dequeued_then_its_bytes_come_and_it_goes(security: HubSecurity) -> None:
    document = hub_document() if security is HubSecurity.ENVELOPED else plain_document("8.1.1.5-debt")
    with running(security) as (hub, client):
        reference = hub.enqueue(document, "DOC 1 & 2")
        head = client.peek()
        assert head is not None
        assert (head.reference, head.problem) == (reference, None)
        assert head.raw.endswith(b"Envelope>")
        if security is not HubSecurity.WSS:  # there the simulator signs a tree, which writes it anew
            assert head.payload == bare(document)
        again = client.peek()
        assert again is not None
        assert again.payload == head.payload
        assert client.dequeue(reference)
        assert client.peek() is None
        assert hub.problems == []


def test_given_an_enveloped_signature_when_peeked_then_it_holds_for_the_payload() -> None:
    with running() as (hub, client):
        hub.enqueue(hub_document())
        head = client.peek()
        assert head is not None
        assert head.payload is not None
        assert verify_enveloped(parse(head.payload), pki().book(), now()).signer.party == pki().hub.eic


def test_given_process_message_when_sent_then_the_result_comes_in_the_answer() -> None:
    with running() as (hub, client):
        result = client.send(our_document(message_id=ID), Operation.PROCESS)
        assert result.reference == ID
        assert result.payload is not None
        assert verify_enveloped(parse(result.payload), pki().book(), now()).signer.party == pki().hub.eic
        assert hub.waiting == 0


def test_given_no_reference_in_the_container_when_peeked_then_the_message_id_stands_in() -> None:
    with running() as (hub, client):
        hub.enqueue(hub_document(message_id=ID), told=False)
        head = client.peek()
        assert head is not None
        assert head.reference == ID


def test_given_a_reference_in_the_container_when_peeked_then_it_wins_over_the_message_id() -> None:
    with running() as (hub, client):
        hub.enqueue(hub_document(message_id=ID), "other")
        head = client.peek()
        assert head is not None
        assert head.reference == "other"


def test_given_many_requests_of_one_thread_when_sent_then_one_connection_is_kept() -> None:
    with running() as (hub, client):
        for _ in range(5):
            client.peek()
            client.send(our_document())
        assert hub.connections == 1


def test_given_many_threads_when_sending_then_each_document_arrives_once_and_whole() -> None:
    documents = [our_document() for _ in range(40)]
    with running() as (hub, client), ThreadPoolExecutor(8) as pool:
        references = list(pool.map(lambda d: client.send(d).reference, documents))
        assert len(set(references)) == 40
        assert {r.document for r in hub.received} == {bare(d) for d in documents}
        assert hub.connections <= 8


@pytest.mark.parametrize(
    ("style", "announced"),
    [
        (ContentTypeStyle.SOAP12, b'application/soap+xml;charset=UTF-8;action="sendMessage"'),
        (ContentTypeStyle.TEXT_XML, b"text/xml;charset=UTF-8"),
    ],
)
def test_given_a_content_type_style_when_sent_then_headers_are_of_that_style(
    style: ContentTypeStyle, announced: bytes
) -> None:
    seen: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 503 No\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")

    with client_at(behave, content_type_style=style) as client, pytest.raises(Later):
        client.send(our_document())
    head = seen[0].partition(b"\r\n\r\n")[0]
    assert b"\r\nContent-Type: " + announced + b"\r\n" in head + b"\r\n"
    assert b"soapaction" not in head.lower()
    assert b"Accept-Encoding: identity" in head


# --- the fault table

CODES = {
    "MHB.MHD.000": PartnerUnreachable,
    "MHB.MHD.001": PartnerRefused,
    "MHB.MHD.002": Later,
    "MHB.MHD.003": PartnerRefused,
    "MHB.MHD.004": PartnerRefused,
    "MHB.MHD.005": OutcomeUnknown,
    "MHB.MHD.007": PartnerRefused,
    "MHB.MHD.008": PartnerRefused,
    "MHB.MHD.009": PartnerRefused,
    "MHB.MHD.010": PartnerRefused,
    "MHB.MHD.011": PartnerRefused,
    "OWN.1": PartnerRefused,
}


@pytest.mark.parametrize("security", SECURITIES)
@pytest.mark.parametrize("code", CODES)
def test_given_each_fault_when_sent_then_its_meaning_is_raised(code: str, security: HubSecurity) -> None:
    with running(security) as (hub, client):
        hub.faults.codes[code] = Trouble(1)
        with pytest.raises(CODES[code]) as caught:
            client.send(document_for(security))
        assert type(caught.value) is CODES[code]
        assert code in str(caught.value)
        assert client.send(document_for(security)).reference


@pytest.mark.parametrize("security", SECURITIES)
def test_given_an_id_that_we_sent_before_when_sent_again_then_it_counts_as_delivered(security: HubSecurity) -> None:
    document = document_for(security)
    with running(security) as (hub, client):
        client.send(document)
        again = client.send(document)
        assert again.repeated
        assert again.reference is None
        assert b"MHB.MHD.006" in again.raw
        assert len(hub.received) == 1


def test_given_a_reference_that_is_gone_when_dequeued_then_that_is_fine() -> None:
    with running() as (_, client):
        assert client.dequeue("never there") is False


@pytest.mark.parametrize("code", ["MHB.MHD.000", "MHB.MHD.002", "MHB.MHD.005"])
def test_given_a_passing_fault_when_peeked_then_nothing_was_taken(code: str) -> None:
    with running() as (hub, client):
        hub.faults.codes[code] = Trouble(1)
        with pytest.raises(PartnerUnreachable):
            client.peek()


def test_given_a_lasting_fault_when_peeked_or_dequeued_then_it_is_refused() -> None:
    with running() as (hub, client):
        hub.faults.codes["MHB.MHD.003"] = Trouble(2)
        with pytest.raises(PartnerRefused):
            client.peek()
        with pytest.raises(PartnerRefused):
            client.dequeue("x")


# --- the same bytes again


@pytest.mark.parametrize("security", SECURITIES)
@pytest.mark.parametrize("repeats_succeed", [False, True])
def test_given_a_time_out_after_acceptance_when_sent_again_then_the_same_bytes_are_recognised(
    security: HubSecurity, repeats_succeed: bool
) -> None:
    document = outgoing(document_for(security))
    with running(security, repeats_succeed=repeats_succeed) as (hub, client):
        hub.faults.hang = Trouble(1)
        channel = HubChannel(client)
        with pytest.raises(OutcomeUnknown):
            channel.deliver(document)
        place = channel.deliver(document).place
        expected = f"hub: {document.message_id}" if repeats_succeed else "hub: had it from an earlier try"
        assert place == expected
        assert [taken.document for taken in hub.received] == [bare(document.document)]
        assert hub.waiting == 1


def test_given_a_slow_hub_when_its_time_is_over_then_the_outcome_is_unknown_and_the_retry_finds_it() -> None:
    document = our_document()
    with running(profile_send_seconds=0.3) as (hub, client):
        hub.faults.slow = (30.0, 30.0)
        with pytest.raises(OutcomeUnknown):
            client.send(document)
        hub.faults.slow = None
        assert client.send(document).repeated


def test_given_a_known_id_at_the_first_try_when_delivered_then_the_place_says_so() -> None:
    document = outgoing(our_document())
    with running() as (_, client):
        client.send(document.document)
        assert "for the first time" in HubChannel(client).deliver(document).place


def test_given_another_document_under_the_same_id_when_sent_then_the_hub_keeps_the_first() -> None:
    with running() as (hub, client):
        client.send(our_document(message_id=ID))
        assert client.send(our_document(message_id=ID)).repeated
        assert len(hub.received) == 1
        assert any("another document" in problem for problem in hub.problems)


def test_given_a_delivery_when_it_works_then_the_place_has_the_hubs_reference() -> None:
    document = outgoing(our_document())
    with running() as (_, client):
        assert HubChannel(client).deliver(document).place == f"hub: {document.message_id}"


# --- nothing arrived


def test_given_nobody_listens_when_asked_then_certainly_nothing_arrived() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with client_of(HubProfile(url=f"http://127.0.0.1:{port}/soap")) as client:
        for ask in asks(client):
            with pytest.raises(PartnerUnreachable):
                ask()


def asks(client: HubClient) -> list[Callable[[], object]]:
    return [lambda: client.send(our_document()), client.peek, lambda: client.dequeue("x")]


def test_given_an_unknown_host_when_sent_then_certainly_nothing_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_host(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    with client_of(HubProfile(url="https://hub.invalid/soap")) as client:
        monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
        with pytest.raises(PartnerUnreachable):
            client.send(our_document())


@pytest.mark.parametrize(
    "document", [b"", b"no xml", b"<a>", b"<!DOCTYPE a><a/>", b"<a><?pi x?></a>", "<a>ż</a>".encode("utf-16")]
)
def test_given_a_document_that_is_none_when_sent_then_it_is_refused_before_it_leaves(document: bytes) -> None:
    with running() as (hub, client):
        with pytest.raises(PartnerRefused) as caught:
            client.send(document)
        assert caught.value.code == "unsendable"
        assert hub.asked == []


# --- strange answers

BOMB = b'<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><s:Envelope>&b;</s:Envelope>'
HTML = b"<!DOCTYPE html><html><body><h1>Gateway</h1><br></body></html>"
STRANGE = {
    "HTML": HTML,
    "plain text": b"upstream connect error",
    "garbage": bytes(range(256)),
    "a DTD bomb": BOMB,
    "truncated XML": send_response("x")[:-30],
    "no envelope": b"<a/>",
    "an envelope of no SOAP": b'<Envelope xmlns="urn:x"><Body/></Envelope>',
    "an empty Body": envelope(""),
    "two answers": envelope("<c:SendMessageResponse/><c:SendMessageResponse/>"),
    "two Bodies": envelope("").replace(b"</s:Envelope>", b"<s:Body/></s:Envelope>"),
    "no Body": envelope("").replace(b"<s:Body></s:Body>", b""),
    "another answer": envelope("<c:Other/>"),
    "UTF-16": "<a/>".encode("utf-16"),
    "deep nesting": envelope("<a>" * 300 + "</a>" * 300),
    "wrong namespace": envelope('<SendMessageResponse xmlns="urn:other"/>'),
}


@pytest.mark.parametrize("status", ["200 OK", "500 Oops", "502 Bad Gateway"])
@pytest.mark.parametrize("what", STRANGE)
def test_given_a_strange_answer_when_sent_then_the_outcome_is_unknown(what: str, status: str) -> None:
    with client_at(answering(status, STRANGE[what], "text/html")) as client:
        for ask in (asks(client)[0], asks(client)[2]):
            with pytest.raises(OutcomeUnknown) as caught:
                ask()
            assert status[:3] in caught.value.text
            assert caught.value.text.isprintable()


@pytest.mark.parametrize("what", STRANGE)
def test_given_a_strange_answer_when_peeked_then_nothing_was_taken(what: str) -> None:
    with client_at(answering("200 OK", STRANGE[what])) as client, pytest.raises(PartnerUnreachable):
        client.peek()


@pytest.mark.parametrize("body", [HTML, b"", b"no", send_response("x")])
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Again", "400 Bad", "401 Who", "403 No", "404 Where"])
def test_given_a_gateway_that_lets_nothing_through_when_asked_then_nothing_was_taken(status: str, body: bytes) -> None:
    headers = "Location: http://127.0.0.1:9/elsewhere\r\n"
    with client_at(answering(status, body, "text/html", headers)) as client:
        for ask in asks(client):
            with pytest.raises(PartnerUnreachable):
                ask()


def test_given_a_redirect_when_sent_then_the_document_goes_nowhere_else() -> None:
    with raw_server(answering("200 OK", send_response("elsewhere"))) as other:
        behave = answering("307 Again", b"", headers=f"Location: {other}\r\n")
        with client_at(behave) as client, pytest.raises(PartnerUnreachable, match="307"):
            client.send(our_document())


def test_given_503_with_a_pause_when_sent_then_it_is_kept() -> None:
    with (
        client_at(answering("503 Busy", HTML, headers="Retry-After: 90\r\n")) as client,
        pytest.raises(Later) as caught,
    ):
        client.send(our_document())
    assert caught.value.wait == timedelta(seconds=90)


def test_given_a_fault_with_a_wrong_status_when_sent_then_the_fault_counts() -> None:
    for status in ("200 OK", "400 Bad", "503 Busy"):
        with client_at(answering(status, fault("MHB.MHD.001", "no"))) as client, pytest.raises(PartnerRefused):
            client.send(our_document())


def test_given_a_gateways_own_fault_when_sent_then_who_is_blamed_decides() -> None:
    soap11 = (
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
        b"<faultcode>e:%s</faultcode><faultstring>say</faultstring></e:Fault></e:Body></e:Envelope>"
    )
    for blamed, kind in ((b"Server", OutcomeUnknown), (b"Client", PartnerRefused)):
        with client_at(answering("500 Oops", soap11 % blamed)) as client, pytest.raises(kind, match="say"):
            client.send(our_document())


@pytest.mark.parametrize("status", ["200 OK", "204 No Content"])
def test_given_an_empty_answer_when_peeked_or_dequeued_then_it_is_an_empty_queue_or_done(status: str) -> None:
    with client_at(answering(status, b"")) as client:
        assert client.peek() is None
        assert client.dequeue("x") is True
        with pytest.raises(OutcomeUnknown):
            client.send(our_document())


def test_given_an_answer_without_reference_when_sent_then_it_is_delivered_without_one() -> None:
    with client_at(answering("200 OK", envelope("<c:SendMessageResponse/>"))) as client:
        assert client.send(our_document()).reference is None


def test_given_an_oversize_answer_when_asked_then_it_is_not_read() -> None:
    big = container_response(Operation.PEEK, "x", b"<a>" + b"x" * 5000 + b"</a>")
    with client_at(answering("200 OK", big), max_bytes=4000) as client:
        with pytest.raises(PartnerRefused) as caught:
            client.peek()
        assert caught.value.code == BLOCKED
        with pytest.raises(OutcomeUnknown):
            client.dequeue("x")


def test_given_a_compressed_answer_when_asked_then_it_is_not_unpacked() -> None:
    behave = answering("200 OK", b"\x1f\x8b" + bytes(100), headers="Content-Encoding: gzip\r\n")
    with client_at(behave) as client, pytest.raises(OutcomeUnknown):
        client.send(our_document())


# --- broken connections


def hang_up(connection: socket.socket) -> None:
    read_request(connection)


def reset(connection: socket.socket) -> None:
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def cut_off(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + send_response("x"))


def cut_chunks(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<s:En\r\n")


def no_http(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"220 mail.example ESMTP\r\n")


@pytest.mark.parametrize("behave", [hang_up, reset, cut_off, cut_chunks, no_http])
def test_given_a_broken_connection_when_asked_then_only_a_peek_certainly_changed_nothing(
    behave: Callable[[socket.socket], None],
) -> None:
    with client_at(behave) as client:
        for ask, kind in zip(asks(client), (OutcomeUnknown, PartnerUnreachable, OutcomeUnknown), strict=True):
            with pytest.raises(kind) as caught:
                ask()
            assert type(caught.value) is kind


def test_given_an_answer_in_drops_when_its_time_is_over_then_it_ends() -> None:
    done = threading.Event()

    def drip(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not done.wait(0.02):
            connection.sendall(b"x")

    with client_at(drip, send_seconds=0.3) as client:
        with pytest.raises(OutcomeUnknown, match="not complete in time"):
            client.send(our_document())
        done.set()


def test_given_a_peek_when_waiting_then_it_has_a_time_of_its_own() -> None:
    with running(profile_peek_seconds=0.2) as (hub, client):
        hub.faults.slow, hub.faults.operations = (30.0, 30.0), frozenset({"peekMessage"})
        with pytest.raises(PartnerUnreachable):
            client.peek()
        assert client.send(our_document()).reference


# --- WS-Security of answers


def sent_to(body: bytes, **changes: Any) -> object:
    """What a client with WS-Security makes of an answer to a document."""
    with raw_server(answering("200 OK", body)) as url:
        profile = replace(HubProfile(url=url), security=HubSecurity.WSS, **changes)
        with client_of(profile) as client:
            return client.send(plain_document())


def signed(body: bytes, name: str = "hub") -> bytes:
    return sign_envelope(parse(body), getattr(pki(), name).signing, now())


def test_given_a_signed_answer_when_sent_then_it_is_believed() -> None:
    assert sent_to(signed(send_response("DOC")))


@pytest.mark.parametrize(
    "body",
    [
        send_response("DOC"),
        signed(send_response("DOC"), "stranger"),
        signed(send_response("DOC"), "operator"),
        signed(send_response("DOC")).replace(b">DOC<", b">D0C<"),
        fault("MHB.MHD.006", "known"),
        fault("MHB.MHD.001", "never"),
        signed(fault("MHB.MHD.001", "never")).replace(b"MHD.001", b"MHD.006"),
    ],
    ids=["unsigned", "a stranger's", "our own", "altered", "unsigned 006", "unsigned 001", "altered fault"],
)
def test_given_an_answer_without_a_good_signature_when_sent_then_the_outcome_is_unknown(body: bytes) -> None:
    with pytest.raises(OutcomeUnknown, match="signature"):
        sent_to(body)


def test_given_an_unsigned_fault_when_not_believed_then_a_person_still_sees_what_it_says() -> None:
    with pytest.raises(OutcomeUnknown, match=r"unverified, it says MHB\.MHD\.001: no such thing"):
        sent_to(fault("MHB.MHD.001", "no such thing"))


def test_given_an_operation_without_document_when_sent_then_it_is_a_programming_error() -> None:
    with running() as (_, client), pytest.raises(ValueError, match="no document"):
        client.send(our_document(), Operation.PEEK)


def test_given_unsigned_faults_are_believed_by_setting_when_sent_then_the_fault_counts() -> None:
    with pytest.raises(PartnerRefused):
        sent_to(fault("MHB.MHD.001", "never"), unsigned_faults=True)
    with pytest.raises(OutcomeUnknown):
        sent_to(send_response("DOC"), unsigned_faults=True)


def test_given_an_unsigned_head_of_queue_when_peeked_then_it_is_no_message_of_the_hub() -> None:
    body = container_response(Operation.PEEK, "DOC", plain_document("8.1.1.5-debt"))
    with raw_server(answering("200 OK", body)) as url:
        profile = replace(HubProfile(url=url), security=HubSecurity.WSS)
        with client_of(profile) as client, pytest.raises(PartnerUnreachable):
            client.peek()


class Replacing:
    """WS-Security that finds another Body signed than the one that stands there."""

    def apply(self, envelope: Any, headers: dict[str, str]) -> tuple[Any, dict[str, str]]:
        return envelope, headers

    def verify(self, envelope: Any) -> None:
        next(envelope.iter("{*}DocumentReferenceNumber")).getparent().getparent()[:] = list(
            parse(send_response("SIGNED"))[0]
        )


def test_given_a_signed_body_when_read_then_nothing_but_what_the_verifier_left_counts() -> None:
    with raw_server(answering("200 OK", send_response("UNSIGNED"))) as url:
        client = HubClient(replace(HubProfile(url=url), security=HubSecurity.WSS), Replacing())
        assert client.send(plain_document()).reference == "SIGNED"


def test_given_security_and_plugin_that_contradict_when_made_then_it_is_an_error() -> None:
    with pytest.raises(ConfigurationError):
        HubClient(HubProfile(url="https://hub.example", security=HubSecurity.WSS))
    with pytest.raises(ConfigurationError):
        HubClient(HubProfile(url="https://hub.example"), plugin())


# --- TLS


def server_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate of 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "server.pem", folder / "server.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


@pytest.mark.parametrize(
    ("trusts_server", "shows_certificate", "kind"),
    [(True, True, None), (False, True, PartnerUnreachable), (True, False, BridgeError)],
)
def test_given_tls_when_sent_then_both_sides_must_know_each_other(
    tmp_path: Path, trusts_server: bool, shows_certificate: bool, kind: type[BridgeError] | None
) -> None:
    certificate, key = server_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(pki().authority_file)
    context.verify_mode = ssl.CERT_REQUIRED

    def behave(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                answering("200 OK", send_response("DOC"))(secure)
        except OSError:
            pass

    ours = pki().operator
    with raw_server(behave) as url:
        profile = HubProfile(
            url=url.replace("http:", "https:"),
            ca_bundle=certificate if trusts_server else pki().authority_file,
            client_certificate=(ours.certificate_file, ours.key_file) if shows_certificate else None,
            send_seconds=5,
        )
        with client_of(profile) as client:
            if kind is None:
                assert client.send(our_document()).reference == "DOC"
            else:
                with pytest.raises(kind):
                    client.send(our_document())
