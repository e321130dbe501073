"""The ``wss`` profile where all is well, at the edges of its clock, with ``xmlsec`` both ways, and inside zeep."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest
import zeep
from lxml import etree

from csire_bridge.domain.errors import BridgeError, NotTrusted, ProblemCode, Unreadable
from csire_bridge.hub.wss_plugin import WsSecurityPlugin
from csire_bridge.simulators.pki import DemoParty, DemoPki, make_demo_pki
from csire_bridge.xml.keys import CertificateBook
from csire_bridge.xml.parser import parse
from csire_bridge.xml.signature import sign_enveloped, verify_enveloped
from csire_bridge.xml.wss import sign_envelope, verify_envelope
from tests.security.mutations_signing import resigned
from tests.security.mutations_wrapping import SIGNATURE, WSSE, WSU, WSU_ID, wrapped_envelopes

xmlsec: Any = import_module("xmlsec")  # its stubs hide what it exports
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE, MS = timedelta(minutes=1), timedelta(milliseconds=1)
SOAP = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
X509V3 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
DOCUMENT = b'<d:Order xmlns:d="urn:d"><d:Code>590243856287817706</d:Code></d:Order>'


@dataclass(frozen=True)
class World:
    """Certificates of one kind, and what the kind is called."""

    pki: DemoPki
    book: CertificateBook
    name: str


@pytest.fixture(scope="module", params=["ecdsa", "rsa"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    pki = make_demo_pki(tmp_path_factory.mktemp("pki"), NOW, algorithm=request.param)
    return World(pki, pki.book(), f"{request.param}-sha256".upper())


def envelope(soap: str = SOAP[1], document: bytes = DOCUMENT, header: str = "") -> etree._Element:
    root = f'<s:Envelope xmlns:s="{soap}" xmlns:p="urn:p">{header}<s:Body><p:Push><p:Payload/></p:Push></s:Body></s:Envelope>'
    tree = etree.fromstring(root)
    tree[-1][0][0].append(etree.fromstring(document))
    return tree


def signed(world: World, now: datetime = NOW, lifetime: timedelta = 5 * MINUTE, **what: Any) -> bytes:
    return sign_envelope(envelope(**what), world.pki.hub.signing, now, lifetime)


def refused(world: World, raw: bytes, code: ProblemCode, now: datetime = NOW) -> None:
    with pytest.raises(NotTrusted) as caught:
        verify_envelope(parse(raw), world.book, now)
    assert caught.value.code is code, caught.value
    assert all(p.text and p.remedy for p in caught.value.problems)


# --- where all is well


@pytest.mark.parametrize("soap", SOAP)
@pytest.mark.parametrize("header", ["", "<s:Header/>", '<s:Header><a:To xmlns:a="urn:a">x</a:To></s:Header>'])
def test_given_an_envelope_when_signed_then_it_verifies_and_the_body_is_what_was_signed(
    world: World, soap: str, header: str
) -> None:
    original = envelope(soap, header=header)
    before = etree.tostring(original)
    raw = sign_envelope(original, world.pki.hub.signing, NOW)
    assert etree.tostring(original) == before
    verified = verify_envelope(parse(raw), world.book, NOW)
    assert (verified.signer.party, verified.created, verified.algorithm) == (world.pki.hub.eic, NOW, world.name)
    assert verified.body.tag == f"{{{soap}}}Body"
    assert verified.body.getparent() is None
    assert etree.tostring(verified.body[0], method="c14n2") == etree.tostring(original[-1][0], method="c14n2")
    assert parse(raw)[0].find(f"{{{WSSE}}}Security").get(f"{{{soap}}}mustUnderstand") == "1"  # type: ignore[union-attr]


def test_given_a_document_with_its_own_signature_when_sent_in_an_envelope_then_both_hold(world: World) -> None:
    document = sign_enveloped(parse(DOCUMENT), world.pki.supplier.signing)
    body = verify_envelope(parse(signed(world, document=document)), world.book, NOW).body
    inner = verify_enveloped(parse(etree.tostring(body[0][0][0])), world.book, NOW)
    assert inner.signer.party == world.pki.supplier.eic


@pytest.mark.parametrize("xml", [f'<s:Envelope xmlns:s="{SOAP[0]}"/>', "<Envelope><Body/></Envelope>"])
def test_given_no_envelope_or_one_signed_already_when_signed_then_it_is_our_own_mistake(world: World, xml: str) -> None:
    for root in (etree.fromstring(xml), parse(signed(world))):
        with pytest.raises(ValueError, match="only a SOAP envelope"):
            sign_envelope(root, world.pki.hub.signing, NOW)


# --- refusals that the mutations don't name by their code


def test_given_what_is_not_signed_or_no_envelope_when_verified_then_the_code_says_so(world: World) -> None:
    refused(world, etree.tostring(envelope()), ProblemCode.UNSIGNED)
    refused(world, DOCUMENT, ProblemCode.PROFILE)
    expired = sign_envelope(envelope(), world.pki.expired.signing, NOW)
    refused(world, expired, ProblemCode.CERTIFICATE_EXPIRED)
    refused(world, sign_envelope(envelope(), world.pki.stranger.signing, NOW), ProblemCode.UNKNOWN_SIGNER)
    refused(world, signed(world).replace(b"590243856287817706", b"590015710563817868"), ProblemCode.BAD_SIGNATURE)


def test_given_a_signature_directly_in_the_body_when_verified_then_it_is_refused(world: World) -> None:
    root = envelope()
    etree.SubElement(root[-1], SIGNATURE)
    refused(world, sign_envelope(root, world.pki.hub.signing, NOW), ProblemCode.WRAPPED)


def test_given_an_instruction_in_the_body_when_read_by_another_parser_then_it_is_still_refused(world: World) -> None:
    raw = signed(world, document=DOCUMENT.replace(b"5902", b"59<?x?>02"))
    with pytest.raises(NotTrusted):
        verify_envelope(etree.fromstring(raw), world.book, NOW)


# --- the clock


@pytest.mark.parametrize(
    ("created", "lifetime", "good"),
    [
        (NOW + 5 * MINUTE, 5 * MINUTE, True),
        (NOW + 5 * MINUTE + MS, 5 * MINUTE, False),
        (NOW - 5 * MINUTE + MS, 5 * MINUTE, True),
        (NOW - 5 * MINUTE, 5 * MINUTE, False),
        (NOW - 9 * MINUTE, 10 * MINUTE, True),
        (NOW, 10 * MINUTE + MS, False),
        (NOW + MINUTE, timedelta(0), False),
        (NOW + MINUTE, MS, True),
    ],
)
def test_given_the_edges_of_the_clock_when_verified_then_a_millisecond_decides(
    world: World, created: datetime, lifetime: timedelta, good: bool
) -> None:
    raw = signed(world, created, lifetime)
    if good:
        assert verify_envelope(parse(raw), world.book, NOW).created == created
    else:
        refused(world, raw, ProblemCode.TIMESTAMP)


def test_given_another_skew_when_verified_then_it_counts(world: World) -> None:
    raw = signed(world, NOW + MINUTE)
    assert verify_envelope(parse(raw), world.book, NOW, skew=MINUTE)
    with pytest.raises(NotTrusted):
        verify_envelope(parse(raw), world.book, NOW, skew=MINUTE - MS)


def test_given_a_naive_moment_when_signing_or_verifying_then_it_is_our_own_mistake(world: World) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="no time zone"):
        signed(world, naive)
    with pytest.raises(ValueError, match="no time zone"):
        verify_envelope(parse(signed(world)), world.book, naive)


@pytest.mark.parametrize(
    "text", [b"2026-11-23T09:00:00Z", b"2026-11-23T09:00:00.123456789Z", b" 2026-11-23T09:00:00.0Z "]
)
def test_given_other_spellings_of_a_utc_time_when_verified_then_they_are_read(world: World, text: bytes) -> None:
    raw = resigned(signed(world).replace(b"2026-11-23T09:00:00.000Z", text), world.pki.hub.signing)
    assert verify_envelope(parse(raw), world.book, NOW).created.replace(microsecond=0) == NOW


# --- xmlsec, the independent second opinion


def xmlsec_verify(raw: bytes, party: DemoParty) -> None:
    root = etree.fromstring(raw)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(party.certificate_file), xmlsec.KeyFormat.CERT_PEM)
    for element in root.iter(etree.Element):
        if element.get(WSU_ID):
            context.register_id(element, "Id", WSU)
    context.verify(next(root.iter(SIGNATURE)))


@pytest.mark.parametrize("soap", SOAP)
def test_given_our_signature_when_xmlsec_verifies_then_it_holds_and_alterations_do_not(world: World, soap: str) -> None:
    raw = signed(world, soap=soap)
    xmlsec_verify(raw, world.pki.hub)
    for old, new in ((b"590243", b"590244"), (b"09:05", b"09:06"), (b"ValueType", b"valueType")):
        with pytest.raises(xmlsec.Error):
            xmlsec_verify(raw.replace(old, new, 1), world.pki.hub)


def xmlsec_signed(world: World, soap: str, prefixes: list[str] | None) -> bytes:
    """An envelope as another stack makes it: plain ids, its own order, and a PrefixList as Java writes it."""
    security = etree.fromstring(signed(world, soap=soap))[0][0]
    root = envelope(soap, header="<s:Header/>")
    root[0].append(security)
    token, timestamp, old = security
    for element, name in ((token, "X509-1"), (timestamp, "TS-2"), (root[1], "id-3")):
        element.set(WSU_ID, name)
    security.remove(old)
    security.insert(0, timestamp)
    method = xmlsec.Transform.RSA_SHA256 if world.name.startswith("RSA") else xmlsec.Transform.ECDSA_SHA256
    template = xmlsec.template.create(root, xmlsec.Transform.EXCL_C14N, method, ns="ds")
    security.append(template)
    for name in ("TS-2", "id-3", "X509-1"):
        reference = xmlsec.template.add_reference(template, xmlsec.Transform.SHA256, uri=f"#{name}")
        transform = xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
        if prefixes:
            xmlsec.template.transform_add_c14n_inclusive_namespaces(transform, prefixes)
    named = etree.SubElement(xmlsec.template.ensure_key_info(template), f"{{{WSSE}}}SecurityTokenReference")
    etree.SubElement(named, f"{{{WSSE}}}Reference", URI="#X509-1", ValueType=X509V3)
    return resigned(etree.tostring(root), world.pki.hub.signing)


@pytest.mark.parametrize("soap", SOAP)
@pytest.mark.parametrize("prefixes", [None, ["p"], ["s", "p", "wsse", "nowhere"]])
def test_given_a_signature_of_xmlsec_when_we_verify_then_it_holds(
    world: World, soap: str, prefixes: list[str] | None
) -> None:
    raw = xmlsec_signed(world, soap, prefixes)
    verified = verify_envelope(parse(raw), world.book, NOW)
    assert verified.signer.party == world.pki.hub.eic
    assert verified.body[0].tag == "{urn:p}Push"
    if prefixes:
        refused(world, raw.replace(b'"urn:p"', b'"urn:q"'), ProblemCode.BAD_SIGNATURE)
        many = " ".join(f"p{n}" for n in range(33))
        refused(world, xmlsec_signed(world, soap, many.split()), ProblemCode.ALGORITHM)


# --- inside zeep

WSDL = """<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:k="http://schemas.xmlsoap.org/wsdl/soap12/"
 xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:e="urn:echo" targetNamespace="urn:echo">
<w:types><x:schema targetNamespace="urn:echo" elementFormDefault="qualified">
<x:element name="Ask" type="x:string"/><x:element name="Answer" type="x:string"/></x:schema></w:types>
<w:message name="Ask"><w:part name="body" element="e:Ask"/></w:message>
<w:message name="Answer"><w:part name="body" element="e:Answer"/></w:message>
<w:portType name="P"><w:operation name="ask"><w:input message="e:Ask"/><w:output message="e:Answer"/></w:operation>
</w:portType><w:binding name="B" type="e:P"><k:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<w:operation name="ask"><k:operation soapAction="ask"/><w:input><k:body use="literal"/></w:input>
<w:output><k:body use="literal"/></w:output></w:operation></w:binding>
<w:service name="S"><w:port name="P" binding="e:B"><k:address location="ADDRESS"/></w:port></w:service></w:definitions>"""
Answerer = Callable[[bytes], bytes]


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """A SOAP server on loopback that answers with whatever its ``answerer`` makes of the request."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answerer = cast("Answerer", self.server.answerer)  # type: ignore[attr-defined]
            answer = answerer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()


def ask(world: World, server: ThreadingHTTPServer, place: Path, answerer: Answerer) -> Any:
    server.answerer = answerer  # type: ignore[attr-defined]
    wsdl = place / "echo.wsdl"
    wsdl.write_text(WSDL.replace("ADDRESS", f"http://127.0.0.1:{server.server_port}/"))
    plugin = WsSecurityPlugin(world.pki.operator.signing, world.book, lambda: NOW)
    client = zeep.Client(str(wsdl), wsse=plugin, settings=zeep.Settings(forbid_dtd=True))  # type: ignore[no-untyped-call]
    return client.service.ask("590243856287817706")


def answer_of_hub(world: World, request: bytes) -> bytes:
    """What the hub does: it verifies us strictly, and signs its answer."""
    ours = CertificateBook([world.pki.operator.trusted])
    question = verify_envelope(parse(request), ours, NOW).body[0].text
    root = envelope(SOAP[1])
    root[-1].remove(root[-1][0])
    etree.SubElement(root[-1], "{urn:echo}Answer").text = question
    return sign_envelope(root, world.pki.hub.signing, NOW)


def test_given_our_plugin_when_zeep_calls_then_both_directions_are_signed_and_verified(
    world: World, server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    assert ask(world, server, tmp_path, lambda raw: answer_of_hub(world, raw)) == "590243856287817706"


def test_given_our_plugin_when_an_answer_is_forged_then_zeep_never_reads_it(
    world: World, server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    def forge(raw: bytes) -> bytes:
        return next(forgeries)

    good = answer_of_hub(world, sign_envelope(_question(), world.pki.operator.signing, NOW))
    bad = [raw for _, raw in wrapped_envelopes(good)][:60]
    bad += [good.replace(b"590243856287817706", b"590015710563817868"), etree.tostring(_question())]
    forgeries = iter(bad)
    for _ in bad:
        with pytest.raises(NotTrusted):
            ask(world, server, tmp_path, forge)


def _question() -> etree._Element:
    root = envelope(SOAP[1])
    root[-1][0].text = "590243856287817706"
    return root


def test_given_our_plugin_when_an_answer_is_hostile_xml_then_it_is_refused(world: World) -> None:
    plugin = WsSecurityPlugin(world.pki.operator.signing, world.book, lambda: NOW)
    raw = signed(world)
    for hostile in (raw.replace(b"?>", b"?><!DOCTYPE x>", 1), raw.replace(b"5902", b"59<?x?>02")):
        with pytest.raises(BridgeError) as caught:
            plugin.verify(etree.fromstring(hostile))
        assert isinstance(caught.value, Unreadable)


def test_given_our_plugin_when_an_answer_is_good_then_nothing_but_the_signed_body_is_left(world: World) -> None:
    plugin = WsSecurityPlugin(world.pki.operator.signing, world.book, lambda: NOW)
    root = etree.fromstring(signed(world).replace(b"5902", b"59<!-- -->02"))
    assert plugin.verify(root) is root
    assert [etree.QName(child).localname for child in root] == ["Body"]
    assert root[0].findtext(".//{urn:d}Code") == "590243856287817706"
