"""What the SignedInfo of a WS-Security header covers: which of the elements found by position, and by which bytes.

No id is looked up. Each reference must name one of those elements by its wsu:Id: Body and Timestamp always, the token
or the SecurityTokenReference that names it (by the STR-Transform) where the signer has signed them too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from csire_bridge.domain.errors import NotTrusted
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.algorithms import (
    DS,
    exclusive_prefixes,
    not_allowed,
    require_sha256,
    shown,
    signature_method,
)
from csire_bridge.xml.security.exclusive_c14n import EXCLUSIVE, canonical, prefix_list
from csire_bridge.xml.security.ws_security.wss_parts import ID, MAX_PART, WSSE, Parts, decode, names, wrapped

__all__ = ["Reference", "SignedInfo", "read_references", "read_signed_info", "replaced_token"]

_STR_TRANSFORM = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform"
_MAX_REFERENCES = 4
_ATTRIBUTES = {"URI", "Id"}
_FIRST_TAG = re.compile(rb"<[^\s/>]+")
_REMEDY = f"use {EXCLUSIVE} as the only transform of a reference (for a SecurityTokenReference: STR-Transform with it)"


@dataclass(frozen=True)
class SignedInfo:
    """SignedInfo: the bytes that the signature value covers, and their content."""

    octets: bytes
    algorithm: str
    references: tuple[etree._Element, ...]


@dataclass(frozen=True)
class Reference:
    """One reference of SignedInfo: the digest of what it covers, and the PrefixList of the canonicalisation."""

    digest: bytes
    prefixes: tuple[str, ...]

    def octets(self, element: etree._Element, most: int = MAX_PART) -> bytes:
        """The canonical form of ``element``, of at most ``most`` bytes."""
        return canonical(element, self.prefixes, most)


def read_signed_info(signature: etree._Element) -> SignedInfo:
    """SignedInfo as signed: parsed again from its canonical bytes, so that both are certainly the same."""
    if len(signature[0]) > 2 + _MAX_REFERENCES:
        raise wrapped(f"the signature has more than {_MAX_REFERENCES} references")
    octets = canonical(signature[0], exclusive_prefixes(signature[0]), MAX_PART)
    info = parse(octets)
    found, head = names(info), [f"{{{DS}}}CanonicalizationMethod", f"{{{DS}}}SignatureMethod"]
    if found[:2] != head or set(found[2:]) != {f"{{{DS}}}Reference"}:
        raise wrapped("SignedInfo must hold CanonicalizationMethod, SignatureMethod and references, and nothing else")
    return SignedInfo(octets, signature_method(info), tuple(info)[2:])


def read_references(info: SignedInfo, parts: Parts) -> dict[etree._Element, Reference]:
    """What each reference covers: one of the parts, or the SecurityTokenReference, which stands for its token."""
    by_uri = {f"#{element.get(ID)}": element for element in (parts.body, parts.timestamp)}
    by_uri |= {f"#{e.get(ID)}": e for e in (parts.token, parts.reference_to_token) if e is not None and e.get(ID)}
    named = [reference.get("URI") for reference in info.references]
    for uri in named:
        if uri not in by_uri:
            raise wrapped(f"the signature covers {shown(uri)}, which is neither Body nor Timestamp nor the token")
    if len(set(named)) != len(named):
        raise wrapped("two references of the signature name the same element")
    for element, name in ((parts.body, "Body"), (parts.timestamp, "Timestamp")):
        if f"#{element.get(ID)}" not in named:
            raise wrapped(f"the signature does not cover the {name}, which must be signed")
    return {
        by_uri[r.get("URI", "")]: _read_reference(r, by_uri[r.get("URI", "")] is parts.reference_to_token)
        for r in info.references
    }


def _read_reference(reference: etree._Element, is_to_name: bool) -> Reference:
    shape = [f"{{{DS}}}{name}" for name in ("Transforms", "DigestMethod", "DigestValue")]
    if names(reference) != shape or not set(reference.attrib) <= _ATTRIBUTES:
        found = [str(child.tag).rpartition("}")[2] for child in reference] + [str(name) for name in reference.attrib]
        raise not_allowed("a reference of SignedInfo", f"made of {shown(', '.join(found))}", _REMEDY)
    require_sha256(reference)
    method = _only_transform(reference)
    prefixes = prefix_list(_inside_str_transform(method) if is_to_name else method)
    if prefixes is None:
        raise _other_transform(method)
    return Reference(decode(reference[2]), prefixes)


def _only_transform(reference: etree._Element) -> etree._Element:
    transforms = reference[0]
    if names(transforms) != [f"{{{DS}}}Transform"]:
        found = ", then ".join(shown(each.get("Algorithm")) for each in transforms) or "missing"
        raise not_allowed(f"the list of transforms of {shown(reference.get('URI'))}", found, _REMEDY)
    return transforms[0]


def _inside_str_transform(method: etree._Element) -> etree._Element:
    """The canonicalisation that an STR-Transform names (SOAP Message Security 1.1, section 8.3)."""
    if method.get("Algorithm") == _STR_TRANSFORM and names(method) == [f"{{{WSSE}}}TransformationParameters"]:
        parameters = method[0]
        if names(parameters) == [f"{{{DS}}}CanonicalizationMethod"]:
            return parameters[0]
    raise _other_transform(method)


def _other_transform(method: etree._Element) -> NotTrusted:
    inside = [str(child.get("Algorithm", child.tag)) for child in method.iter() if child is not method][:2]
    found = shown(method.get("Algorithm")) + (f" with {shown(', '.join(inside))} inside" if inside else "")
    return not_allowed("a transform", found, _REMEDY)


def replaced_token(canonical_token: bytes) -> bytes:
    """The bytes that the STR-Transform puts in the place of the reference (SOAP Message Security 1.1, section 8.3).

    They are the token's canonical form, whose first tag always declares the default namespace, also when it is empty.
    """
    first = _FIRST_TAG.match(canonical_token)
    end = canonical_token.index(b">")
    if first is None or b" xmlns=" in canonical_token[:end]:
        return canonical_token
    return canonical_token[: first.end()] + b' xmlns=""' + canonical_token[first.end() :]
