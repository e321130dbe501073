"""Signatures with InclusiveNamespaces, as Java's and .NET's stacks write them; xmlsec is the second opinion."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import pytest
import xmlsec
from lxml import etree

from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import NotTrusted, ProblemCode
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.exclusive_c14n import EXCLUSIVE, canonical
from csire_bridge.xml.security.signature import sign_enveloped, verify_enveloped
from tests.support.webhook import now

DS = "http://www.w3.org/2000/09/xmldsig#"
LISTS = (None, "", "t", "#default", "#default t ds", "xs xsi", "t t t", " ".join(f"p{i}" for i in range(32)))


@cache
def pki() -> DemoPki:
    return make_demo_pki(Path(tempfile.mkdtemp(prefix="prefixes-")), now())


def inclusive(prefixes: str | None, inside: str = "", more: str = "") -> str:
    if prefixes is None:
        return ""
    opening = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{prefixes}"{more}>'
    return f"{opening}{inside}</ec:InclusiveNamespaces>"


def signed(transform: str, method: str) -> bytes:
    """A message signed by xmlsec, with these children in its Transforms and its CanonicalizationMethod."""
    root = etree.fromstring(prepared(transform, method))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(pki().hub.key_file), xmlsec.constants.KeyDataFormatPem)
    context.key.load_cert_from_file(str(pki().hub.certificate_file), xmlsec.constants.KeyDataFormatPem)
    context.sign(root[-1])
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def prepared(transform: str = "", method: str = "", enveloped: str = "", extra: str = "") -> bytes:
    """The message before it is signed."""
    root = etree.fromstring((folder("samples") / "good" / "8.1.1.5-minimal.xml").read_bytes())
    template = f"""<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>
      <ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}">{method}</ds:CanonicalizationMethod>
      <ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>
      <ds:Reference URI=""><ds:Transforms>
        <ds:Transform Algorithm="{DS}enveloped-signature">{enveloped}</ds:Transform>
        <ds:Transform Algorithm="{EXCLUSIVE}">{transform}</ds:Transform>{extra}
      </ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/>
      </ds:Reference></ds:SignedInfo><ds:SignatureValue/>
      <ds:KeyInfo><ds:X509Data><ds:X509Certificate/></ds:X509Data></ds:KeyInfo></ds:Signature>"""
    root.append(etree.fromstring(template))
    root[-1].tail = "\n"
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def xmlsec_agrees(raw: bytes) -> bool:
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(pki().hub.certificate_file), xmlsec.constants.KeyDataFormatCertPem)
    try:
        context.verify(next(etree.fromstring(raw).iter("{*}Signature")))
    except xmlsec.Error:
        return False
    return True


def refusal(raw: bytes, size: int = 0) -> ProblemCode:
    with pytest.raises(NotTrusted) as caught:
        verify_enveloped(parse(raw), pki().book(), now(), size)
    return caught.value.code


@pytest.mark.parametrize("size", [0, 1 << 20], ids=["small", "as large ones are checked"])
@pytest.mark.parametrize("method", LISTS)
@pytest.mark.parametrize("transform", LISTS)
def test_given_prefix_lists_in_a_signature_then_it_is_accepted_and_says_the_same(
    transform: str | None, method: str | None, size: int
) -> None:
    raw = signed(inclusive(transform), inclusive(method))
    assert xmlsec_agrees(raw)
    parse(b"<a xmlns=''/>")  # an empty prefix is known from here on, and must not be taken for the default namespace
    verified = verify_enveloped(parse(raw), pki().book(), now(), size)
    plain = parse((folder("samples") / "good" / "8.1.1.5-minimal.xml").read_bytes())
    ours = verify_enveloped(parse(sign_enveloped(verified.tree, pki().hub.signing)), pki().book(), now())
    assert verified.signer.party == pki().hub.eic
    assert verified.content == canonical(verified.tree) == ours.content
    assert [e.text for e in verified.tree.iter("{*}MeteringPointCode")] == [
        e.text for e in plain.iter("{*}MeteringPointCode")
    ]


@pytest.mark.parametrize("size", [0, 1 << 20], ids=["small", "as large ones are checked"])
@pytest.mark.parametrize("prefixes", LISTS)
def test_given_a_prefix_list_and_an_altered_value_then_it_is_refused(prefixes: str | None, size: int) -> None:
    raw = signed(inclusive(prefixes), inclusive(prefixes))
    altered = raw.replace(b"590000006968184338", b"590000006968184321")
    assert altered != raw
    assert refusal(altered, size) is ProblemCode.BAD_SIGNATURE


def test_given_another_binding_of_a_listed_prefix_then_it_is_refused() -> None:
    """What a PrefixList names is signed; a namespace that it does not name is not, and changes nothing."""
    raw = signed(inclusive("x t"), inclusive("x t"))
    bound = raw.replace(b"<DisconnectionRequest ", b'<DisconnectionRequest xmlns:x="urn:x" ', 1)
    assert not xmlsec_agrees(bound)
    assert refusal(bound) is ProblemCode.BAD_SIGNATURE


@pytest.mark.parametrize(
    "parts",
    [
        {"transform": inclusive(" ".join(f"p{i}" for i in range(33)))},
        {"method": inclusive(" ".join(f"p{i}" for i in range(33)))},
        {"transform": inclusive("t") + inclusive("ds")},
        {"transform": inclusive("t", inside="<ec:More/>")},
        {"method": inclusive("t", more=' Other="1"')},
        {"transform": "<ds:XPath>.</ds:XPath>"},
        {"enveloped": inclusive("t")},
        {"extra": f'<ds:Transform Algorithm="{EXCLUSIVE}"/>'},
    ],
)
def test_given_more_than_one_list_of_prefixes_then_the_signature_is_refused(parts: dict[str, str]) -> None:
    assert refusal(prepared(**parts)) is ProblemCode.ALGORITHM
