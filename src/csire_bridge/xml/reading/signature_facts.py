"""What a document tells of its signature. Nothing is verified here: whether it held was found out at the intake."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography import x509
from lxml import etree

__all__ = ["SignatureFacts", "signature_facts"]

_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_TOKEN = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}BinarySecurityToken"  # noqa: S105 - a name
_LONGEST = 16 * 1024  # characters of a certificate in base64


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFacts:
    """A signature as it is written. ``enveloped``: in the document itself, else in the envelope around it.

    ``signed_as`` and ``issuer`` are the names in the certificate that came with it, ``fingerprint`` its SHA-256,
    ``since`` and ``until`` (UTC) its validity; all None if the certificate can't be read. ``count``: signatures in all.
    """

    enveloped: bool
    algorithm: str
    digest: str
    count: int
    signed_as: str | None = None
    issuer: str | None = None
    serial: str | None = None
    fingerprint: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def signature_facts(root: etree._Element) -> SignatureFacts | None:
    """The facts of the first signature in a document or its envelope; None if there is none."""
    signatures = list(root.iter(f"{_DS}Signature"))
    if not signatures:
        return None
    first = signatures[0]
    method = first.find(f"{_DS}SignedInfo/{_DS}SignatureMethod")
    facts = SignatureFacts(
        enveloped=first.getparent() is root,
        algorithm=_short(method.get("Algorithm", "")) if method is not None else "",
        digest=_short(first.findtext(f"{_DS}SignedInfo/{_DS}Reference/{_DS}DigestValue") or ""),
        count=len(signatures),
    )
    return _with_certificate(facts, root, first)


def _short(text: str) -> str:
    return text.strip().rpartition("#")[2][:200]


def _with_certificate(facts: SignatureFacts, root: etree._Element, signature: etree._Element) -> SignatureFacts:
    own = signature.findtext(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")
    told = own or root.findtext(f".//{_TOKEN}") or ""
    try:
        raw = base64.b64decode("".join(told[:_LONGEST].split()), validate=True)
        found = x509.load_der_x509_certificate(raw)
        return replace(
            facts,
            signed_as=found.subject.rfc4514_string()[:200],
            issuer=found.issuer.rfc4514_string()[:200],
            serial=f"{found.serial_number:X}",
            fingerprint=hashlib.sha256(raw).hexdigest(),
            since=found.not_valid_before_utc,
            until=found.not_valid_after_utc,
        )
    except (binascii.Error, ValueError):
        return facts
