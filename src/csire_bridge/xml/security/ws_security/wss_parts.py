"""The parts of a WS-Security header, found by position and checked for their exact structure; not yet trusted.

The rules come from SOAP Message Security 1.1, the X.509 Token Profile 1.1, XML Signature 1.1, and where these leave
a choice from the Basic Security Profile 1.1. Anything unexpected is refused, even if harmless. Every check raises
``NotTrusted``; errors of libraries pass through, and ``wss`` turns them into ``NotTrusted``.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from lxml import etree

from csire_bridge.domain.errors import NotTrusted, ProblemCode
from csire_bridge.xml.security import algorithms
from csire_bridge.xml.security.algorithms import DS, shown

__all__ = [
    "BASE64",
    "ID",
    "MAX_PART",
    "SECURITY",
    "SOAP",
    "TIMESTAMP",
    "TOKEN",
    "TOKEN_REFERENCE",
    "WSSE",
    "WSU",
    "X509V3",
    "Parts",
    "decode",
    "fault",
    "find_parts",
    "names",
    "wrapped",
]

SOAP = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
"""The namespaces of SOAP 1.1 and 1.2."""

_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSU, WSSE = f"{_OASIS}wssecurity-utility-1.0.xsd", f"{_OASIS}wssecurity-secext-1.0.xsd"
BASE64, X509V3 = f"{_OASIS}soap-message-security-1.0#Base64Binary", f"{_OASIS}x509-token-profile-1.0#X509v3"
SECURITY, TOKEN, TIMESTAMP = f"{{{WSSE}}}Security", f"{{{WSSE}}}BinarySecurityToken", f"{{{WSU}}}Timestamp"
TOKEN_REFERENCE = f"{{{WSSE}}}SecurityTokenReference"
ID, _SIGNATURE = f"{{{WSU}}}Id", f"{{{DS}}}Signature"

# What could make canonicalisation slow or large is refused by the parser, which every envelope comes through.
MAX_PART = 64 * 1024
"""Longest canonical form of a part of the header, in bytes."""

_MAX_SIGNATURES = 16
_FEW = 6  # names told in a refusal

_ALL_IDS = etree.XPath("//@*[translate(local-name(), 'ID', 'id') = 'id']", smart_strings=False)
_ONE_SIGNATURE = (
    "sign Body and Timestamp (and the BinarySecurityToken, if there is one) with one signature in one Security "
    "header, which holds nothing else"
)


@dataclass(frozen=True)
class Parts:
    """The relevant elements, found by their position in the envelope.

    ``token`` is the BinarySecurityToken; None where KeyInfo names the certificate in another way.
    """

    body: etree._Element
    timestamp: etree._Element
    token: etree._Element | None
    signature: etree._Element

    @property
    def info(self) -> etree._Element:
        """SignedInfo."""
        return self.signature[0]

    @property
    def value(self) -> etree._Element:
        """SignatureValue."""
        return self.signature[1]

    @property
    def key_info(self) -> etree._Element:
        """KeyInfo, which has exactly one child."""
        return self.signature[2]

    @property
    def reference_to_token(self) -> etree._Element | None:
        """The SecurityTokenReference in KeyInfo, if that is how the certificate is named."""
        named = self.key_info[0]
        return named if named.tag == TOKEN_REFERENCE else None


def find_parts(envelope: etree._Element) -> Parts:
    """The signed elements and the signature; each must be unique and in its position."""
    tree, soap = envelope.getroottree(), etree.QName(envelope).namespace
    docinfo: Any = tree.docinfo  # its stubs say that there is never a DTD
    if soap not in SOAP or envelope.tag != f"{{{soap}}}Envelope" or docinfo.doctype:
        raise fault(ProblemCode.PROFILE, "this is no SOAP envelope", "send a SOAP 1.1 or 1.2 envelope")
    if envelope.find(f".//{SECURITY}") is None:
        raise fault(ProblemCode.UNSIGNED, "the envelope is not signed")
    if tree.getroot() is not envelope or names(envelope) != [f"{{{soap}}}Header", f"{{{soap}}}Body"]:
        raise wrapped("the envelope must have one Header and one Body, in this order, and nothing else")
    header, body = envelope
    _check_counts(envelope, body)
    security = header.find(SECURITY)
    if security is None:
        raise wrapped("the Security header does not stand in the envelope's Header")
    if any(etree.QName(name).localname in {"actor", "role"} for name in security.attrib):
        raise fault(ProblemCode.PROFILE, "the Security header is meant for somebody else", "leave out actor and role")
    inside = _inside(security)
    parts = Parts(body, inside[TIMESTAMP], inside.get(TOKEN), inside[_SIGNATURE])
    if names(parts.signature) != _ds("SignedInfo", "SignatureValue", "KeyInfo") or len(parts.key_info) != 1:
        raise wrapped(
            "the signature must hold SignedInfo, SignatureValue and KeyInfo with one entry, and nothing else; "
            f"it holds {_told(parts.signature)}"
        )
    _check_ids(parts)
    return parts


def _inside(security: etree._Element) -> dict[object, etree._Element]:
    """The children of the Security header by their tags."""
    found = names(security)
    if found.count(TIMESTAMP) == 0:
        raise wrapped("the Security header has no Timestamp, which must be there and signed")
    allowed = (sorted((TIMESTAMP, _SIGNATURE)), sorted((TOKEN, TIMESTAMP, _SIGNATURE)))
    if sorted(found) not in allowed:
        raise wrapped(
            "the Security header must hold one Timestamp, one Signature and at most one BinarySecurityToken, "
            f"and nothing else; it holds {_told(security)}"
        )
    return {child.tag: child for child in security}


def _check_counts(envelope: etree._Element, body: etree._Element) -> None:
    """Refuse repeated elements of SOAP or of the profile; a business document in the Body may have its own
    signature."""
    soap = [f"{{{namespace}}}{name}" for namespace in SOAP for name in ("Envelope", "Header", "Body")]
    signatures = _first(envelope, _MAX_SIGNATURES + 1, _SIGNATURE)
    outside = [s for s in signatures if body not in list(s.iterancestors())[1:]]
    if (
        len(_first(envelope, 4, *soap)) != 3
        or any(len(_first(envelope, 2, tag)) > 1 for tag in (SECURITY, TOKEN, TIMESTAMP, TOKEN_REFERENCE))
        or len(outside) > 1
        or len(signatures) > _MAX_SIGNATURES
    ):
        raise wrapped("the envelope, or a part of its Security header, is there more than once")


def _first(envelope: etree._Element, count: int, *tags: str) -> list[etree._Element]:
    return list(islice(envelope.iter(*tags), count))


def _check_ids(parts: Parts) -> None:
    """Refuse any id-like attribute that repeats one of the ids (Basic Security Profile 1.1, R3204)."""
    ids = Counter(cast("list[str]", _ALL_IDS(parts.body)))
    for element in (parts.body, parts.timestamp, parts.token):
        if element is not None and ids[element.get(ID, "")] != 1:
            raise wrapped(f"{_local(element)} needs a wsu:Id that no other element has")
    reference = parts.reference_to_token
    if reference is not None and reference.get(ID) and ids[reference.get(ID, "")] != 1:
        raise wrapped("the wsu:Id of the SecurityTokenReference stands at another element too")


def decode(element: etree._Element) -> bytes:
    """Base64 of an element that holds nothing else; line breaks are allowed."""
    if len(element):
        raise fault(ProblemCode.PROFILE, f"{element.tag} holds more than a value")
    return base64.b64decode("".join((element.text or "").split()), validate=True)


def names(element: etree._Element) -> list[str]:
    """Tags of all children, with a placeholder for comments and instructions, which are never expected."""
    return [str(child.tag) for child in element]


def _told(element: etree._Element) -> str:
    return shown(", ".join(islice(_locals(element), _FEW)) or "nothing")


def _locals(element: etree._Element) -> Iterator[str]:
    return (_local(child) for child in element)


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else "an instruction"


def _ds(*names: str) -> list[str]:
    return [f"{{{DS}}}{name}" for name in names]


def wrapped(text: str) -> NotTrusted:
    """The refusal of parts that are not where, or not as often as, they must be."""
    return fault(ProblemCode.WRAPPED, text)


def fault(code: ProblemCode, text: str, remedy: str = _ONE_SIGNATURE) -> NotTrusted:
    """The refusal of a Security header."""
    return algorithms.fault(code, text, remedy)
