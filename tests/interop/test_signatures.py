"""Signatures with other people's software, both ways: they verify ours, and we take theirs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from csire_bridge.domain.errors import NotTrusted, ProblemCode
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import serialise, verify_enveloped
from csire_bridge.xml.security.ws_security.wss import verify_envelope
from csire_bridge.xml.soap import Soap
from tests.interop.tools import HERE, compiled, jars, needs, run
from tests.support.webhook import bare, now, secured, tree, wrapped

pytestmark = pytest.mark.slow

POINT, OTHER = b"590000006968184338", b"590000006968184321"
XML_CRYPTO = "xml-crypto@6.1.2"


@dataclass(frozen=True)
class Desk:
    """A folder with a message, the same signed by us, the same altered afterwards, and RSA keys."""

    place: Path
    pki: DemoPki

    @property
    def key(self) -> str:
        return str(self.pki.hub.key_file)

    @property
    def certificate(self) -> str:
        return str(self.pki.hub.certificate_file)

    def file(self, name: str) -> str:
        return str(self.place / name)

    def judge(self, name: str) -> str | ProblemCode:
        """Who signed a file of somebody else, or why it is refused."""
        root = parse((self.place / name).read_bytes())
        try:
            if root.find("{*}Body") is not None:
                verified = verify_envelope(root, self.pki.book(), now())
                assert verified.body.tag == etree.QName(root[-1]).text
                return verified.signer.party
            return verify_enveloped(root, self.pki.book(), now()).signer.party
        except NotTrusted as fault:
            return fault.code


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    place = tmp_path_factory.mktemp("desk")
    pki = make_demo_pki(place, now(), algorithm="rsa")
    ours = bare(pki)
    assert POINT in ours
    (place / "bare.xml").write_bytes(serialise(tree()))
    (place / "ours.xml").write_bytes(ours)
    (place / "altered.xml").write_bytes(ours.replace(POINT, OTHER))
    return Desk(place, pki)


def both_ways(desk: Desk, line: list[str | Path], **environment: str) -> None:
    """A program with the commands sign and verify: ours holds for it, altered does not, and its own holds for us."""
    own = f"{Path(str(line[0])).name}.xml"
    run([*line, "sign", desk.file("bare.xml"), desk.key, desk.certificate, desk.file(own)], **environment)
    assert desk.judge(own) == desk.pki.hub.eic
    for name, verdict in (("ours.xml", "valid"), ("altered.xml", "invalid"), (own, "valid")):
        assert run([*line, "verify", desk.file(name), desk.certificate], **environment) == [verdict]
    theirs = desk.place / own
    theirs.write_bytes(theirs.read_bytes().replace(POINT, OTHER))
    assert desk.judge(own) is ProblemCode.BAD_SIGNATURE


def test_given_php_with_dom_and_openssl_then_signatures_hold_both_ways(desk: Desk) -> None:
    php = needs("php", "php-cli php-xml")
    if "dom" not in run([php, "-m"]):
        pytest.skip("PHP has no DOM (Debian: apt-get install php-xml)")
    both_ways(desk, [php, HERE / "php" / "enveloped.php"])


def test_given_perl_with_libxml_then_signatures_hold_both_ways(desk: Desk) -> None:
    perl = needs("perl", "perl")
    for module, package in (
        ("XML::LibXML", "libxml-libxml-perl"),
        ("Crypt::OpenSSL::RSA", "libcrypt-openssl-rsa-perl"),
        ("Crypt::OpenSSL::X509", "libcrypt-openssl-x509-perl"),
    ):
        _needs_module(perl, module, package)
    both_ways(desk, [perl, HERE / "perl" / "enveloped.pl"])


def _needs_module(perl: str, module: str, package: str) -> None:
    try:
        run([perl, f"-M{module}", "-e", "1"])
    except AssertionError:
        pytest.skip(f"Perl has no {module} (Debian: apt-get install {package})")


def test_given_node_with_xml_crypto_then_signatures_hold_both_ways(desk: Desk) -> None:
    node, npm = needs("node", "nodejs"), needs("npm", "npm")
    place = desk.place / "node"
    place.mkdir()
    try:
        run([npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", place, XML_CRYPTO])
    except AssertionError as error:
        pytest.skip(f"npm does not reach {XML_CRYPTO}: {str(error)[:200]}")
    both_ways(desk, [node, HERE / "node" / "enveloped.js"], NODE_PATH=str(place / "node_modules"), PATH="/usr/bin")


def test_given_xmlsec1_of_the_distribution_then_signatures_hold_both_ways(desk: Desk) -> None:
    xmlsec1 = needs("xmlsec1", "xmlsec1")
    template = (HERE / "xmlsec1" / "signature.xml").read_text()
    raw = (desk.place / "bare.xml").read_text()
    end = raw.rindex("</")
    (desk.place / "template.xml").write_text(raw[:end] + template + raw[end:])
    pair = f"{desk.key},{desk.certificate}"
    run([xmlsec1, "--sign", "--privkey-pem", pair, "--output", desk.file("xmlsec1.xml"), desk.file("template.xml")])
    assert desk.judge("xmlsec1.xml") == desk.pki.hub.eic
    verify = [xmlsec1, "--verify", "--pubkey-cert-pem", desk.certificate]
    run([*verify, desk.file("ours.xml")])
    with pytest.raises(AssertionError):
        run([*verify, desk.file("altered.xml")])


def test_given_javas_own_xml_signature_then_it_holds_both_ways_and_what_is_not_taken_is_named(desk: Desk) -> None:
    java = needs("java", "default-jdk-headless")
    classes = compiled(desk.place / "enveloped", [HERE / "java" / "Enveloped.java"])
    ways = ("plain", "lists", "issuer", "chain", "inclusive", "sha512")
    other = {"chain": f"|{desk.pki.authority_file}"}
    start = f"{desk.file('bare.xml')}|{desk.key}|{desk.certificate}"
    lines = [f"sign|{way}|{start}{other.get(way, '')}|{desk.file(f'{way}.xml')}" for way in ways]
    lines += [f"verify|{desk.file(name)}|{desk.certificate}" for name in ("ours.xml", "altered.xml")]
    assert run([java, "-cp", classes, "Enveloped"], lines) == ["signed"] * len(ways) + ["valid", "invalid"]
    verdicts = [desk.judge(f"{way}.xml") for way in ways]
    assert verdicts == [desk.pki.hub.eic] * 4 + [ProblemCode.ALGORITHM] * 2


WAYS = ("direct", "issuer", "thumbprint", "ski", "x509", "direct+str", "thumbprint+str", "issuer+str")


def test_given_wss4j_then_envelopes_hold_both_ways_however_it_names_the_certificate(desk: Desk) -> None:
    java = needs("java", "default-jdk-headless")
    path = jars("libwss4j-java", "wss4j", "xmlsec", "commons-logging", "slf4j-api")
    classes = compiled(desk.place / "wss4j", [HERE / "java" / "Wss4j.java"], path)
    lines = []
    for version in Soap:
        ours, plain = desk.file(f"ours-{version.name}.xml"), desk.file(f"plain-{version.name}.xml")
        envelope = wrapped((desk.place / "bare.xml").read_bytes())
        Path(plain).write_bytes(envelope.replace(Soap.V12.value.encode(), version.value.encode()))
        signed = secured(desk.pki.hub)
        Path(ours).write_bytes(signed)
        Path(f"{ours}.altered").write_bytes(signed.replace(POINT, OTHER))
        lines += [f"verify|{file}|{desk.certificate}" for file in (ours, f"{ours}.altered")]
        lines += [
            f"sign|{way}|{plain}|{desk.key}|{desk.certificate}|{desk.file(f'{way}-{version.name}.xml')}" for way in WAYS
        ]
    told = run([java, "-cp", classes, "Wss4j"], lines)
    each = len(WAYS) + 2
    for said in (told[:each], told[each:]):
        assert said[0].split() == ["Body", "Timestamp", "BinarySecurityToken"]
        assert said[1].startswith("refused")
        assert said[2:] == ["signed"] * len(WAYS)
    verdicts = {(way, version): desk.judge(f"{way}-{version.name}.xml") for way in WAYS for version in Soap}
    assert set(verdicts.values()) == {desk.pki.hub.eic}, verdicts
    raw = (desk.place / f"direct+str-{Soap.V11.name}.xml").read_bytes()
    (desk.place / "moved.xml").write_bytes(raw.replace(POINT, OTHER))
    assert desk.judge("moved.xml") is ProblemCode.BAD_SIGNATURE


def test_given_zeeps_own_signatures_with_sha_256_then_they_are_taken(desk: Desk) -> None:
    from datetime import timedelta
    from importlib import import_module

    import xmlsec
    from zeep.wsse.utils import WSU, get_security_header

    signature = import_module("zeep.wsse.signature")
    for name in ("Signature", "BinarySignature"):
        root = etree.fromstring(wrapped((desk.place / "bare.xml").read_bytes()))
        moments = [f"{now() + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ}" for n in (0, 5)]
        timestamp = WSU.Timestamp(WSU.Created(moments[0]), WSU.Expires(moments[1]))
        get_security_header(root).append(timestamp)  # type: ignore[no-untyped-call]
        wsse = getattr(signature, name)(
            desk.key,
            desk.certificate,
            signature_method=xmlsec.constants.TransformRsaSha256,
            digest_method=xmlsec.constants.TransformSha256,
        )
        signed, _ = wsse.apply(root, {})
        (desk.place / "zeep.xml").write_bytes(etree.tostring(signed))
        assert desk.judge("zeep.xml") == desk.pki.hub.eic, name
