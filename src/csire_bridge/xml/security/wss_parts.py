"""The parts of a WS-Security header, found by position and checked for their exact structure; not yet trusted.

The rules come from SOAP Message Security 1.1, the X.509 Token Profile 1.1, XML Signature 1.1, and where these leave
a choice from the Basic Security Profile 1.1. Anything unexpected is refused, even if harmless. Every check raises
``NotTrusted``; errors of libraries pass through, and ``wss`` turns them into ``NotTrusted``.
"""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from lxml import etree

from csire_bridge.domain.errors import NotTrusted, Problem, ProblemCode
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.exclusive_c14n import canonical, prefix_list

__all__ = [
    "BASE64",
    "DS",
    "ID",
    "MAX_PART",
    "SECURITY",
    "SOAP",
    "TIMESTAMP",
    "TOKEN",
    "WSSE",
    "WSU",
    "X509V3",
    "Parts",
    "Reference",
    "SignedInfo",
    "decode",
    "fault",
    "find_parts",
    "names",
    "read_references",
    "read_signed_info",
]

SOAP = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
"""The namespaces of SOAP 1.1 and 1.2."""

_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSU, WSSE = f"{_OASIS}wssecurity-utility-1.0.xsd", f"{_OASIS}wssecurity-secext-1.0.xsd"
BASE64, X509V3 = f"{_OASIS}soap-message-security-1.0#Base64Binary", f"{_OASIS}x509-token-profile-1.0#X509v3"
DS = "http://www.w3.org/2000/09/xmldsig#"
SECURITY, TOKEN, TIMESTAMP = f"{{{WSSE}}}Security", f"{{{WSSE}}}BinarySecurityToken", f"{{{WSU}}}Timestamp"
ID, _SIGNATURE = f"{{{WSU}}}Id", f"{{{DS}}}Signature"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_METHODS = {f"{_MORE}rsa-sha256": "RSA-SHA256", f"{_MORE}ecdsa-sha256": "ECDSA-SHA256"}

# What could make canonicalisation slow or large is refused by the parser, which every envelope comes through.
MAX_PART = 64 * 1024
"""Longest canonical form of a part of the header, in bytes."""

_MAX_SIGNATURES = 16

_ALL_IDS = etree.XPath("//@*[translate(local-name(), 'ID', 'id') = 'id']", smart_strings=False)
_ONE_SIGNATURE = "sign Body, Timestamp and BinarySecurityToken with one signature in one Security header, nothing else"


@dataclass(frozen=True)
class Parts:
    """The relevant elements, found by their position in the envelope."""

    body: etree._Element
    timestamp: etree._Element
    token: etree._Element
    signature: etree._Element


@dataclass(frozen=True)
class SignedInfo:
    """SignedInfo: the bytes that the signature value covers, and their content."""

    octets: bytes
    algorithm: str
    references: tuple[etree._Element, etree._Element, etree._Element]


@dataclass(frozen=True)
class Reference:
    """One reference of SignedInfo: a signed element and its digest."""

    digest: bytes
    prefixes: tuple[str, ...]


def find_parts(envelope: etree._Element) -> Parts:
    """The three signed elements and the signature; each must be unique and in its position."""
    tree, soap = envelope.getroottree(), etree.QName(envelope).namespace
    docinfo: Any = tree.docinfo  # its stubs say that there is never a DTD
    if soap not in SOAP or envelope.tag != f"{{{soap}}}Envelope" or docinfo.doctype:
        raise fault(ProblemCode.PROFILE, "this is no SOAP envelope", "send a SOAP 1.1 or 1.2 envelope")
    if envelope.find(f".//{SECURITY}") is None:
        raise fault(ProblemCode.UNSIGNED, "the envelope is not signed")
    if tree.getroot() is not envelope or names(envelope) != [f"{{{soap}}}Header", f"{{{soap}}}Body"]:
        raise _wrapped("the envelope must have one Header and one Body, in this order, and nothing else")
    header, body = envelope
    _check_counts(envelope, body)
    security = header.find(SECURITY)
    if security is None or sorted(names(security)) != sorted((TOKEN, TIMESTAMP, _SIGNATURE)):
        raise _wrapped("the Security header must hold one token, one Timestamp and one Signature, and nothing else")
    if any(etree.QName(name).localname in {"actor", "role"} for name in security.attrib):
        raise fault(ProblemCode.PROFILE, "the Security header is meant for somebody else", "leave out actor and role")
    inside = {child.tag: child for child in security}
    parts = Parts(body, inside[TIMESTAMP], inside[TOKEN], inside[_SIGNATURE])
    _check_ids(parts)
    return parts


def _check_counts(envelope: etree._Element, body: etree._Element) -> None:
    """Refuse repeated elements of SOAP or of the profile; a business document in the Body may have its own
    signature."""
    soap = [f"{{{namespace}}}{name}" for namespace in SOAP for name in ("Envelope", "Header", "Body")]
    signatures = _first(envelope, _MAX_SIGNATURES + 1, _SIGNATURE)
    outside = [s for s in signatures if body not in list(s.iterancestors())[1:]]
    if (
        len(_first(envelope, 4, *soap)) != 3
        or any(len(_first(envelope, 2, tag)) > 1 for tag in (SECURITY, TOKEN, TIMESTAMP))
        or len(outside) > 1
        or len(signatures) > _MAX_SIGNATURES
    ):
        raise _wrapped("the envelope, or a part of its Security header, is there more than once")


def _first(envelope: etree._Element, count: int, *tags: str) -> list[etree._Element]:
    return list(islice(envelope.iter(*tags), count))


def _check_ids(parts: Parts) -> None:
    """Refuse any id-like attribute that repeats one of the three ids (Basic Security Profile 1.1, R3204)."""
    ids = Counter(cast("list[str]", _ALL_IDS(parts.body)))
    if any(ids[element.get(ID, "")] != 1 for element in (parts.body, parts.timestamp, parts.token)):
        raise _wrapped("Body, Timestamp and token each need a wsu:Id that no other element has")


def read_signed_info(signature: etree._Element) -> SignedInfo:
    """SignedInfo as signed: parsed again from its canonical bytes, so that both are certainly the same."""
    if names(signature) != _ds("SignedInfo", "SignatureValue", "KeyInfo") or len(signature[0]) != 5:
        raise _wrapped("the signature must hold SignedInfo, SignatureValue and KeyInfo, and nothing else")
    octets = canonical(signature[0], _exclusive_prefixes(signature[0][0]), MAX_PART)
    info = parse(octets)
    if names(info) != _ds("CanonicalizationMethod", "SignatureMethod", "Reference", "Reference", "Reference"):
        raise _wrapped("the signature must have exactly three references: to Body, Timestamp and token")
    algorithm = _METHODS.get(info[1].get("Algorithm", ""))
    if algorithm is None or len(info[1]):
        raise _not_allowed()
    return SignedInfo(octets, algorithm, (info[2], info[3], info[4]))


def read_references(info: SignedInfo, parts: Parts) -> dict[etree._Element, Reference]:
    """Which of the three elements each reference names by its id; KeyInfo must name the token."""
    by_uri = {f"#{e.get(ID)}": e for e in (parts.body, parts.timestamp, parts.token)}
    if {r.get("URI") for r in info.references} != set(by_uri):
        raise _wrapped("the references must name Body, Timestamp and token by their wsu:Id, each once")
    _check_key_info(parts.signature[2], f"#{parts.token.get(ID)}")
    return {by_uri[r.get("URI", "")]: _read_reference(r) for r in info.references}


def _read_reference(reference: etree._Element) -> Reference:
    shape = _ds("Transforms", "DigestMethod", "DigestValue")
    if names(reference) != shape or names(reference[0]) != _ds("Transform") or set(reference.attrib) != {"URI"}:
        raise _not_allowed()
    if reference[1].get("Algorithm") != _SHA256 or len(reference[1]):
        raise _not_allowed()
    return Reference(decode(reference[2]), _exclusive_prefixes(reference[0][0]))


def _exclusive_prefixes(method: etree._Element) -> tuple[str, ...]:
    """The PrefixList of an exclusive canonicalisation; no other algorithm passes."""
    prefixes = prefix_list(method)
    if prefixes is None:
        raise _not_allowed()
    return prefixes


def _check_key_info(key_info: etree._Element, uri: str) -> None:
    """A direct reference to the token (X.509 Token Profile 1.1, section 3.2.1), not any other way to name a key."""
    if names(key_info) == [f"{{{WSSE}}}SecurityTokenReference"]:
        named = key_info[0]
        if names(named) == [f"{{{WSSE}}}Reference"] and named[0].get("URI") == uri:
            return
    raise _wrapped("KeyInfo must refer to the BinarySecurityToken, and to nothing else")


def decode(element: etree._Element) -> bytes:
    """Base64 of an element that holds nothing else; line breaks are allowed."""
    if len(element):
        raise fault(ProblemCode.PROFILE, f"{element.tag} holds more than a value")
    return base64.b64decode("".join((element.text or "").split()), validate=True)


def names(element: etree._Element) -> list[str]:
    """Tags of all children, with a placeholder for comments and instructions, which are never expected."""
    return [str(child.tag) for child in element]


def _ds(*names: str) -> list[str]:
    return [f"{{{DS}}}{name}" for name in names]


def _wrapped(text: str) -> NotTrusted:
    return fault(ProblemCode.WRAPPED, text)


def _not_allowed() -> NotTrusted:
    return fault(
        ProblemCode.ALGORITHM,
        "the signature uses an algorithm or transform that is not allowed",
        "use RSA-SHA256 or ECDSA-SHA256, SHA-256, and exclusive C14N as the only transform",
    )


def fault(code: ProblemCode, text: str, remedy: str = _ONE_SIGNATURE) -> NotTrusted:
    return NotTrusted([Problem(code, text, remedy)])
