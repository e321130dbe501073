"""The webhook over a real port: receipts in both forms, repeats, limits, and everything that a stranger may send."""

from __future__ import annotations

import functools
import json
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import xmlsec
from lxml import etree

from csire_bridge.domain.errors import StoreFailure
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.message.partner_entries import PartnerEntry
from csire_bridge.domain.message.partners import SecurityProfile
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.xml.security.signature import serialise
from tests.support.patience import wait_until
from tests.support.webhook import (
    BARE,
    SOAP,
    TEXT,
    Answer,
    Scene,
    bare,
    now,
    receipt_of,
    running,
    secured,
    tree,
    wrapped,
)


@functools.cache
def pki() -> DemoPki:
    return make_demo_pki(Path(tempfile.mkdtemp(prefix="webhook-pki-")), now())


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with running(tmp_path, pki()) as found:
        yield found


def head(length: int) -> bytes:
    """The beginning of a request whose body is ``length`` bytes long."""
    lines = ("POST /hub/messages HTTP/1.1", "Host: x", "Content-Type: text/xml", f"Content-Length: {length}", "", "")
    return "\r\n".join(lines).encode()


def text(root: etree._Element, name: str) -> str | None:
    return root.findtext(f".//{{*}}{name}")


def verdict(answer: Answer) -> str | None:
    return text(receipt_of(pki(), answer), "Verdict")


def fault_code(answer: Answer) -> str | None:
    return text(receipt_of(pki(), answer), "ErrorCode")


def test_given_a_signed_document_then_its_signed_receipt_comes_back(scene: Scene) -> None:
    message_id = MessageId.new()
    answer = scene.post(bare(pki(), message_id), query="?organisationUser=hub")
    assert (answer.status, answer.kind) == (200, "application/xml; charset=utf-8")
    receipt = receipt_of(pki(), answer)
    assert (text(receipt, "Verdict"), text(receipt, "MessageId")) == ("accepted", message_id)
    assert scene.states() == ["accepted"]


def test_given_a_receipt_then_xmlsec_agrees_that_we_signed_it(scene: Scene) -> None:
    root = etree.fromstring(scene.post(bare(pki())).body)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(pki().operator.certificate_file), xmlsec.constants.KeyDataFormatCertPem)
    context.verify(next(root.iter("{*}Signature")))


@pytest.mark.parametrize("kind", [SOAP, 'application/soap+xml;charset=UTF-8;action="sendMessage"', TEXT])
def test_given_an_envelope_around_a_signed_document_then_the_reference_comes_back(scene: Scene, kind: str) -> None:
    message_id = MessageId.new()
    answer = scene.post(wrapped(bare(pki(), message_id)), kind)
    assert (answer.status, answer.kind) == (200, f"{kind.partition(';')[0]}; charset=utf-8")
    assert text(receipt_of(pki(), answer), "DocumentReferenceNumber") == message_id


def test_given_another_partners_secured_envelope_then_it_is_refused_with_a_signed_fault(scene: Scene) -> None:
    answer = scene.post(secured(pki().supplier), SOAP)
    assert (answer.status, fault_code(answer)) == (500, "MHB.MHD.009")


def test_given_a_partner_with_ws_security_then_the_reference_comes_back_and_a_new_envelope_is_a_repeat(
    scene: Scene,
) -> None:
    bridge, hub = scene.service.bridge, pki().hub
    with bridge.database.transaction() as tx:
        tx.partners.enter(PartnerEntry(hub.eic, now(), "test", profile=SecurityProfile.WSS))
    wait_until(lambda: bridge.partners.partners[hub.eic].profile is SecurityProfile.WSS)
    message_id = MessageId.new()
    document = tree(message_id)
    one, two = secured(hub, document), secured(hub, document)
    assert one != two
    first, again = scene.post(one, SOAP), scene.post(two, SOAP)
    assert (first.status, again.status) == (200, 200)
    assert text(receipt_of(pki(), first), "DocumentReferenceNumber") == message_id
    assert again.body == first.body
    assert scene.states() == ["accepted", "duplicate"]


def test_given_a_bare_document_as_text_xml_then_the_receipt_is_bare(scene: Scene) -> None:
    answer = scene.post(bare(pki()), TEXT)
    assert (answer.status, answer.kind, verdict(answer)) == (200, "application/xml; charset=utf-8", "accepted")


def test_given_a_repeat_then_the_stored_receipt_comes_byte_for_byte(scene: Scene) -> None:
    message_id = MessageId.new()
    one, two = bare(pki(), message_id), wrapped(bare(pki(), message_id))
    first = scene.post(one)
    assert scene.post(one).body == first.body
    # The same id with another process in it is other content.
    assert scene.post(two, SOAP).status == 500


def test_given_a_repeat_in_another_form_then_each_form_has_one_receipt(scene: Scene) -> None:
    raw = bare(pki())
    first, soap = scene.post(raw), scene.post(wrapped(raw), SOAP)
    assert (first.status, soap.status) == (200, 200)
    assert scene.post(wrapped(raw), SOAP).body == soap.body
    assert scene.post(raw).body == first.body
    assert scene.states() == ["accepted", "duplicate", "duplicate", "duplicate"]


def test_given_equal_messages_at_the_same_moment_then_one_is_accepted_and_all_get_its_receipt(scene: Scene) -> None:
    raw, many = bare(pki()), 12
    barrier = threading.Barrier(many)

    def push(_: int) -> Answer:
        barrier.wait()
        return scene.post(raw, query="?organisationUser=hub")

    with ThreadPoolExecutor(many) as pool:
        answers = list(pool.map(push, range(many)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert sorted(scene.states()) == ["accepted"] + ["duplicate"] * (many - 1)


def test_given_equal_messages_in_two_threads_of_the_reception_then_one_is_accepted(scene: Scene) -> None:
    from csire_bridge.pipeline.intake.receive import Arrival

    raw, reception = bare(pki()), scene.service.bridge.reception
    with ThreadPoolExecutor(4) as pool:
        found = [a for batch in pool.map(lambda _: reception.answer([Arrival("t", raw)] * 3), range(4)) for a in batch]
    assert len({answered.receipt for answered in found}) == 1
    assert scene.states().count("accepted") == 1


@pytest.mark.parametrize(("kind", "status"), [(BARE, 422), (SOAP, 500)])
def test_given_a_used_id_with_other_content_then_it_is_refused(scene: Scene, kind: str, status: int) -> None:
    message_id = MessageId.new()
    assert scene.post(bare(pki(), message_id)).status == 200
    answer = scene.post(bare(pki(), message_id), kind)
    assert answer.status == status
    if kind == SOAP:
        assert fault_code(answer) == "MHB.MHD.006"
    else:
        assert (verdict(answer), text(receipt_of(pki(), answer), "Code")) == ("refused", "rule.id-reused")
    assert scene.states() == ["accepted", "refused"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "MHB.MHD.001"),
        (b"\x00\xff garbage", "MHB.MHD.008"),
        (b"<a>", "MHB.MHD.001"),
        (b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', "MHB.MHD.008"),
        (b"<a/>", "MHB.MHD.003"),
    ],
)
def test_given_garbage_then_it_is_kept_and_refused_with_a_signed_answer(scene: Scene, raw: bytes, code: str) -> None:
    soap, plain = scene.post(raw, SOAP), scene.post(raw)
    assert (soap.status, plain.status, verdict(plain)) == (500, 422, "refused")
    assert fault_code(soap) == code
    assert scene.states() == ["refused", "refused"]


def test_given_an_unknown_message_then_the_fault_says_so(scene: Scene) -> None:
    from csire_bridge.xml.security.signature import sign_enveloped

    raw = sign_enveloped(etree.fromstring("<a xmlns='urn:x'/>"), pki().hub.signing)
    assert fault_code(scene.post(raw, SOAP)) == "MHB.MHD.004"


def test_given_an_unsigned_document_then_it_is_refused_without_any_right(scene: Scene) -> None:
    assert fault_code(scene.post(serialise(tree()), SOAP)) == "MHB.MHD.003"


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "", "multipart/form-data"])
def test_given_another_content_type_then_nothing_is_taken(scene: Scene, kind: str) -> None:
    answer = scene.post(bare(pki()), kind)
    assert answer.status == 415
    assert b"application/xml" in answer.body
    assert scene.states() == []


def test_given_too_many_bytes_then_nothing_is_taken_whether_they_are_announced_or_not(tmp_path: Path) -> None:
    with running(tmp_path, pki(), limits={"max_message_bytes": 10_000}) as scene:
        assert scene.post(b"x" * 10_001).status == 413
        connection = scene.connect()
        chunks = (b"x" * 1000 for _ in range(11))
        connection.request("POST", "/hub/messages", chunks, {"Content-Type": BARE}, encode_chunked=True)
        assert connection.getresponse().status == 413
        connection.close()
        assert scene.post(bare(pki())).status == 200
        assert scene.states() == ["accepted"]


def test_given_a_sender_in_drops_then_it_is_cut_off(tmp_path: Path) -> None:
    web = {"body_seconds": 600.0, "grace_seconds": 0.3, "bytes_per_second": 1000}
    with running(tmp_path, pki(), web=web) as scene, scene.socket() as sender:
        head = (
            b"POST /hub/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/xml\r\nContent-Length: 5000\r\n\r\n"
        )
        sender.sendall(head + b"<a>")
        answer = sender.recv(1000)
        assert answer.startswith(b"HTTP/1.1 408"), answer
        assert scene.states() == []


def test_given_a_sender_that_never_finishes_its_headers_then_it_is_cut_off(tmp_path: Path) -> None:
    with running(tmp_path, pki(), web={"header_seconds": 0.3}) as scene, scene.socket() as sender:
        sender.sendall(b"POST /hub/messages HTTP/1.1\r\nHost: x\r\n")
        assert sender.recv(1000) == b""


def test_given_too_many_messages_of_one_partner_then_it_waits(tmp_path: Path) -> None:
    partners = [{"eic": pki().hub.eic, "certificates": [pki().hub.certificate_file], "per_minute": 2}]
    with running(tmp_path, pki(), partners=partners) as scene:
        statuses = [scene.post(bare(pki())).status for _ in range(3)]
        assert statuses == [200, 200, 200], "the first one shows whose the address is"
        late = scene.post(bare(pki()))
        assert (late.status, 1 <= int(late.headers["Retry-After"]) <= 30) == (429, True)
        assert scene.states() == ["accepted"] * 3


def test_given_strangers_who_name_a_partner_then_its_quota_is_untouched(tmp_path: Path) -> None:
    """Quotas go by what was proved: the address of the last signed message, or a certificate that a proxy tells."""
    proxy = {"trusted_proxies": ["127.0.0.1"], "strangers_per_minute": 2}
    with running(tmp_path, pki(), web=proxy) as scene:
        name, hub = "?organisationUser=hub", {"X-Forwarded-For": "192.0.2.1"}
        assert scene.post(bare(pki()), query=name, **hub).status == 200
        guesses = [scene.post(b"<a/>", query=name, **{"X-Forwarded-For": "198.51.100.7"}).status for _ in range(4)]
        assert guesses == [422, 422, 429, 429]
        assert [scene.post(bare(pki()), query=name, **hub).status for _ in range(4)] == [200] * 4
        other = {"X-Forwarded-For": "198.51.100.8"}
        assert scene.post(bare(pki()), query=name, **other).status == 200


def test_given_strangers_of_one_address_then_they_share_one_bucket(tmp_path: Path) -> None:
    with running(tmp_path, pki(), web={"strangers_per_minute": 2}) as scene:
        assert [scene.post(b"<a/>", query=f"?organisationUser=x{n}").status for n in range(3)] == [422, 422, 429]


def test_given_too_many_open_requests_then_one_more_waits(tmp_path: Path) -> None:
    with running(tmp_path, pki(), web={"strangers_at_once": 1}) as scene, scene.socket() as first:
        first.sendall(
            b"POST /hub/messages HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 9\r\n\r\n<a>"
        )
        wait_until(lambda: scene.post(bare(pki())).status == 429)
        first.sendall(b"<b></a")
        assert b" 422 " in first.recv(100)
        assert scene.post(bare(pki())).status == 200


def test_given_a_database_that_fails_then_the_hub_is_asked_to_come_again(tmp_path: Path) -> None:
    class Broken:
        def transaction(self) -> object:
            raise StoreFailure("the disk is full", "make room")

    def break_it(bridge: Bridge) -> None:
        bridge.reception._store = Broken()  # type: ignore[assignment]

    with running(tmp_path, pki(), break_it) as scene:
        answer = scene.post(bare(pki()))
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert b"Traceback" not in answer.body


def test_given_a_message_that_breaks_the_bridge_then_its_neighbours_are_answered(tmp_path: Path) -> None:
    poison = bare(pki())

    def poisoned(bridge: Bridge) -> None:
        judge = bridge.intake.judge
        bridge.intake.judge = lambda raw, at: 1 / 0 if raw == poison else judge(raw, at)  # type: ignore

    with running(tmp_path, pki(), poisoned) as scene, ThreadPoolExecutor(8) as pool:
        raws = [poison, *(bare(pki()) for _ in range(7))]
        statuses = [answer.status for answer in pool.map(scene.post, raws)]
        assert statuses == [503] + [200] * 7
        assert scene.states().count("received") == 1


def test_given_a_service_then_it_says_how_it_is(scene: Scene) -> None:
    assert scene.get("/healthz").status == 200
    ready = scene.get("/readyz")
    assert (ready.status, json.loads(ready.body)) == (200, {"status": "ready", "reasons": []})


def test_given_a_database_of_another_version_then_it_is_not_ready_and_says_why(scene: Scene) -> None:
    with scene.service.bridge.database.transaction() as tx:
        tx.connection.exec_driver_sql("update alembic_version set version_num = 'other'")
    answer = scene.get("/readyz")
    assert answer.status == 503
    assert "use the version of csire-bridge that made them, or a newer one" in answer.body.decode()
