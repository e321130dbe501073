"""Which certificates may be pinned to a party: only its own ones for signing documents, never an authority's.

The owner of an authority's key can make certificates for anybody; if it were pinned, its signature would count as the
party's.
Sources: RFC 5280, sections 4.2.1.3 (key usage) and 4.2.1.9 (basic constraints).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa

__all__ = ["Unfit", "is_strong", "why_no_pin", "why_not_pinned_together"]

_MIN_RSA_BITS = 2048
_Kind = TypeVar("_Kind", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a certificate may not be pinned, as the end of a sentence, and what can be done."""

    text: str
    remedy: str


_OWN_ONLY = "give only the partner's own certificate; the authority's belongs to revocation_authority"
_AUTHORITY = Unfit("is an authority's, not one that signs messages", _OWN_ONLY)
_WEAK = Unfit(
    "has a weak key or an unusual curve, of a kind that is not used here",
    "use RSA of 2048 bits or more, or ECDSA P-256",
)
_UNREADABLE = Unfit("has extensions that can't be read", "have the partner send an intact one")
_NO_SIGNATURES = Unfit("may not sign documents (key usage)", "have the partner send the one that it signs with")


def is_strong(key: object) -> bool:
    """Whether a private or public key may sign documents: RSA of 2048 bits or more, or ECDSA P-256."""
    if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        return key.key_size >= _MIN_RSA_BITS
    curves = ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey
    return isinstance(key, curves) and isinstance(key.curve, ec.SECP256R1)


def why_no_pin(certificate: x509.Certificate) -> Unfit | None:
    """Why a certificate may not be pinned; None if it may. Its validity dates are not checked."""
    if not is_strong(certificate.public_key()):
        return _WEAK
    try:
        constraints = _extension(certificate, x509.BasicConstraints)
        usage = _extension(certificate, x509.KeyUsage)
    except ValueError:
        return _UNREADABLE
    if (constraints is not None and constraints.ca) or (usage is not None and usage.key_cert_sign):
        return _AUTHORITY
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        return _NO_SIGNATURES
    return None


def why_not_pinned_together(certificates: Sequence[x509.Certificate]) -> list[tuple[x509.Certificate, Unfit]]:
    """The certificates of one partner that may not be pinned, each with the reason.

    A certificate that has issued another one of them is an authority's, whatever it says of itself; one that was made
    anew with the same key was not issued by the one before.
    """
    found = []
    for each in certificates:
        issued = any(_issued(each, other) for other in certificates if other != each)
        if why := _AUTHORITY if issued else why_no_pin(each):
            found.append((each, why))
    return found


def _extension(certificate: x509.Certificate, kind: type[_Kind]) -> _Kind | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _issued(issuer: x509.Certificate, other: x509.Certificate) -> bool:
    if issuer.public_key() == other.public_key():
        return False
    try:
        other.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
