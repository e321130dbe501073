"""The ``wss`` profile where all is well, at the edges of its clock, and with ``xmlsec`` both ways."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from lxml import etree

from csire_bridge.domain.errors import NotTrusted, ProblemCode
from csire_bridge.lab.simulators.pki import DemoParty, DemoPki, make_demo_pki
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.certificates.keys import CertificateBook
from csire_bridge.xml.security.signature import sign_enveloped, verify_enveloped
from csire_bridge.xml.security.ws_security.wss import sign_envelope, verify_envelope
from tests.attacks.mutations_signing import resigned
from tests.attacks.mutations_wrapping import SIGNATURE, WSSE, WSU, WSU_ID, wrapped_envelopes

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
    body = "<s:Body><p:Push><p:Payload/></p:Push></s:Body>"
    tree = etree.fromstring(f'<s:Envelope xmlns:s="{soap}" xmlns:p="urn:p">{header}{body}</s:Envelope>')
    tree[-1][0][0].append(etree.fromstring(document))
    return tree


def signed(world: World, now: datetime = NOW, lifetime: timedelta = 5 * MINUTE, **what: Any) -> bytes:
    return sign_envelope(envelope(**what), world.pki.hub.signing, now, lifetime)


def exclusive(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True)


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
    assert exclusive(verified.body[0]) == exclusive(original[-1][0])
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


def test_given_sixteen_threads_when_they_verify_good_and_bad_at_once_then_no_verdict_is_false(world: World) -> None:
    good = signed(world)
    bad = [raw for _, raw in wrapped_envelopes(good)]

    def ask(number: int) -> bool:
        raw = bad[number % len(bad)] if number % 2 else good
        try:
            return verify_envelope(parse(raw), world.book, NOW).signer.party == world.pki.hub.eic and not number % 2
        except NotTrusted:
            return bool(number % 2)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(800)))


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
    root = etree.fromstring(
        etree.tostring(envelope(soap, header="<s:Header/>")).replace(b" xmlns:p=", b' xmlns="urn:default" xmlns:p=')
    )
    root[0].append(security)
    token, timestamp, old = security
    for element, name in ((token, "X509-1"), (timestamp, "TS-2"), (root[1], "id-3")):
        element.set(WSU_ID, name)
    security.remove(old)
    security.insert(0, timestamp)
    method = xmlsec.Transform.RSA_SHA256 if world.name.startswith("RSA") else xmlsec.Transform.ECDSA_SHA256
    template = xmlsec.template.create(root, xmlsec.Transform.EXCL_C14N, method, ns="ds")
    security.append(template)
    if prefixes:
        listed = etree.SubElement(template[0][0], "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces")
        listed.set("PrefixList", " ".join(prefixes))
    for name in ("TS-2", "id-3", "X509-1"):
        reference = xmlsec.template.add_reference(template, xmlsec.Transform.SHA256, uri=f"#{name}")
        transform = xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
        if prefixes:
            xmlsec.template.transform_add_c14n_inclusive_namespaces(transform, prefixes)
    named = etree.SubElement(xmlsec.template.ensure_key_info(template), f"{{{WSSE}}}SecurityTokenReference")
    etree.SubElement(named, f"{{{WSSE}}}Reference", URI="#X509-1", ValueType=X509V3)
    return resigned(etree.tostring(root), world.pki.hub.signing)


@pytest.mark.parametrize("soap", SOAP)
@pytest.mark.parametrize("prefixes", [None, ["p"], ["#default", "s"], ["s", "p", "wsse", "nowhere"]])
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
