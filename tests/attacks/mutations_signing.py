"""Signatures of every kind that is not allowed, most of them valid: made with ``xmlsec`` and whatever key there is."""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from lxml import etree

from csire_bridge.xml.security.certificates.keys import SigningKey
from tests.attacks.mutations_wrapping import DS, FALSE, SIGNATURE, TRUE, WSSE, WSU, WSU_ID
from tests.attacks.signed_by_hand import STR_TRANSFORM, sign_by_hand

__all__ = ["Edits", "Keys", "algorithms", "duplicates", "headers", "other_signers", "resigned", "timestamps"]

xmlsec: Any = import_module("xmlsec")  # its stubs hide what it exports
Edits = Iterator[tuple[str, bytes]]


@dataclass(frozen=True)
class Keys:
    """The partner's own pair, one that claims to be the partner's, and another partner's."""

    good: SigningKey
    stranger: SigningKey
    other: SigningKey


def resigned(raw: bytes, key: SigningKey, secret: bytes | None = None) -> bytes:
    """Sign ``raw`` anew, as its SignedInfo says; as it is where xmlsec refuses to. KeyInfo is not touched."""
    root = etree.fromstring(raw)
    if STR_TRANSFORM.encode() in raw and secret is None:
        sign_by_hand(root, key)
        return etree.tostring(root)
    signature = next(root.iter(SIGNATURE))
    key_info = signature.find(f"{{{DS}}}KeyInfo")
    if key_info is not None:
        signature.remove(key_info)
    context = xmlsec.SignatureContext()
    if secret is None:
        pem = key.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        context.key = xmlsec.Key.from_memory(pem, xmlsec.KeyFormat.PEM)
    else:
        context.key = xmlsec.Key.from_binary_data(xmlsec.KeyData.HMAC, secret)
    try:
        for element in root.iter(etree.Element):
            if element.get(WSU_ID):
                context.register_id(element, "Id", WSU)
        context.sign(signature)
    except xmlsec.Error:
        return raw
    if key_info is not None:
        signature.append(key_info)
    return etree.tostring(root)


def _both(name: str, raw: bytes, key: SigningKey) -> Edits:
    yield name, raw
    yield f"{name}, signed anew by the partner", resigned(raw, key)


def _certificate(key: SigningKey) -> bytes:
    return base64.b64encode(key.certificate.public_bytes(Encoding.DER))


# --- algorithms, transforms, references

_EXCLUSIVE = b'<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
_SHA256, _MORE = b"http://www.w3.org/2001/04/xmlenc#sha256", b"http://www.w3.org/2001/04/xmldsig-more#"
_TRANSFORMS = {
    "xslt": b'http://www.w3.org/TR/1999/REC-xslt-19991116"><xsl:stylesheet version="1.0" '
    b'xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><xsl:copy-of '
    b"select=\"document('file:///nowhere.xml')\"/></xsl:template></xsl:stylesheet></ds:Transform>",
    "xpath": b'http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>not(self::text())</ds:XPath></ds:Transform>',
    "xpath filter": b'http://www.w3.org/2002/06/xmldsig-filter2"><f:XPath xmlns:f="http://www.w3.org/2002/06/'
    b'xmldsig-filter2" Filter="subtract">//text()</f:XPath></ds:Transform>',
    "base64": b'http://www.w3.org/2000/09/xmldsig#base64"/>',
    "enveloped": b'http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>',
    "inclusive": b'http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>',
    "with comments": b'http://www.w3.org/2001/10/xml-exc-c14n#WithComments"/>',
    "unknown": b'urn:x"/>',
}


def algorithms(message: bytes, keys: Keys) -> Edits:
    """Downgrades, transforms and references; each as a mere edit, and signed anew by the partner."""
    yield "signed anew by the partner", resigned(message, keys.good)
    for name, raw in _algorithm_edits(message):
        if raw != message:
            yield from _both(name, raw, keys.good)
    for name, raw in _references(message):
        if b"#" in name.encode() or name.endswith("''"):
            yield from _both(name, raw, keys.good)
        else:  # xmlsec would go and fetch it
            yield name, raw
    start, _, rest = message.partition(b"<ds:Signature ")
    yield "no signature", start + rest.partition(b"</ds:Signature>")[2]
    public = keys.good.certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for kind in (b"rsa-sha256", b"ecdsa-sha256"):
        hmac = message.replace(_MORE + kind, _MORE + b"hmac-sha256")
        if hmac == message:
            continue
        yield f"hmac for {kind.decode()}", hmac
        yield f"hmac for {kind.decode()}, made with the public key", resigned(hmac, keys.good, public)


def _algorithm_edits(message: bytes) -> Edits:
    yield "digest sha-1", message.replace(_SHA256, DS.encode() + b"sha1")
    yield "digest sha-512", message.replace(_SHA256, b"http://www.w3.org/2001/04/xmlenc#sha512")
    yield "rsa-sha1", message.replace(_MORE + b"rsa-sha256", DS.encode() + b"rsa-sha1")
    for hash_name in (b"sha1", b"sha384", b"sha512"):
        yield f"method {hash_name.decode()}", message.replace(b"-sha256", b"-" + hash_name)
    c14n = b'CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#'
    yield "SignedInfo inclusive", message.replace(c14n, c14n[:36] + b"http://www.w3.org/TR/2001/REC-xml-c14n-20010315")
    yield "SignedInfo with comments", message.replace(c14n, c14n + b"WithComments")
    for name, text in _TRANSFORMS.items():
        transform = b'<ds:Transform Algorithm="' + text
        yield f"transform {name} in place", message.replace(_EXCLUSIVE, transform)
        yield f"transform {name} before", message.replace(_EXCLUSIVE, transform + _EXCLUSIVE)
        yield f"transform {name} after", message.replace(_EXCLUSIVE, _EXCLUSIVE + transform)
    yield "no transform", message.replace(_EXCLUSIVE, b"")


def _references(message: bytes) -> Edits:
    start, _, rest = message.partition(b"<ds:Reference ")
    first, end, after = rest.partition(b"</ds:Reference>")
    yield "no reference", start + rest.rpartition(b"</ds:Reference>")[2]
    yield "first reference twice", start + b"<ds:Reference " + first + end + b"<ds:Reference " + first + end + after
    for uri in ("", "#", "#nowhere", "#xpointer(/)", "file:///nowhere.xml", "http://127.0.0.1:9/x", "x.xml", "cid:x"):
        other = f'URI="{uri}">'.encode() + first.partition(b">")[2]
        if first != other:
            yield f"reference to {uri!r}", start + b"<ds:Reference " + other + end + after
            yield (
                f"extra reference to {uri!r}",
                start + b"<ds:Reference " + first + end + b"<ds:Reference " + other + end + after,
            )
    yield "reference without URI", start + b"<ds:Reference>" + first.partition(b">")[2] + end + after


# --- signers


def other_signers(message: bytes, wss: bool, keys: Keys) -> Edits:
    """The certificate of one, the signature of another, in every mix but the good one."""
    good = _certificate(keys.good)
    for content, raw in (("same content", message), ("changed content", message.replace(TRUE, FALSE))):
        for who, key in (("stranger", keys.stranger), ("other partner", keys.other)):
            swapped = _with_certificate(raw, key)
            yield f"{content}, signed by {who}", resigned(swapped, key)
            yield f"{content}, signed by {who} with the partner's certificate", resigned(raw, key)
            yield f"{content}, certificate of {who}", swapped
            if wss:
                yield f"{content}, certificate of {who}, signed by the partner", resigned(swapped, keys.good)
    for name, text in (("empty", b""), ("garbage", b"AAAA"), ("no base64", b"%%"), ("twice", good + good)):
        yield f"certificate {name}", message.replace(_flat(message, good), text)


def _flat(message: bytes, certificate: bytes) -> bytes:
    """The certificate as it stands in the message: signxml breaks its lines."""
    if certificate in message:
        return certificate
    return b"\n".join(certificate[n : n + 64] for n in range(0, len(certificate), 64))


def _with_certificate(message: bytes, key: SigningKey) -> bytes:
    root = etree.fromstring(message)
    for element in root.iter(f"{{{DS}}}X509Certificate", f"{{{WSSE}}}BinarySecurityToken"):
        element.text = _certificate(key).decode()
    return etree.tostring(root)


# --- parts that move or repeat


def duplicates(message: bytes) -> Edits:
    """Every element at and around the signature twice, gone, or elsewhere."""
    count = sum(1 for _ in etree.fromstring(message).iter(etree.Element))
    for index in range(count):
        root = etree.fromstring(message)
        element = list(root.iter(etree.Element))[index]
        parent, name = element.getparent(), f"{etree.QName(element).localname} ({index})"
        if parent is None:
            continue
        element.addnext(copy.deepcopy(element))
        yield f"twice: {name}", etree.tostring(root)
        parent.remove(element.getnext())  # type: ignore[arg-type]
        parent.remove(element)
        yield f"gone: {name}", etree.tostring(root)
        if element.tag in (SIGNATURE, f"{{{WSSE}}}Security"):
            home = list(root.iter(etree.Element)).index(parent)
            for place in range(sum(1 for _ in root.iter(etree.Element))):
                moved = etree.fromstring(etree.tostring(root))
                list(moved.iter(etree.Element))[place].append(copy.deepcopy(element))
                if place != home:
                    yield f"moved: {name} to {place}", etree.tostring(moved)


# --- the Security header


def headers(message: bytes, keys: Keys) -> Edits:
    """Second headers, attributes, missing references and every other way to name a key."""
    start, opening, rest = message.partition(b"<wsse:Security ")
    security = opening + rest.partition(b"</wsse:Security>")[0] + b"</wsse:Security>"
    soap = message.partition(b"Envelope")[0].rpartition(b"<")[2]
    for name, other in (("empty", b'<wsse:Security xmlns:wsse="%b"/>' % WSSE.encode()), ("same", security)):
        yield f"second Security before, {name}", start + other + opening + rest
        yield f"second Security after, {name}", message.replace(security, security + other)
    for attribute in (b"actor", b"role"):
        yield f"Security with {attribute.decode()}", message.replace(opening, opening + soap + attribute + b'="urn:x" ')
    yield "Security not to be understood", message.replace(soap + b'mustUnderstand="1"', b"")
    yield "wide Header", start + b"<a/>" * 100_000 + opening + rest
    body = b"<" + soap + b"Body "
    for attribute in (b'a="1"', b'Id="x"', b'xml:id="x"', b'xmlns:q="urn:x" q:a="1"', b'xml:space="preserve"'):
        yield f"attribute at Body: {attribute.decode()}", message.replace(body, body + attribute + b" ")
    yield "namespace: wsu means another", message.replace(WSU.encode(), b"urn:x")
    yield "namespace: soap means another", message.replace(b'xmlns:%b="' % soap[:-1], b'xmlns:%b="urn:x' % soap[:-1])
    references = message.split(b"<ds:Reference ")
    for index, name in enumerate(("Body", "Timestamp", "token")[: len(references) - 1], start=1):
        dropped = references[index].partition(b"</ds:Reference>")[2]
        raw = b"<ds:Reference ".join(references[:index]) + dropped
        raw += b"".join(b"<ds:Reference " + other for other in references[index + 1 :])
        yield from _both(f"{name} not signed", raw, keys.good)
    yield from _key_infos(message, keys)


def _key_infos(message: bytes, keys: Keys) -> Edits:
    inside = message.partition(b"<ds:KeyInfo")[2].partition(b">")[2].partition(b"</ds:KeyInfo>")[0]
    stranger = (
        b"<ds:X509Data><ds:X509Certificate>" + _certificate(keys.stranger) + b"</ds:X509Certificate></ds:X509Data>"
    )
    identifier = b"</wsse:SecurityTokenReference>"
    others = {
        "nothing": b"",
        "another certificate": stranger,
        "the token and another certificate": inside + stranger,
        "a name": b"<ds:KeyName>hub</ds:KeyName>",
        "nowhere": inside.replace(b'URI="#id-', b'URI="#other-'),
        "outside": inside.replace(b'URI="#id-', b'URI="http://127.0.0.1:9/'),
        "two references": inside + inside,
        "a reference and an identifier": inside.replace(identifier, b"<wsse:KeyIdentifier/>" + identifier),
    }
    for name, text in others.items():
        raw = message.replace(inside, text)
        if raw == message:  # it does not name the certificate that way
            continue
        yield f"KeyInfo: {name}", raw
        yield f"KeyInfo: {name}, signed by a stranger", resigned(raw, keys.stranger)


# --- the timestamp


def timestamps(message: bytes, keys: Keys) -> Edits:
    """The message was created at 09:00:00 and expires at 09:05:00."""
    created, expires = b"2026-11-23T09:00:00.000Z", b"2026-11-23T09:05:00.000Z"
    edits = {
        "expired": (created, b"2026-11-23T08:50:00.000Z", expires, b"2026-11-23T08:55:00.000Z"),
        "in the future": (created, b"2026-11-23T10:00:00.000Z", expires, b"2026-11-23T10:05:00.000Z"),
        "for long": (expires, b"2026-11-24T09:00:00.000Z"),
        "for ever": (expires, b"9999-12-31T23:59:59.999Z"),
        "backwards": (created, b"2026-11-23T09:04:00.000Z", expires, b"2026-11-23T09:03:00.000Z"),
        "without time zone": (expires, b"2026-11-23T09:05:00.000"),
        "with an offset": (expires, b"2026-11-23T09:05:00.000+00:00"),
        "in other digits": (expires, "２026-11-23T09:05:00.000Z".encode()),
        "on no day": (expires, b"2026-11-31T09:05:00.000Z"),
        "of no time": (expires, b"2026-11-23T24:05:60.000Z"),
        "empty": (expires, b""),
        "without Expires": (b"<wsu:Expires>" + expires + b"</wsu:Expires>", b""),
        "without Created": (b"<wsu:Created>" + created + b"</wsu:Created>", b""),
        "with something else": (b"</wsu:Timestamp>", b"<wsu:Other/></wsu:Timestamp>"),
        "with two Expires": (b"</wsu:Timestamp>", b"<wsu:Expires>" + expires + b"</wsu:Expires></wsu:Timestamp>"),
        "renamed": (b"wsu:Created>", b"wsu:Made>"),
    }
    for name, pairs in edits.items():
        raw = message
        for old, new in zip(pairs[::2], pairs[1::2], strict=True):
            assert old in raw, name
            raw = raw.replace(old, new)
        yield from _both(f"timestamp {name}", raw, keys.good)
