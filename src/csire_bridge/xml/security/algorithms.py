"""The algorithms that a signature may use; for any other one, the refusal names what was found and what is wanted.

RSA or ECDSA with SHA-256, SHA-256 digests, and exclusive canonicalisation, in both profiles. SHA-1 and HMAC never.
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509 import Certificate
from lxml import etree

from csire_bridge.domain.errors import NotTrusted, Problem, ProblemCode
from csire_bridge.xml.security.exclusive_c14n import EXCLUSIVE, prefix_list

__all__ = [
    "DS",
    "exclusive_prefixes",
    "fault",
    "has_digest",
    "not_allowed",
    "require_sha256",
    "shown",
    "signature_method",
    "value_holds",
]

DS = "http://www.w3.org/2000/09/xmldsig#"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_METHODS = {f"{_MORE}rsa-sha256": "RSA-SHA256", f"{_MORE}ecdsa-sha256": "ECDSA-SHA256"}
_P256_BYTES = 32
_LONGEST = 120

_WANTED = {
    "SignatureMethod": f"sign with {' or '.join(_METHODS)}",
    "DigestMethod": f"use the digest {_SHA256}",
    "CanonicalizationMethod": f"use {EXCLUSIVE} as the CanonicalizationMethod of SignedInfo",
}


def fault(code: ProblemCode, text: str, remedy: str, line: object = None) -> NotTrusted:
    """The refusal of a signature; ``line`` is a source line, if known."""
    return NotTrusted([Problem(code, text, remedy, line=line if isinstance(line, int) else None)])


def not_allowed(what: str, found: str, remedy: str, line: object = None) -> NotTrusted:
    """The refusal of an algorithm: ``what`` uses ``found``, as a partner wrote it."""
    return fault(ProblemCode.ALGORITHM, f"{what} is {found}, which is not taken", remedy, line)


def shown(text: str | None) -> str:
    """What a partner wrote, quoted and cut."""
    if text is None:
        return "none"
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")


def signature_method(info: etree._Element) -> str:
    """The short name of SignedInfo's SignatureMethod; raises NotTrusted for one that is not taken."""
    element = _part(info, "SignatureMethod")
    name = None if element is None or len(element) else _METHODS.get(element.get("Algorithm", ""))
    if name is None:
        raise _other("SignatureMethod", element)
    return name


def require_sha256(reference: etree._Element) -> None:
    """Raise NotTrusted unless a Reference has a SHA-256 digest."""
    element = _part(reference, "DigestMethod")
    if element is None or element.get("Algorithm") != _SHA256 or len(element):
        raise _other("DigestMethod", element)


def exclusive_prefixes(info: etree._Element) -> tuple[str, ...]:
    """The PrefixList of SignedInfo's CanonicalizationMethod; raises NotTrusted unless it is exclusive C14N."""
    element = _part(info, "CanonicalizationMethod")
    prefixes = None if element is None else prefix_list(element)
    if prefixes is None:
        raise _other("CanonicalizationMethod", element)
    return prefixes


def _other(name: str, element: etree._Element | None) -> NotTrusted:
    if element is None:
        return not_allowed(f"the {name}", "missing", _WANTED[name])
    inside = ", ".join(str(child.tag) for child in element)[:_LONGEST]
    found = shown(element.get("Algorithm")) + (f" with {inside} inside" if inside else "")
    return not_allowed(f"the {name}", found, _WANTED[name], element.sourceline)


def _part(parent: etree._Element, name: str) -> etree._Element | None:
    return parent.find(f"{{{DS}}}{name}")


def has_digest(octets: bytes, digest: bytes) -> bool:
    """Whether ``digest`` is the SHA-256 of ``octets``."""
    return hmac.compare_digest(hashlib.sha256(octets).digest(), digest)


def value_holds(octets: bytes, method: str, value: bytes, certificate: Certificate) -> bool:
    """Whether ``value`` is a signature over ``octets`` by the certificate's key.

    XML Signature 1.1: PKCS#1 v1.5 for RSA; for ECDSA on P-256 two numbers of 32 bytes each.
    """
    key = certificate.public_key()
    try:
        if method == "RSA-SHA256" and isinstance(key, rsa.RSAPublicKey):
            key.verify(value, octets, padding.PKCS1v15(), hashes.SHA256())
            return True
        if method == "ECDSA-SHA256" and isinstance(key, ec.EllipticCurvePublicKey) and len(value) == 2 * _P256_BYTES:
            r, s = (int.from_bytes(half, "big") for half in (value[:_P256_BYTES], value[_P256_BYTES:]))
            key.verify(utils.encode_dss_signature(r, s), octets, ec.ECDSA(hashes.SHA256()))
            return True
    except Exception:  # noqa: BLE001 - whatever a library raises over a hostile value means that it does not hold
        return False
    return False
