"""Which of the pinned certificates KeyInfo names: by itself, or by one of the names that a certificate has.

KeyInfo is a hint that no signature covers. It only finds the pinned certificates whose keys are then tried: what it
says beyond that counts for nothing, and a certificate that is not pinned is never looked at.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from cryptography import x509
from lxml import etree

from csire_bridge.domain.errors import NotTrusted, ProblemCode
from csire_bridge.xml.security.algorithms import DS, fault
from csire_bridge.xml.security.certificates.keys import CertificateBook, TrustedCertificate

__all__ = ["MAX_CANDIDATES", "PIN", "base64_of", "certificates_of", "named_by", "unknown", "valid_ones", "wrong_key"]

PIN = "sign with the certificate that was handed over, or have the new one entered for the partner"
"""What to do about a certificate that is not pinned."""

MAX_CANDIDATES = 4
"""At most so many keys are tried for one signature."""

_DS11 = "http://www.w3.org/2009/xmldsig11#"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_VALUE = re.compile(r'=\s*("(?:[^"\\]|\\.)*"|(?:[^,;+\\"]|\\.)*)', re.DOTALL)
_BYTES, _ESCAPED = re.compile(r"(?:\\[0-9A-Fa-f]{2})+"), re.compile(r"\\(.)", re.DOTALL)
_MOST_NAMES = 16
_LONGEST_SERIAL = 60  # digits; RFC 5280 allows 20 bytes

Found = Iterable[TrustedCertificate]


def certificates_of(data: Iterable[etree._Element], book: CertificateBook) -> Sequence[TrustedCertificate]:
    """The pinned certificates that these X509Data elements hold, or name; each once, in their order.

    Raises NotTrusted when there are none, with what was found.
    """
    found, named = dict[bytes, TrustedCertificate](), list[str]()
    elements = [child for each in data for child in each]
    if len(elements) > _MOST_NAMES:
        text = f"KeyInfo holds {len(elements)} certificates or names of them, more than {_MOST_NAMES}"
        raise fault(ProblemCode.PROFILE, text, "put the certificate that signs into KeyInfo, and no other")
    for element in elements:
        reader = _READERS.get(element.tag)
        if reader is not None:
            named.append(etree.QName(element).localname)
            found.update((each.fingerprint, each) for each in reader(element, book))
    if not found:
        raise unknown(named)
    return list(found.values())


def unknown(named: Sequence[str] = ()) -> NotTrusted:
    """The refusal of a signature whose KeyInfo leads to no pinned certificate; ``named`` is what was in it."""
    if not named:
        text = "KeyInfo names no certificate"
        return fault(ProblemCode.UNKNOWN_SIGNER, text, "put the certificate into KeyInfo (X509Data/X509Certificate)")
    text = f"none of our partners has a certificate that fits KeyInfo ({', '.join(dict.fromkeys(named))})"
    return fault(ProblemCode.UNKNOWN_SIGNER, text, PIN)


def valid_ones(found: Sequence[TrustedCertificate], now: datetime) -> Sequence[TrustedCertificate]:
    """Those that are valid at ``now``, at most ``MAX_CANDIDATES``; raises NotTrusted when none is."""
    valid = [each for each in found if each.valid_at(now)]
    if not valid:
        raise fault(
            ProblemCode.CERTIFICATE_EXPIRED,
            f"the certificate of {found[0].party} is not valid at {now:%Y-%m-%d %H:%M} UTC",
            "sign with a certificate that is valid now",
        )
    return valid[:MAX_CANDIDATES]


def wrong_key(signer: TrustedCertificate) -> NotTrusted:
    """The refusal of a signature value that the key of the named certificate has not made."""
    return fault(
        ProblemCode.BAD_SIGNATURE,
        f"SignatureValue was not made over this SignedInfo with the key of {signer.party}'s certificate "
        f"(serial number {signer.certificate.serial_number})",
        "sign with the private key of the certificate that KeyInfo names, and leave SignedInfo as it was signed",
    )


def named_by(how: str, value: bytes, book: CertificateBook) -> Sequence[TrustedCertificate]:
    """The pinned certificates with that SHA-1 ("thumbprint"), subject key identifier ("ski") or content ("x509").

    A SHA-1 thumbprint identifies one of a few pinned certificates here; it protects nothing.
    """
    if how == "x509":
        return _one(book.find(hashlib.sha256(value).digest()))
    if how == "thumbprint":
        return [each for each in book if each.thumbprint == value]
    return [each for each in book if value and each.key_identifier == value]


def base64_of(element: etree._Element) -> bytes:
    """The bytes of an element's text; none when it is no base64."""
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _certificate(element: etree._Element, book: CertificateBook) -> Found:
    return named_by("x509", base64_of(element), book)


def _issuer_and_serial(element: etree._Element, book: CertificateBook) -> Found:
    issuer = element.findtext(f"{{{DS}}}X509IssuerName") or ""
    serial = (element.findtext(f"{{{DS}}}X509SerialNumber") or "").strip()
    if not (serial.isascii() and serial.isdigit() and len(serial) <= _LONGEST_SERIAL):
        return
    number, values = int(serial), _values(issuer)
    for each in book:
        certificate = each.certificate
        if certificate.serial_number == number and _values_of(certificate.issuer) == values:
            yield each


def _subject_key(element: etree._Element, book: CertificateBook) -> Found:
    return named_by("ski", base64_of(element), book)


def _digest(element: etree._Element, book: CertificateBook) -> Found:
    return _one(book.find(base64_of(element))) if element.get("Algorithm") == _SHA256 else []


_READERS: Mapping[object, Callable[[etree._Element, CertificateBook], Found]] = {
    f"{{{DS}}}X509Certificate": _certificate,
    f"{{{DS}}}X509IssuerSerial": _issuer_and_serial,
    f"{{{DS}}}X509SKI": _subject_key,
    f"{{{_DS11}}}X509Digest": _digest,
}


def _one(found: TrustedCertificate | None) -> Sequence[TrustedCertificate]:
    return [found] if found else []


def _values_of(name: x509.Name) -> list[str]:
    return sorted(_folded(str(attribute.value)) for attribute in name)


def _values(written: str) -> list[str]:
    """The values of a distinguished name in a text, whatever the order and the names of its attributes.

    RFC 2253, RFC 4514, .NET and OpenSSL write them in different orders, with different names and spaces.
    """
    return sorted(_folded(text) for text in _texts(written[:1000]))


def _texts(written: str) -> Iterator[str]:
    for found in _VALUE.findall(written):
        text = found.strip().removeprefix('"').removesuffix('"')
        if text.startswith("#"):
            yield _from_der(text[1:])
        else:
            yield _unescaped(text)


def _unescaped(text: str) -> str:
    """Escaped bytes are those of UTF-8; any other escaped character stands for itself."""
    whole = _BYTES.sub(lambda m: bytes.fromhex(m[0].replace("\\", "")).decode("utf-8", "replace"), text)
    return _ESCAPED.sub(r"\1", whole)


def _from_der(digits: str) -> str:
    """The text in a short DER string: a tag, a length, and the value."""
    try:
        return bytes.fromhex(digits)[2:].decode("utf-8")
    except ValueError:
        return digits


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
