"""The simulated hub judges like the real one, answers with R_1, pushes, and misbehaves exactly as told."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
import zeep
from lxml import etree

from csire_bridge.channels.hub.client import HubClient
from csire_bridge.channels.hub.faults import Operation
from csire_bridge.channels.hub.payload_bytes import bare
from csire_bridge.channels.hub.profile import HubSecurity
from csire_bridge.channels.transport.outbound.failures import Later
from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import OutcomeUnknown, PartnerRefused, PartnerUnreachable
from csire_bridge.domain.identifiers import MessageId, MessageNumber
from csire_bridge.domain.message.message import Channel, Header, RawMessage
from csire_bridge.lab.simulators.faults.hub import HubDice, Trouble
from csire_bridge.lab.simulators.http_server import HttpServer, Reply
from csire_bridge.lab.simulators.hub.results import build_result
from csire_bridge.lab.simulators.hub.simulator import HubSimulator
from csire_bridge.lab.simulators.hub.soap import send_response, spoiled
from csire_bridge.pipeline.intake.receipt import Verdict, build
from csire_bridge.xml.envelope import read_header
from csire_bridge.xml.parser import parse
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from csire_bridge.xml.security.signature import serialise, sign_enveloped, verify_enveloped, without_signature
from csire_bridge.xml.security.ws_security.wss import sign_envelope, verify_envelope
from tests.support.hub import (
    client_of,
    hub_document,
    now,
    our_document,
    pki,
    plain_document,
    profile_of,
    running,
    sample,
)
from tests.support.patience import PATIENCE

ANSWERED = ["8.1.1.11-disconnected", "8.1.1.7-other", "8.2.1.11-connected", "8.2.1.7-not-possible"]
POINT = "590015710563817868"
PROCESS = "0e7397e7-a2cc-45cf-8ea1-5554fc18c029"


def catalogue() -> SchemaCatalogue:
    return SchemaCatalogue([folder("schemas")])


def result_of(client: HubClient) -> tuple[etree._Element, Header]:
    """The R_1 at the head of the queue, taken off it."""
    head = client.peek()
    assert head is not None
    assert head.payload is not None
    assert head.reference is not None
    client.dequeue(head.reference)
    tree = without_signature(parse(head.payload))
    return tree, read_header(tree)


def texts(tree: etree._Element) -> dict[str, str]:
    return {etree.QName(e).localname: (e.text or "").strip() for e in tree.iter(etree.Element) if not len(e)}


# --- R_1


@pytest.mark.parametrize("name", ANSWERED)
@pytest.mark.parametrize(("code", "step"), [("CA001", 2), ("CE104", 1), ("CE181", 1)])
def test_given_a_document_of_ours_when_taken_then_a_valid_result_to_it_comes(name: str, code: str, step: int) -> None:
    document = our_document(name, ProcessInstanceId=PROCESS, MeteringPointCode=POINT)
    ours = read_header(parse(document))
    with running() as (hub, client):
        hub.verdict = lambda _: code
        client.send(document)
        tree, header = result_of(client)
    assert catalogue().explain(tree) == ()
    process, _, last = ours.number.rpartition(".")
    assert (header.number, header.message_type) == (f"{process}.{int(last) + step}", "R_1")
    assert header.answers == ours.message_id
    assert header.message_id != ours.message_id
    assert (header.physical_sender, header.physical_recipient) == (pki().hub.eic, pki().operator.eic)
    values = texts(tree[-1])
    assert (values["ProcessInstanceId"], values["MeteringPointCode"], values["ResultCode"]) == (PROCESS, POINT, code)
    assert abs((header.timestamp - now()).total_seconds()) < 60


def test_given_a_verdict_by_number_when_taken_then_it_decides_for_each() -> None:
    with running() as (hub, client):
        hub.verdict = lambda number: "CE108" if number == MessageNumber("8.1.1.7") else "CA001"
        client.send(our_document("8.1.1.7-other"))
        client.send(our_document("8.1.1.11-disconnected"))
        assert [result_of(client)[1].number for _ in range(2)] == ["8.1.1.8", "8.1.1.13"]


def test_given_a_result_when_signed_then_the_hub_signed_it() -> None:
    with running() as (_, client):
        client.send(our_document())
        head = client.peek()
        assert head is not None
        assert head.payload is not None
        assert verify_enveloped(parse(head.payload), pki().book(), now()).signer.party == pki().hub.eic


def test_given_a_message_that_gets_no_result_when_one_is_built_then_there_is_none() -> None:
    for name in ("8.1.1.5-debt", "8.1.1.13-done-accepted", "S-time-gate"):
        assert build_result(sample(name), "CA001", pki().hub.eic, now) is None


def test_given_the_same_document_when_a_result_is_built_twice_then_it_has_the_same_id() -> None:
    document = sample("8.1.1.11-disconnected")
    first, second = (build_result(document, "CA001", pki().hub.eic, now) for _ in range(2))
    assert first is not None
    assert second is not None
    assert read_header(first).message_id == read_header(second).message_id


def test_given_a_wrong_result_when_it_comes_then_it_refers_to_a_message_that_nobody_sent() -> None:
    document = our_document()
    with running() as (hub, client):
        hub.faults.wrong_result = Trouble(1)
        client.send(document)
        tree, header = result_of(client)
    assert header.answers != read_header(parse(document)).message_id
    assert catalogue().explain(tree) == ()


def test_given_no_result_when_a_document_is_taken_then_none_comes() -> None:
    with running() as (hub, client):
        hub.faults.no_result = Trouble(1)
        client.send(our_document())
        assert (len(hub.received), hub.waiting) == (1, 0)


def test_given_a_bad_signature_when_a_result_comes_then_it_does_not_hold() -> None:
    with running() as (hub, client):
        hub.faults.bad_signature = Trouble(1)
        client.send(our_document())
        head = client.peek()
    assert head is not None
    assert head.payload is not None
    with pytest.raises(Exception, match="was not made over this SignedInfo"):
        verify_enveloped(parse(head.payload), pki().book(), now())


def test_given_unsigned_bytes_when_spoiled_then_they_stay() -> None:
    assert spoiled(plain_document()) != b""
    assert spoiled(b"<a/>") == b"<a/>"


# --- judging


def wrong_recipient() -> bytes:
    return sign_enveloped(sample("8.1.1.11-disconnected", PhysicalRecipientId=str(pki().supplier.eic)), key("operator"))


def key(name: str) -> Any:
    return getattr(pki(), name).signing


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "unsigned": (plain_document, "008"),
    "a stranger's": (lambda: sign_enveloped(sample("8.1.1.11-disconnected"), key("stranger")), "008"),
    "altered": (lambda: our_document().replace(b"CK0070", b"CK0069"), "008"),
    "invalid": (lambda: our_document(PhysicalStatus="CK9999"), "001"),
    "unknown": (lambda: sign_enveloped(parse(b"<a xmlns='urn:nobody'/>"), key("operator")), "004"),
    "another recipient": (wrong_recipient, "010"),
    "another sender": (lambda: our_document(PhysicalSenderId=str(pki().supplier.eic)), "009"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_given_a_bad_document_when_sent_then_the_hub_refuses_it_with_its_code(what: str) -> None:
    make, code = REFUSED[what]
    with running() as (hub, client):
        with pytest.raises(PartnerRefused) as caught:
            client.send(make())
        assert caught.value.code == f"MHB.MHD.{code}"
        assert hub.received == []
        assert len(hub.problems) == 1


def test_given_an_unsigned_envelope_when_the_hub_wants_ws_security_then_it_is_refused() -> None:
    with (
        HubSimulator(pki(), security=HubSecurity.WSS) as hub,
        client_of(profile_of(hub)) as client,
        pytest.raises(PartnerRefused, match="not signed"),
    ):
        client.send(our_document())


def test_given_another_tenant_when_asked_then_the_hub_refuses() -> None:
    with HubSimulator(pki()) as hub, client_of(profile_of(hub, tenant="OTHER")) as client:
        with pytest.raises(PartnerRefused) as caught:
            client.peek()
        assert caught.value.code == "MHB.MHD.009"


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"<a/>", "application/soap+xml"), (b"no xml", "text/xml"), (send_response("x"), "text/xml"), (b"x", "text/html")],
)
def test_given_no_request_of_the_contract_when_posted_then_the_hub_answers_with_a_fault(body: bytes, kind: str) -> None:
    with HubSimulator(pki()) as hub:
        url = profile_of(hub).endpoint
        answer = httpx.post(url, content=body, headers={"Content-Type": kind}, timeout=PATIENCE, trust_env=False)
        assert (answer.status_code, b"MHB.MHD." in answer.content) == (500, True)
        assert len(hub.problems) == 1
        assert httpx.post(url, timeout=PATIENCE, trust_env=False).status_code == 411


def test_given_the_served_contract_when_zeep_alone_uses_it_then_queue_and_dequeue_work() -> None:
    """The second opinion: zeep reads the contract and the answers by itself, without our transport and parser."""
    with HubSimulator(pki()) as hub:
        reference = hub.enqueue(hub_document())
        client = zeep.Client(f"{profile_of(hub).endpoint.partition('?')[0]}?wsdl")  # type: ignore[no-untyped-call]
        service = client.create_service("{urn:cms:b2b:v01}CentralMarketSystemBinding", profile_of(hub).endpoint)  # type: ignore[no-untyped-call]
        assert service.peekMessage()["DocumentReferenceNumber"] == reference
        service.dequeueMessage(DocumentReferenceNumber=reference)
        assert service.peekMessage() is None
        with pytest.raises(zeep.exceptions.Fault):
            service.dequeueMessage(DocumentReferenceNumber="x")


# --- misbehaviour


def test_given_reordering_when_messages_wait_then_a_later_one_overtakes_but_never_the_head() -> None:
    with running() as (hub, client):
        hub.faults.reorder = Trouble(1)
        for n in range(3):
            hub.enqueue(hub_document(), f"DOC-{n}")
        seen = []
        while head := client.peek():
            seen.append(head.reference)
            client.dequeue(head.reference or "")
        assert seen == ["DOC-0", "DOC-2", "DOC-1"]


def test_given_a_message_that_is_not_the_head_when_dequeued_then_the_hub_does_not_know_it() -> None:
    with running() as (hub, client):
        hub.enqueue(hub_document(), "A")
        hub.enqueue(hub_document(), "B")
        assert client.dequeue("B") is False
        assert hub.waiting == 2


def test_given_a_html_page_with_a_pause_when_sent_then_the_document_was_not_taken() -> None:
    with running() as (hub, client):
        hub.faults.html, hub.faults.html_status = Trouble(1), 503
        hub.faults.html_headers = {"Retry-After": "7"}
        with pytest.raises(Later):
            client.send(our_document())
        assert hub.received == []


def test_given_a_cut_answer_when_sent_then_the_document_was_taken() -> None:
    with running() as (hub, client):
        hub.faults.truncate = Trouble(1)
        with pytest.raises(OutcomeUnknown):
            client.send(our_document())
        assert len(hub.received) == 1


def test_given_a_slow_hub_when_asked_then_the_answer_takes_its_time() -> None:
    with running() as (hub, client):
        hub.faults.slow = (0.2, 0.3)
        start = time.monotonic()
        client.peek()
        assert time.monotonic() - start >= 0.2


def test_given_faults_of_one_operation_when_others_are_asked_then_they_work() -> None:
    with running() as (hub, client):
        hub.faults.codes["MHB.MHD.000"] = Trouble(2)
        hub.faults.operations = frozenset({"sendMessage"})
        assert client.peek() is None
        for _ in range(2):
            with pytest.raises(PartnerUnreachable):
                client.send(our_document())
        assert client.send(our_document()).reference


def test_given_a_stopped_hub_when_asked_then_nothing_arrives() -> None:
    with running() as (hub, client):
        client.peek()
        hub.stop()
        with pytest.raises(PartnerUnreachable):
            client.peek()


def test_given_the_same_seed_when_fate_decides_then_it_decides_alike() -> None:
    def fate(seed: int) -> list[bool]:
        dice, trouble = HubDice(seed), Trouble(times=2, chance=0.5)
        return [dice.strikes(trouble) for _ in range(50)]

    assert fate(1) == fate(1) != fate(2)
    assert fate(3)[:2] == [True, True]
    assert not any(HubDice(1).strikes(Trouble()) for _ in range(50))


def test_given_any_bytes_when_enqueued_then_they_have_a_reference() -> None:
    with HubSimulator(pki()) as hub:
        message_id = MessageId.new()
        assert hub.enqueue(hub_document(message_id=message_id)) == message_id
        assert hub.enqueue(b"x") != hub.enqueue(b"x")
        assert hub.waiting == 3


# --- push


def receipt_for(raw: bytes) -> bytes:
    message = RawMessage(1, Channel.WEBHOOK, "hub", now(), hashlib.sha256(raw).hexdigest(), raw)
    return sign_enveloped(build(message, Verdict.ACCEPTED, None), key("operator"))


@contextmanager
def webhook(answer: Callable[[bytes], bytes]) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A webhook that answers with ``answer`` of the body; its URL, and what came as (content type, body)."""
    came: list[tuple[str, bytes]] = []

    def reply(_path: str, content_type: str, raw: bytes) -> Reply:
        came.append((content_type, raw))
        return Reply(200, answer(raw), "application/xml")

    server = HttpServer(reply, max_bytes=1_000_000)
    server.start()
    try:
        yield f"{server.url}/hub/messages", came
    finally:
        server.stop()


def test_given_a_signed_receipt_when_pushed_bare_then_it_is_verified() -> None:
    document = hub_document()
    with webhook(receipt_for) as (url, came), HubSimulator(pki()) as hub:
        hub.webhook = url
        answer = hub.push(document)
        assert (answer.status, answer.problem) == (200, None)
        assert answer.receipt is not None
        assert texts(answer.receipt)["Sha256"] == hashlib.sha256(document).hexdigest()
        assert came == [("application/xml", document)]
        assert hub.problems == []


def soap_receipt(_raw: bytes) -> bytes:
    return sign_envelope(parse(send_response("DOC-9")), key("operator"), now())


@pytest.mark.parametrize("security", list(HubSecurity))
def test_given_a_signed_soap_receipt_when_pushed_as_soap_then_it_is_verified(security: HubSecurity) -> None:
    document = hub_document()
    with webhook(soap_receipt) as (url, came), HubSimulator(pki(), security=security) as hub:
        hub.webhook = url
        answer = hub.push(document, "soap")
        assert answer.problem is None
        assert answer.receipt is not None
        assert texts(answer.receipt) == {"DocumentReferenceNumber": "DOC-9"}
    content_type, raw = came[0]
    assert content_type == 'application/soap+xml;charset=UTF-8;action="sendMessage"'
    if security is HubSecurity.WSS:
        assert verify_envelope(parse(raw), pki().book(), now()).signer.party == pki().hub.eic
    else:
        assert bare(document) in raw


def test_given_a_soap_receipt_with_an_enveloped_signature_when_pushed_then_it_is_verified() -> None:
    def receipt(_raw: bytes) -> bytes:
        return sign_enveloped(parse(send_response("DOC-9")), key("operator"))

    with webhook(receipt) as (url, _), HubSimulator(pki()) as hub:
        hub.webhook = url
        answer = hub.push(hub_document(), "soap")
        assert answer.receipt is not None
        assert texts(answer.receipt) == {"DocumentReferenceNumber": "DOC-9"}


@pytest.mark.parametrize(
    "receipt",
    [
        lambda raw: b"OK",
        lambda raw: send_response("DOC-9"),
        lambda raw: spoiled(receipt_for(raw)),
        lambda raw: sign_enveloped(parse(b"<a/>"), key("hub")),
        lambda raw: spoiled(soap_receipt(raw)),
    ],
    ids=["text", "unsigned", "spoiled", "signed by another", "spoiled soap"],
)
def test_given_a_receipt_without_a_good_signature_when_pushed_then_it_is_a_problem(
    receipt: Callable[[bytes], bytes],
) -> None:
    with webhook(receipt) as (url, _), HubSimulator(pki()) as hub:
        hub.webhook = url
        answer = hub.push(hub_document())
        assert answer.receipt is None
        assert answer.problem
        assert len(hub.problems) == 1


def test_given_no_webhook_there_when_pushed_then_it_is_a_problem_and_no_exception() -> None:
    with HubSimulator(pki()) as hub:
        with pytest.raises(ValueError, match="webhook"):
            hub.push(b"<a/>")
        hub.webhook = "http://127.0.0.1:9/x"
        assert hub.push(hub_document()).status == 0


def test_given_a_webhook_when_a_document_is_taken_then_its_result_is_pushed() -> None:
    document = our_document()
    with webhook(receipt_for) as (url, came), running() as (hub, client):
        hub.webhook = url
        client.send(document)
        answer = hub.pushed.get(timeout=PATIENCE)
        assert answer.problem is None
        assert hub.waiting == 0
        header = read_header(without_signature(parse(came[0][1])))
        assert header.answers == read_header(parse(document)).message_id


def test_given_process_message_when_a_webhook_is_there_then_the_result_still_comes_in_the_answer() -> None:
    with webhook(receipt_for) as (url, came), running() as (hub, client):
        hub.webhook = url
        assert client.send(our_document(), Operation.PROCESS).payload
        assert came == []


def test_given_the_samples_when_answered_unsigned_then_they_are_served_as_they_are() -> None:
    with running(HubSecurity.NONE) as (hub, client):
        document = serialise(sample("8.1.1.5-debt"))
        hub.enqueue(document)
        head = client.peek()
        assert head is not None
        assert head.payload == bare(document)


def test_given_a_further_certificate_of_ours_when_the_hub_trusts_it_then_it_takes_what_the_new_key_signed() -> None:
    new = pki().supplier.signing
    signed = sign_enveloped(without_signature(parse(our_document())), new)
    with HubSimulator(pki()) as hub, client_of(profile_of(hub)) as client, pytest.raises(PartnerRefused):
        client.send(signed)
    while_replaced = replace(pki(), operators_other=(new.certificate,))
    with HubSimulator(while_replaced) as hub, client_of(profile_of(hub)) as client:
        client.send(signed)
        client.send(our_document())
        assert len(hub.received) == 2
