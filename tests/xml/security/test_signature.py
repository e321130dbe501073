"""Signatures: ours hold for others and theirs for us, and every known trick is refused with a code of ours.

``xmlsec`` is the independent second opinion: it signs what we verify, and verifies what we sign.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.signer import XMLSigner

from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import ConfigurationError, NotTrusted, PartnerFault, ProblemCode, Unreadable
from csire_bridge.domain.identifiers import MessageNumber
from csire_bridge.domain.message.partners import Partner, PartnerRole, SecurityProfile
from csire_bridge.lab.simulators.pki import Algorithm, DemoParty, DemoPki, make_demo_pki
from csire_bridge.pipeline.intake.verify import Trusted, Verifier
from csire_bridge.xml.envelope import read_header
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.certificates.keys import CertificateBook, SigningKey, TrustedCertificate
from csire_bridge.xml.security.certificates.partner_book import PartnerBook
from csire_bridge.xml.security.signature import sign_enveloped, verify_enveloped
from tests.support.chance import examples

xmlsec: Any = import_module("xmlsec")  # its stubs hide what it exports
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RAW = (folder("samples") / "good" / "8.1.1.5-debt.xml").read_bytes()
DS = "http://www.w3.org/2000/09/xmldsig#"
SIGNATURE = f"{{{DS}}}Signature"
ALGORITHMS: tuple[Algorithm, ...] = ("rsa", "ecdsa")
METHODS = {"rsa": xmlsec.Transform.RSA_SHA256, "ecdsa": xmlsec.Transform.ECDSA_SHA256}
GOOD_TRANSFORMS = (xmlsec.Transform.ENVELOPED, xmlsec.Transform.EXCL_C14N)
REFUSALS = (
    ProblemCode.UNSIGNED,
    ProblemCode.BAD_SIGNATURE,
    ProblemCode.WRAPPED,
    ProblemCode.ALGORITHM,
    ProblemCode.UNKNOWN_SIGNER,
)


@dataclass(frozen=True)
class World:
    """Certificates of one algorithm, the hub's signed message, and the bridge's verifier."""

    algorithm: Algorithm
    pki: DemoPki
    signed: bytes
    verifier: Verifier


@pytest.fixture(scope="module", params=ALGORITHMS)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(request.param, tmp_path_factory.mktemp(str(request.param)))


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> World:
    """For what does not depend on the algorithm."""
    return make_world("ecdsa", tmp_path_factory.mktemp("quick"))


def make_world(algorithm: Algorithm, place: Path) -> World:
    pki = make_demo_pki(place, NOW, algorithm=algorithm)
    return World(algorithm, pki, sign_enveloped(parse(RAW), pki.hub.signing), Verifier(pki.partners))


def verifier_of(
    certificates: Iterable[TrustedCertificate], profile: SecurityProfile = SecurityProfile.ENVELOPED
) -> Verifier:
    pinned = list(certificates)
    partners = PartnerBook.of([Partner(c.party, PartnerRole.HUB, profile) for c in pinned], pinned)
    return Verifier(lambda: partners)


def content(root: etree._Element) -> bytes:
    """What a document says, whatever its dress."""
    return etree.tostring(root, method="c14n2")


def bare(raw: bytes) -> bytes:
    root = parse(raw)
    for signature in list(root.iter(SIGNATURE)):
        cast("etree._Element", signature.getparent()).remove(signature)
    return content(root)


def refused(world: World, raw: bytes, *codes: ProblemCode) -> NotTrusted:
    with pytest.raises(NotTrusted) as caught:
        world.verifier.verify(raw, NOW)
    assert caught.value.code in (codes or REFUSALS), caught.value
    assert all(p.text and p.remedy for p in caught.value.problems)
    return caught.value


def xmlsec_sign(  # the pieces of a signature
    party: DemoParty,
    method: object,
    *,
    digest: object = xmlsec.Transform.SHA256,
    c14n: object = xmlsec.Transform.EXCL_C14N,
    transforms: Sequence[object] = GOOD_TRANSFORMS,
    uris: Sequence[str | None] = ("",),
    root: etree._Element | None = None,
    into: Callable[[etree._Element], etree._Element] = lambda root: root,
    key: Any = None,
) -> bytes:
    """Sign the sample with xmlsec in any way, also in those that must be refused."""
    document = parse(RAW) if root is None else root
    template = xmlsec.template.create(document, c14n, method)
    into(document).append(template)
    for uri in uris:
        reference = xmlsec.template.add_reference(template, digest, uri=uri)
        for transform in transforms:
            xmlsec.template.add_transform(reference, transform)
    data = xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(template))
    xmlsec.template.x509_data_add_certificate(data)
    context = xmlsec.SignatureContext()
    if key is None:
        key = xmlsec.Key.from_file(str(party.key_file), xmlsec.KeyFormat.PEM)
        key.load_cert_from_file(str(party.certificate_file), xmlsec.KeyFormat.PEM)
    context.key = key
    for element in document.iter(etree.Element):
        if element.get("Id"):
            context.register_id(element, "Id")
    context.sign(template)
    return etree.tostring(document)


def altered(world: World, change: Callable[[etree._Element, etree._Element], etree._Element | None]) -> bytes:
    """The signed message after ``change(root, signature)``, which may return another root."""
    root = etree.fromstring(world.signed)
    signature = root.find(SIGNATURE)
    assert signature is not None
    other = change(root, signature)
    return etree.tostring(root if other is None else other)


# --- both ways


def test_given_our_signature_when_xmlsec_verifies_then_it_holds(world: World) -> None:
    root = etree.fromstring(world.signed)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(world.pki.hub.certificate_file), xmlsec.KeyFormat.CERT_PEM)
    context.verify(xmlsec.tree.find_node(root, xmlsec.Node.SIGNATURE))
    root.set("altered", "yes")
    with pytest.raises(xmlsec.Error):
        context.verify(xmlsec.tree.find_node(root, xmlsec.Node.SIGNATURE))


def test_given_a_signature_of_xmlsec_when_we_verify_then_it_holds_and_the_tree_is_what_was_signed(world: World) -> None:
    trusted = world.verifier.verify(xmlsec_sign(world.pki.hub, METHODS[world.algorithm]), NOW)
    assert trusted.party == world.pki.hub.eic
    assert content(trusted.tree) == bare(RAW)


def test_given_our_signature_when_we_verify_then_only_the_signed_content_is_left(world: World) -> None:
    trusted = world.verifier.verify(world.signed, NOW)
    assert trusted.party == world.pki.hub.eic
    assert content(trusted.tree) == bare(RAW)
    assert trusted.received.find(f".//{SIGNATURE}") is None


def by_signxml(root: etree._Element, party: DemoParty) -> bytes:
    """What signxml writes for the same document and key."""
    is_rsa = isinstance(party.signing.key, rsa.RSAPrivateKey)
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256 if is_rsa else SignatureMethod.ECDSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signed = signer.sign(root, key=party.signing.key, cert=[party.signing.certificate])
    return etree.tostring(signed, xml_declaration=True, encoding="UTF-8")


SIGNATURE_VALUE = re.compile(rb"<ds:SignatureValue>[^<]+</ds:SignatureValue>")
BARE_DOCUMENTS = (
    RAW,
    b"<a/>",
    b"<a></a>",
    b"<p:a xmlns:p='urn:p'/>",
    b"<p:a xmlns:p='urn:p' xmlns='urn:q'>x<b/>&lt;/b&gt;</p:a>",
    b"<a b='&#10;&#9;&quot;'>\r\n &#13; <c xmlns='urn:c'/><!-- </d> --></a>",
    "<a>żółć ]]&gt; 🔌</a>".encode(),
)


@pytest.mark.parametrize("raw", BARE_DOCUMENTS, ids=range(len(BARE_DOCUMENTS)))
def test_given_a_document_when_signed_then_it_is_byte_for_byte_what_signxml_writes(world: World, raw: bytes) -> None:
    ours, theirs = sign_enveloped(parse(raw), world.pki.hub.signing), by_signxml(parse(raw), world.pki.hub)
    if world.algorithm == "ecdsa":  # each of its signatures has a random part
        ours, theirs = SIGNATURE_VALUE.sub(b"", ours), SIGNATURE_VALUE.sub(b"", theirs)
    assert ours == theirs


NAMES = st.sampled_from(["a", "b", "Signature"])
NAMESPACES = st.sampled_from(["", "urn:x", "urn:y", DS.replace("#", "-not-it#")])
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> etree._Element:
    namespace = draw(NAMESPACES)
    prefix = draw(st.sampled_from([None, "p", "ds"])) if namespace else None
    tag = f"{{{namespace}}}{draw(NAMES)}" if namespace else draw(NAMES)
    nsmap = cast("dict[str, str]", {prefix: namespace} if namespace else {})
    element = etree.Element(tag, nsmap=nsmap)
    element.set("k", draw(TEXTS))
    element.text, element.tail = draw(TEXTS), draw(TEXTS)
    for child in draw(st.lists(elements(depth - 1), max_size=2)) if depth else []:
        element.append(child)
    return element


@settings(max_examples=examples(150), deadline=None)
@given(root=elements())
def test_given_any_document_when_signed_then_signxml_and_xmlsec_hold_the_signature(
    quick: World, root: etree._Element
) -> None:
    signed = parse(sign_enveloped(root, quick.pki.hub.signing))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(quick.pki.hub.certificate_file), xmlsec.KeyFormat.CERT_PEM)
    context.verify(signed.find(SIGNATURE))
    verified = verify_enveloped(signed, quick.pki.partners().certificates, NOW)
    root.tail = None
    assert content(verified.tree) == content(parse(etree.tostring(root)))  # not every tree can be told in bytes


def test_given_a_tree_that_bytes_cant_tell_when_signed_then_what_the_bytes_say_is_signed(quick: World) -> None:
    root = etree.Element("{urn:x}a", nsmap=cast("dict[str, str]", {None: "urn:x"}))
    root.append(etree.Element("b"))  # its bytes put it into the default namespace
    signed = sign_enveloped(root, quick.pki.hub.signing)
    tree = verify_enveloped(parse(signed), quick.pki.partners().certificates, NOW).tree
    assert [child.tag for child in tree] == ["{urn:x}b"]


def test_given_a_document_when_signed_then_it_stays_as_it_was_itself(quick: World) -> None:
    root = parse(RAW)
    before = content(root)
    sign_enveloped(root, quick.pki.hub.signing)
    assert content(root) == before


def test_given_a_signed_message_when_signed_again_each_time_then_the_content_stays_the_same(quick: World) -> None:
    again = sign_enveloped(quick.verifier.verify(quick.signed, NOW).tree, quick.pki.hub.signing)
    assert bare(again) == bare(RAW)
    assert quick.verifier.verify(again, NOW).party == quick.pki.hub.eic


def test_given_two_certificates_of_one_party_when_one_is_rolled_over_then_both_are_taken(
    quick: World, tmp_path: Path
) -> None:
    newer = make_demo_pki(tmp_path, NOW).hub
    verifier = verifier_of([quick.pki.hub.trusted, newer.trusted])
    for signing in (quick.pki.hub.signing, newer.signing):
        assert verifier.verify(sign_enveloped(parse(RAW), signing), NOW).party == newer.eic


def test_given_a_partner_that_signs_nothing_when_it_sends_then_only_its_own_unsigned_messages_are_let_in(
    quick: World,
) -> None:
    hub = Partner(quick.pki.hub.eic, PartnerRole.HUB, SecurityProfile.NONE)
    verifier = Verifier(lambda: PartnerBook.of([hub], []))
    trusted = verifier.verify(RAW, NOW)
    assert trusted.signer is None
    assert content(trusted.tree) == bare(RAW)
    header = read_header(trusted.tree)
    verifier.check_sender(header, trusted.signer)
    with pytest.raises(NotTrusted) as caught:
        verifier.check_sender(replace(header, physical_sender=quick.pki.supplier.eic), trusted.signer)
    assert caught.value.code is ProblemCode.UNSIGNED


def test_given_another_profile_than_agreed_when_verified_then_it_is_refused(quick: World) -> None:
    verifier = verifier_of([quick.pki.hub.trusted], SecurityProfile.WSS)
    with pytest.raises(NotTrusted) as caught:
        verifier.verify(quick.signed, NOW)
    assert caught.value.code is ProblemCode.PROFILE


def test_given_a_revoked_certificate_when_verified_then_it_is_refused(quick: World) -> None:
    hub = quick.pki.hub
    book = PartnerBook.of([Partner(hub.eic)], [hub.trusted], [hub.trusted.fingerprint])
    with pytest.raises(NotTrusted) as caught:
        Verifier(lambda: book).verify(quick.signed, NOW)
    assert caught.value.code is ProblemCode.REVOKED


def test_given_a_number_that_a_partner_may_not_send_when_checked_then_it_is_refused(quick: World) -> None:
    partner = Partner(quick.pki.hub.eic, PartnerRole.HUB, numbers=frozenset({MessageNumber("8.2.1.6")}))
    book = PartnerBook.of([partner], [quick.pki.hub.trusted])
    verifier = Verifier(lambda: book)
    trusted = verifier.verify(quick.signed, NOW)
    with pytest.raises(NotTrusted) as caught:
        verifier.check_sender(read_header(trusted.tree), trusted.signer)
    assert caught.value.code is ProblemCode.NUMBER_NOT_ALLOWED


# --- altered, unsigned


def test_given_no_signature_when_verified_then_it_is_unsigned(quick: World) -> None:
    refused(quick, RAW, ProblemCode.UNSIGNED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"590243856287817706", b"590015710563817868"),
        (b"CK0344", b"CK0345"),
        (b"825970f3", b"825970f4"),
        (b"2026-11-23T09:32:23.580", b"2026-11-24T09:32:23.580"),
        (b"<DisconnectionRequest ", b"<DisconnectionRequest added='1' "),
        (b"<Payload>", b"<Payload> "),
        (b"<Payload>", b"<Payload><Extra/>"),
        (b"urn:pl:oire:unk_8_1_1_5:v1", b"urn:pl:oire:unk_8_1_1_5:v2"),
    ],
)
def test_given_a_message_altered_after_signing_when_verified_then_the_signature_does_not_hold(
    world: World, old: bytes, new: bytes
) -> None:
    assert old in world.signed
    refused(world, world.signed.replace(old, new, 1), ProblemCode.BAD_SIGNATURE)


def test_given_a_comment_inside_a_value_when_verified_then_the_value_is_whole(quick: World) -> None:
    raw = quick.signed.replace(b"590243856287817706", b"590243856<!-- -->287817706", 1)
    assert content(quick.verifier.verify(raw, NOW).tree) == bare(RAW)


def test_given_a_comment_in_what_the_hub_signs_when_verified_then_the_value_is_whole(quick: World) -> None:
    commented = RAW.replace(b"590243856287817706", b"590243856<!-- -->287817706", 1)
    raw = xmlsec_sign(quick.pki.hub, METHODS["ecdsa"], root=etree.fromstring(commented))
    assert b"<!-- -->" in raw
    assert content(quick.verifier.verify(raw, NOW).tree) == bare(RAW)


@pytest.mark.parametrize("trick", [b"<?x?>", b"<?xml-stylesheet href='http://127.0.0.1:9/'?>"])
def test_given_a_processing_instruction_in_a_value_when_verified_then_it_is_unreadable(
    quick: World, trick: bytes
) -> None:
    with pytest.raises(Unreadable):
        quick.verifier.verify(quick.signed.replace(b"590243856287817706", b"590243856" + trick + b"287817706", 1), NOW)


@pytest.mark.parametrize("trick", [b"<!DOCTYPE a [<!ENTITY e '1'>]>", b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'>"])
def test_given_a_dtd_before_a_signed_message_when_verified_then_it_is_unreadable(quick: World, trick: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        quick.verifier.verify(quick.signed.replace(b"<DisconnectionRequest", trick + b"<DisconnectionRequest", 1), NOW)
    assert caught.value.code is ProblemCode.DTD


# --- wrapping: the signature stands elsewhere, or covers something else


def places(raw: bytes) -> int:
    return sum(1 for _ in parse(raw).iter(etree.Element))


def test_given_the_signature_moved_into_any_other_element_when_verified_then_it_is_wrapped(quick: World) -> None:
    for place in range(1, places(RAW)):

        def move(root: etree._Element, signature: etree._Element, place: int = place) -> None:
            list(root.iter(etree.Element))[place].append(signature)

        refused(quick, altered(quick, move), ProblemCode.WRAPPED)


def _evil(root: etree._Element) -> etree._Element:
    """A copy with another metering point and without a signature."""
    copy = etree.fromstring(etree.tostring(root).replace(b"590243856287817706", b"590015710563817868"))
    for signature in copy.findall(SIGNATURE):
        copy.remove(signature)
    return copy


def _original_inside_evil(root: etree._Element, signature: etree._Element) -> etree._Element:
    evil = _evil(root)
    evil.append(root)
    return evil


def _original_inside_evil_payload(root: etree._Element, signature: etree._Element) -> etree._Element:
    evil = _evil(root)
    evil[2].append(root)
    return evil


def _signature_on_evil_original_beside(root: etree._Element, signature: etree._Element) -> etree._Element:
    evil = _evil(root)
    evil.append(signature)
    evil.append(root)
    return evil


def _original_in_an_object_of_the_signature(root: etree._Element, signature: etree._Element) -> etree._Element:
    evil = _evil(root)
    evil.append(signature)
    etree.SubElement(signature, f"{{{DS}}}Object").append(root)
    return evil


def _original_with_signature_in_a_second_signature(root: etree._Element, signature: etree._Element) -> etree._Element:
    evil = _evil(root)
    outer = etree.SubElement(evil, SIGNATURE)
    etree.SubElement(outer, f"{{{DS}}}Object").append(root)
    return evil


def _signature_twice(root: etree._Element, signature: etree._Element) -> None:
    root.append(etree.fromstring(etree.tostring(signature)))


def _signature_in_its_own_object(root: etree._Element, signature: etree._Element) -> None:
    copy = etree.fromstring(etree.tostring(signature))
    etree.SubElement(signature, f"{{{DS}}}Object").append(copy)


def _empty_signature_first(root: etree._Element, signature: etree._Element) -> None:
    root.insert(0, etree.Element(SIGNATURE))


def _below_a_stranger_element(root: etree._Element, signature: etree._Element) -> None:
    etree.SubElement(root, "{urn:x}Extensions").append(signature)


def _second_payload(root: etree._Element, signature: etree._Element) -> None:
    root.insert(2, _evil(root)[2])


def _payload_replaced(root: etree._Element, signature: etree._Element) -> None:
    root.replace(root[2], _evil(root)[2])


def _root_renamed(root: etree._Element, signature: etree._Element) -> None:
    root.tag = "{urn:pl:oire:unk_8_1_1_5:v1}ConnectionRequest"


@pytest.mark.parametrize(
    ("trick", "code"),
    [
        (_original_inside_evil, ProblemCode.WRAPPED),
        (_original_inside_evil_payload, ProblemCode.WRAPPED),
        (_signature_on_evil_original_beside, ProblemCode.BAD_SIGNATURE),
        (_original_in_an_object_of_the_signature, ProblemCode.BAD_SIGNATURE),
        (_original_with_signature_in_a_second_signature, ProblemCode.WRAPPED),
        (_signature_twice, ProblemCode.WRAPPED),
        (_signature_in_its_own_object, ProblemCode.WRAPPED),
        (_empty_signature_first, ProblemCode.WRAPPED),
        (_below_a_stranger_element, ProblemCode.WRAPPED),
        (_second_payload, ProblemCode.BAD_SIGNATURE),
        (_payload_replaced, ProblemCode.BAD_SIGNATURE),
        (_root_renamed, ProblemCode.BAD_SIGNATURE),
    ],
)
def test_given_a_wrapping_trick_when_verified_then_it_is_refused(
    world: World,
    trick: Callable[[etree._Element, etree._Element], etree._Element | None],
    code: ProblemCode,
) -> None:
    refused(world, altered(world, trick), code)


def test_given_foreign_content_inside_the_signature_when_verified_then_it_never_reaches_the_signed_tree(
    quick: World,
) -> None:
    def add(root: etree._Element, signature: etree._Element) -> None:
        etree.SubElement(signature, f"{{{DS}}}Object").append(_evil(root)[2])

    try:
        trusted = quick.verifier.verify(altered(quick, add), NOW)
    except NotTrusted:
        return
    assert content(trusted.tree) == bare(RAW)


@pytest.mark.parametrize("uri", ["#signed", "#xpointer(id('signed'))", "#xpointer(/)"])
def test_given_a_valid_signature_over_a_part_when_verified_then_it_is_refused(quick: World, uri: str) -> None:
    root = parse(RAW)
    root[2].set("Id", "signed")
    raw = xmlsec_sign(quick.pki.hub, METHODS["ecdsa"], root=root, uris=[uri])
    refused(quick, raw, ProblemCode.WRAPPED)


def test_given_a_valid_signature_with_two_references_when_verified_then_it_is_refused(quick: World) -> None:
    refused(quick, xmlsec_sign(quick.pki.hub, METHODS["ecdsa"], uris=["", ""]), ProblemCode.WRAPPED)


def test_given_a_valid_signature_that_stands_deeper_when_verified_then_it_is_refused(quick: World) -> None:
    raw = xmlsec_sign(quick.pki.hub, METHODS["ecdsa"], into=lambda root: root[2])
    refused(quick, raw, ProblemCode.WRAPPED)


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9/x.xml", "file:///etc/passwd", "x.xml", " ", "?", "#"])
def test_given_a_reference_to_something_else_when_verified_then_nothing_is_fetched_and_it_is_refused(
    quick: World, uri: str
) -> None:
    refused(quick, quick.signed.replace(b'URI=""', f'URI="{uri}"'.encode()), ProblemCode.WRAPPED)


def test_given_a_reference_without_uri_when_verified_then_it_is_refused(quick: World) -> None:
    refused(quick, quick.signed.replace(b' URI=""', b""), ProblemCode.WRAPPED)


# --- algorithms and transforms: real signatures of the hub's own key, but of a kind that is not allowed


@pytest.mark.parametrize(
    "kind",
    ["sha-1 digest", "sha-512 digest", "inclusive c14n", "c14n with comments", "no transform", "inclusive transform"],
)
def test_given_a_valid_signature_of_another_kind_when_verified_then_the_algorithm_is_refused(
    world: World, kind: str
) -> None:
    transform = xmlsec.Transform
    ways: dict[str, dict[str, Any]] = {
        "sha-1 digest": {"digest": transform.SHA1},
        "sha-512 digest": {"digest": transform.SHA512},
        "inclusive c14n": {"c14n": transform.C14N},
        "c14n with comments": {"c14n": transform.EXCL_C14N_COMMENTS},
        "no transform": {"transforms": [transform.ENVELOPED]},
        "inclusive transform": {"transforms": [transform.ENVELOPED, transform.C14N]},
    }
    raw = xmlsec_sign(world.pki.hub, METHODS[world.algorithm], **ways[kind])
    refused(world, raw, ProblemCode.ALGORITHM)


def test_given_a_signature_with_sha_512_when_verified_then_the_algorithm_is_refused(world: World) -> None:
    method = {"rsa": xmlsec.Transform.RSA_SHA512, "ecdsa": xmlsec.Transform.ECDSA_SHA512}[world.algorithm]
    refused(world, xmlsec_sign(world.pki.hub, method), ProblemCode.ALGORITHM)


def test_given_the_public_certificate_used_as_hmac_key_when_verified_then_the_algorithm_is_refused(
    world: World,
) -> None:
    certificate = world.pki.hub.signing.certificate
    public = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for secret in (public, certificate.public_bytes(Encoding.PEM), certificate.public_bytes(Encoding.DER)):
        key = xmlsec.Key.from_binary_data(xmlsec.KeyData.HMAC, secret)
        raw = xmlsec_sign(world.pki.hub, xmlsec.Transform.HMAC_SHA256, key=key)
        forged = World(world.algorithm, world.pki, raw, world.verifier)
        refused(world, key_info(forged, der(world.pki.hub)), ProblemCode.ALGORITHM)


XPATH = (
    b'<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>1=0</ds:XPath></ds:Transform>'
)
XSLT = (
    b'<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"><xsl:stylesheet version="1.0"'
    b' xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><xsl:value-of select="document('
    b"'file:///etc/passwd')\"/></xsl:template></xsl:stylesheet></ds:Transform>"
)
ENVELOPED = b'<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'
EXCLUSIVE = b'<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
SHA256 = b"http://www.w3.org/2001/04/xmlenc#sha256"
MORE = b"http://www.w3.org/2001/04/xmldsig-more#"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ENVELOPED, ENVELOPED + XPATH),
        (EXCLUSIVE, XPATH),
        (ENVELOPED + EXCLUSIVE, XSLT),
        (ENVELOPED + EXCLUSIVE, ENVELOPED + XSLT + EXCLUSIVE),
        (ENVELOPED + EXCLUSIVE, EXCLUSIVE + ENVELOPED),
        (ENVELOPED + EXCLUSIVE, ENVELOPED + ENVELOPED + EXCLUSIVE),
        (ENVELOPED + EXCLUSIVE, EXCLUSIVE),
        (ENVELOPED + EXCLUSIVE, b""),
        (b"<ds:Transforms>" + ENVELOPED + EXCLUSIVE + b"</ds:Transforms>", b""),
        (SHA256, b"http://www.w3.org/2000/09/xmldsig#sha1"),
        (SHA256, b""),
        (SHA256, b"none"),
        (MORE + b"ecdsa-sha256", b"http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        (MORE + b"ecdsa-sha256", MORE + b"ecdsa-sha1"),
        (MORE + b"ecdsa-sha256", b"http://www.w3.org/2000/09/xmldsig#dsa-sha1"),
        (MORE + b"ecdsa-sha256", MORE + b"hmac-sha256"),
        (MORE + b"ecdsa-sha256", b"http://www.w3.org/2000/09/xmldsig#hmac-sha1"),
        (MORE + b"ecdsa-sha256", b"none"),
        (MORE + b"ecdsa-sha256", b""),
        (b'<ds:SignatureMethod Algorithm="' + MORE + b'ecdsa-sha256"/>', b""),
    ],
)
def test_given_an_algorithm_or_transform_put_in_its_place_when_verified_then_it_is_refused(
    quick: World, old: bytes, new: bytes
) -> None:
    assert old in quick.signed
    refused(quick, quick.signed.replace(old, new), ProblemCode.ALGORITHM)


def test_given_the_method_of_another_kind_of_key_when_verified_then_it_does_not_hold(world: World) -> None:
    other = {"rsa": b"ecdsa", "ecdsa": b"rsa"}[world.algorithm]
    raw = world.signed.replace(f"#{world.algorithm}-sha256".encode(), b"#" + other + b"-sha256")
    refused(world, raw, ProblemCode.BAD_SIGNATURE)


@pytest.mark.parametrize("part", ["SignedInfo", "SignatureValue", "Reference", "DigestMethod", "DigestValue"])
@pytest.mark.parametrize("how", ["gone", "empty", "nonsense", "twice"])
def test_given_a_maimed_signature_when_verified_then_it_is_refused_and_nothing_breaks(
    quick: World, part: str, how: str
) -> None:
    def maim(root: etree._Element, signature: etree._Element) -> None:
        element = signature.find(f".//{{{DS}}}{part}")
        assert element is not None
        parent = cast("etree._Element", element.getparent())
        if how == "gone":
            parent.remove(element)
        elif how == "twice":
            parent.insert(parent.index(element), etree.fromstring(etree.tostring(element)))
        else:
            for child in list(element):
                element.remove(child)
            element.text = "" if how == "empty" else "%%% ż"

    try:
        trusted = quick.verifier.verify(altered(quick, maim), NOW)
    except NotTrusted as error:
        assert error.code in REFUSALS
    else:
        assert content(trusted.tree) == bare(RAW)


# --- who signed


def key_info(world: World, *certificates: bytes) -> bytes:
    """The hub's signed message with other certificates in KeyInfo."""

    def replace(root: etree._Element, signature: etree._Element) -> None:
        data = signature.find(f"{{{DS}}}KeyInfo/{{{DS}}}X509Data")
        assert data is not None
        for child in list(data):
            data.remove(child)
        for certificate in certificates:
            etree.SubElement(data, f"{{{DS}}}X509Certificate").text = certificate.decode("latin-1")

    return altered(world, replace)


def der(party: DemoParty) -> bytes:
    return base64.b64encode(party.signing.certificate.public_bytes(Encoding.DER))


def test_given_a_stranger_who_claims_to_be_the_hub_when_verified_then_nobody_knows_him(world: World) -> None:
    refused(world, sign_enveloped(parse(RAW), world.pki.stranger.signing), ProblemCode.UNKNOWN_SIGNER)


def test_given_a_stranger_who_encloses_the_hubs_certificate_when_verified_then_it_does_not_hold(world: World) -> None:
    forged = World(world.algorithm, world.pki, sign_enveloped(parse(RAW), world.pki.stranger.signing), world.verifier)
    refused(world, key_info(forged, der(world.pki.hub)), ProblemCode.BAD_SIGNATURE)


def test_given_the_hubs_signature_with_another_partners_certificate_when_verified_then_it_does_not_hold(
    world: World,
) -> None:
    refused(world, key_info(world, der(world.pki.supplier)), ProblemCode.BAD_SIGNATURE)


def test_given_certificates_in_any_order_and_number_when_verified_then_the_one_whose_key_signed_is_the_signer(
    world: World,
) -> None:
    hub, supplier, stranger = der(world.pki.hub), der(world.pki.supplier), der(world.pki.stranger)
    for certificates in ((supplier, hub), (hub, supplier), (stranger, b"AAAA", hub), (stranger, supplier, hub)):
        assert world.verifier.verify(key_info(world, *certificates), NOW).party == world.pki.hub.eic
    refused(world, key_info(world, supplier, stranger), ProblemCode.BAD_SIGNATURE)
    refused(world, key_info(world, *[stranger] * 16, hub), ProblemCode.PROFILE)


def test_given_a_partner_who_signs_in_the_hubs_name_when_checked_then_he_is_not_the_sender(world: World) -> None:
    trusted = world.verifier.verify(sign_enveloped(parse(RAW), world.pki.supplier.signing), NOW)
    assert trusted.party == world.pki.supplier.eic
    with pytest.raises(NotTrusted) as caught:
        world.verifier.check_sender(read_header(trusted.tree), trusted.signer)
    assert caught.value.code is ProblemCode.WRONG_SIGNER
    world.verifier.check_sender(read_header(trusted.tree), Partner(world.pki.hub.eic, PartnerRole.HUB))


@pytest.mark.parametrize("text", [b"", b"AAAA", b"%%%", b"\xc5", b"A" * 100_000, b"-----BEGIN CERTIFICATE-----"])
def test_given_no_certificate_in_key_info_when_verified_then_the_signer_is_unknown(quick: World, text: bytes) -> None:
    refused(quick, key_info(quick, text), ProblemCode.UNKNOWN_SIGNER)
    refused(quick, key_info(quick), ProblemCode.UNKNOWN_SIGNER)


@pytest.mark.parametrize("path", [f"{{{DS}}}KeyInfo", f"{{{DS}}}KeyInfo/{{{DS}}}X509Data"])
def test_given_no_key_info_when_verified_then_the_signer_is_unknown(quick: World, path: str) -> None:
    def take_out(root: etree._Element, signature: etree._Element) -> None:
        element = signature.find(path)
        assert element is not None
        cast("etree._Element", element.getparent()).remove(element)

    refused(quick, altered(quick, take_out), ProblemCode.UNKNOWN_SIGNER)


def test_given_the_signers_key_as_a_bare_value_when_verified_then_the_signer_is_unknown(quick: World) -> None:
    refused(quick, quick.signed.replace(b"X509Certificate>", b"X509SKI>"), ProblemCode.UNKNOWN_SIGNER)


def test_given_an_expired_certificate_when_verified_then_it_is_told_as_such(world: World) -> None:
    raw = sign_enveloped(parse(RAW), world.pki.expired.signing)
    refused(world, raw, ProblemCode.CERTIFICATE_EXPIRED)
    was_good = world.pki.expired.signing.certificate.not_valid_after_utc
    assert world.verifier.verify(raw, was_good).party == world.pki.hub.eic


def test_given_the_edges_of_validity_when_verified_then_the_edges_are_good_and_a_second_beyond_is_not(
    quick: World,
) -> None:
    certificate = quick.pki.hub.signing.certificate
    first, last, second = certificate.not_valid_before_utc, certificate.not_valid_after_utc, timedelta(seconds=1)
    for moment in (first, last):
        assert quick.verifier.verify(quick.signed, moment).party == quick.pki.hub.eic
    for moment in (first - second, last + second):
        with pytest.raises(NotTrusted) as caught:
            quick.verifier.verify(quick.signed, moment)
        assert caught.value.code is ProblemCode.CERTIFICATE_EXPIRED


def test_given_an_empty_book_when_verified_then_nobody_is_trusted(quick: World) -> None:
    with pytest.raises(NotTrusted) as caught:
        verifier_of([]).verify(quick.signed, NOW)
    assert caught.value.code is ProblemCode.UNKNOWN_SIGNER


def test_given_a_certificate_pinned_to_another_party_when_verified_then_the_pin_counts_and_not_its_subject(
    quick: World,
) -> None:
    pinned = TrustedCertificate(quick.pki.supplier.eic, quick.pki.hub.signing.certificate)
    assert verifier_of([pinned]).verify(quick.signed, NOW).party == quick.pki.supplier.eic


@pytest.mark.parametrize("kind", ["rsa-1024", "p-384", "ed25519"])
def test_given_a_weak_or_unused_kind_of_key_when_pinned_or_loaded_then_it_is_a_configuration_error(
    quick: World, tmp_path: Path, kind: str
) -> None:
    makers: dict[str, Callable[[], Any]] = {
        "rsa-1024": lambda: rsa.generate_private_key(public_exponent=65537, key_size=1024),  # noqa: S505 - must be refused
        "p-384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
    }
    key = makers[kind]()
    name = quick.pki.hub.signing.certificate.subject
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    certificate = builder.sign(key, None if kind == "ed25519" else hashes.SHA256())
    with pytest.raises(ConfigurationError, match="not used here"):
        CertificateBook([TrustedCertificate(quick.pki.hub.eic, certificate)])
    key_file, certificate_file = tmp_path / "key.pem", tmp_path / "certificate.pem"
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    with pytest.raises(ConfigurationError, match="not used here"):
        SigningKey.load(key_file, certificate_file)


def test_given_key_files_that_do_not_fit_when_loaded_then_the_file_is_named(quick: World, tmp_path: Path) -> None:
    hub, supplier = quick.pki.hub, quick.pki.supplier
    garbage, locked = tmp_path / "garbage.pem", tmp_path / "locked.pem"
    garbage.write_text("-----BEGIN {0}-----\nAAAA\n-----END {0}-----\n".format("PRIVATE KEY"))
    protection = BestAvailableEncryption(b"a password")
    locked.write_bytes(hub.signing.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection))
    pairs = [
        (hub.key_file, supplier.certificate_file),
        (garbage, hub.certificate_file),
        (locked, hub.certificate_file),
        (tmp_path / "missing.pem", hub.certificate_file),
        (hub.key_file, garbage),
        (hub.key_file, tmp_path / "missing.pem"),
        (hub.key_file, hub.key_file),
    ]
    for key_file, certificate_file in pairs:
        with pytest.raises(ConfigurationError) as caught:
            SigningKey.load(key_file, certificate_file)
        assert str(tmp_path) in caught.value.text or str(hub.key_file) in caught.value.text
        assert caught.value.remedy
        assert "PRIVATE" not in str(caught.value)


# --- any change, and many at once


@cache
def expected_content() -> bytes:
    return bare(RAW)


def judge(world: World, raw: bytes) -> Trusted | PartnerFault:
    try:
        return world.verifier.verify(raw, NOW)
    except (NotTrusted, Unreadable) as fault:
        return fault


@settings(max_examples=examples(250), deadline=None)
@given(data=st.data())
def test_given_any_byte_changed_when_verified_then_it_is_refused_or_says_exactly_the_same(
    quick: World, data: st.DataObject
) -> None:
    raw = bytearray(quick.signed)
    start_of_signature = quick.signed.index(b"<ds:Signature ")
    place = data.draw(st.integers(0, len(raw) - 1) | st.integers(start_of_signature, len(raw) - 1), label="place")
    match data.draw(st.sampled_from(["replace", "flip", "insert", "delete", "cut"]), label="how"):
        case "replace":
            raw[place] = data.draw(st.integers(0, 255) | st.sampled_from(b"<>&\"'/= \nA0"), label="byte")
        case "flip":
            raw[place] ^= 1 << data.draw(st.integers(0, 7), label="bit")
        case "insert":
            raw[place:place] = data.draw(st.binary(min_size=1, max_size=3), label="bytes")
        case "delete":
            del raw[place : place + data.draw(st.integers(1, 20), label="count")]
        case _:
            del raw[place:]
    verdict = judge(quick, bytes(raw))
    if isinstance(verdict, Trusted):
        assert content(verdict.tree) == expected_content()
        assert verdict.party == quick.pki.hub.eic
    else:
        assert verdict.code.startswith(("trust.", "parser."))


def test_given_sixteen_threads_when_they_verify_good_and_bad_at_once_then_no_verdict_is_false(world: World) -> None:
    other = make_messages(world)
    bad = [
        world.signed.replace(b"CK0344", b"CK0345", 1),
        sign_enveloped(parse(RAW), world.pki.stranger.signing),
        sign_enveloped(parse(RAW), world.pki.expired.signing),
        altered(world, _signature_twice),
        RAW,
        b"<a/>",
    ]

    def ask(number: int) -> bool:
        if number % 2:
            return isinstance(judge(world, bad[number // 2 % len(bad)]), PartnerFault)
        raw, said = other[number // 2 % len(other)]
        verdict = judge(world, raw)
        return isinstance(verdict, Trusted) and content(verdict.tree) == said and verdict.party == world.pki.hub.eic

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(640)))


def make_messages(world: World) -> list[tuple[bytes, bytes]]:
    """Eight messages of the hub with different content."""
    raws = [RAW.replace(b"825970f3", f"825970f{n}".encode(), 1) for n in range(8)]
    return [(sign_enveloped(parse(raw), world.pki.hub.signing), bare(raw)) for raw in raws]
