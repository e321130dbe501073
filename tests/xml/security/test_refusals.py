"""What is refused is told: the algorithm or shape that was found, and the one that is wanted."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from lxml import etree

from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import NotTrusted, Problem
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import sign_enveloped, verify_enveloped
from csire_bridge.xml.security.ws_security.wss import sign_envelope, verify_envelope
from tests.attacks.mutations_signing import resigned
from tests.attacks.shapes import in_shape
from tests.attacks.test_mutations import soap

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RAW = (folder("samples") / "good" / "8.1.1.5-debt.xml").read_bytes()
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
MORE, XMLENC = "http://www.w3.org/2001/04/xmldsig-more#", "http://www.w3.org/2001/04/xmlenc#"
DS = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
ENVELOPED = f'<ds:Transform Algorithm="{DS}"/>'
TRANSFORM = f'<ds:Transform Algorithm="{EXCLUSIVE}"/>'


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> DemoPki:
    return make_demo_pki(tmp_path_factory.mktemp("pki"), NOW)


def problem_of(pki: DemoPki, raw: bytes) -> Problem:
    root = parse(raw)
    with pytest.raises(NotTrusted) as caught:
        if root.find("{*}Body") is None:
            verify_enveloped(root, pki.book(), NOW)
        else:
            verify_envelope(root, pki.book(), NOW)
    return caught.value.problems[0]


def message(pki: DemoPki, profile: str) -> bytes:
    document = parse(RAW)
    if profile == "enveloped":
        return sign_enveloped(document, pki.hub.signing)
    return sign_envelope(soap(document), pki.hub.signing, NOW)


BOTH = ("enveloped", "wss")
ALGORITHMS = (
    (BOTH, f"{MORE}ecdsa-sha256", f"{MORE}rsa-sha512", f"the SignatureMethod is '{MORE}rsa-sha512'", "rsa-sha256"),
    (BOTH, f"{XMLENC}sha256", f"{XMLENC}sha512", f"the DigestMethod is '{XMLENC}sha512'", f"{XMLENC}sha256"),
    (
        BOTH,
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}',
        f'<ds:CanonicalizationMethod Algorithm="{INCLUSIVE}',
        f"the CanonicalizationMethod is '{INCLUSIVE}'",
        EXCLUSIVE,
    ),
    (("enveloped",), TRANSFORM, "", f"the list of transforms is '{DS}', which", EXCLUSIVE),
    (("enveloped",), ENVELOPED, "", f"the list of transforms is '{EXCLUSIVE}', which", DS),
    (("wss",), TRANSFORM, f'<ds:Transform Algorithm="{INCLUSIVE}"/>', f"a transform is '{INCLUSIVE}'", EXCLUSIVE),
    (("wss",), TRANSFORM, "", "transforms of '#id-", EXCLUSIVE),
)


@pytest.mark.parametrize(("profile", "case"), [(one, case) for case in ALGORITHMS for one in case[0]])
def test_given_another_algorithm_then_the_refusal_names_it_and_the_one_that_is_wanted(
    pki: DemoPki, profile: str, case: tuple[tuple[str, ...], str, str, str, str]
) -> None:
    _, old, new, found, wanted = case
    raw = message(pki, profile)
    assert old.encode() in raw
    problem = problem_of(pki, raw.replace(old.encode(), new.encode()))
    assert found in problem.text
    assert wanted in problem.remedy
    assert problem.code == "trust.algorithm"


SHAPES = (
    ("enveloped", rb'URI=""', rb'URI="#part"', "the signature covers '#part'"),
    ("enveloped", rb"<ds:X509Data>.*</ds:X509Data>", rb"<ds:KeyName>hub</ds:KeyName>", "fits KeyInfo (KeyName)"),
    ("enveloped", rb"<ds:KeyInfo>.*</ds:KeyInfo>", rb"", "KeyInfo names no certificate"),
    ("wss", rb"<wsu:Timestamp.*</wsu:Timestamp>", rb"", "has no Timestamp"),
    ("wss", rb"</wsse:Security>", rb"<wsse:UsernameToken/></wsse:Security>", "UsernameToken"),
    ("wss", rb"<wsse:Reference[^>]*/>", rb"<wsse:Embedded/>", "BinarySecurityToken that KeyInfo does not refer to"),
    ("wss", rb"#X509v3", rb"#X509PKIPathv1", "#X509PKIPathv1"),
    ("wss", rb'<wsse:Reference URI="#', rb'<wsse:Reference URI="#x', "KeyInfo refers to '#xid-"),
    ("wss", rb'<ds:Reference URI="#', rb'<ds:Reference URI="#x', "the signature covers '#xid-"),
)


@pytest.mark.parametrize(("profile", "old", "new", "found"), SHAPES)
def test_given_another_shape_then_the_refusal_says_what_was_seen(
    pki: DemoPki, profile: str, old: bytes, new: bytes, found: str
) -> None:
    original = message(pki, profile)
    raw = re.sub(old, new, original, flags=re.DOTALL)
    assert raw != original
    problem = problem_of(pki, raw)
    assert found in problem.text
    assert problem.remedy


@pytest.mark.parametrize("profile", BOTH)
def test_given_changed_content_or_another_key_then_the_refusal_tells_which_of_the_two_it_was(
    pki: DemoPki, profile: str
) -> None:
    raw = message(pki, profile)
    changed = problem_of(pki, raw.replace(b"590243856287817706", b"590015710563817868"))
    assert "is not the one that was signed" in changed.text
    assert ("the Body" if profile == "wss" else "the document") in changed.text
    key = problem_of(pki, resigned(raw, pki.stranger.signing))
    assert f"with the key of {pki.hub.eic}'s certificate" in key.text


@pytest.mark.parametrize(("index", "name"), [(2, "Body"), (3, "Timestamp")])
def test_given_a_part_that_is_not_signed_then_the_refusal_names_it(pki: DemoPki, index: int, name: str) -> None:
    root = etree.fromstring(message(pki, "wss"))
    info = next(root.iter("{*}SignedInfo"))
    info.remove(info[index])
    problem = problem_of(pki, resigned(etree.tostring(root), pki.hub.signing))
    assert f"does not cover the {name}" in problem.text


def test_given_a_key_identifier_of_another_kind_then_the_refusal_names_it(pki: DemoPki) -> None:
    raw = in_shape(message(pki, "wss"), "thumbprint", pki.hub.signing, [])
    problem = problem_of(pki, raw.replace(b"#ThumbprintSHA1", b"#EncryptedKeySHA1"))
    assert "#EncryptedKeySHA1" in problem.text
    assert "thumbprint" in problem.remedy
