"""Certificate revocation lists (RFC 5280, section 5), read from files.

A list counts only if it is signed by the authority's certificate (6.3.3 f and g), and if we understand everything in it
that is marked critical: a list for only some certificates, or for other authorities, must not be used to accept a
certificate (5.2). A certificate "on hold" counts as revoked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeGuard

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.xml.security.certificates.keys import TrustedCertificate, load_certificates

__all__ = ["RevocationList"]

_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_FETCH = "fetch the authority's current list"


@dataclass(frozen=True)
class RevocationList:
    """A list signed by its authority. ``stands_until`` (UTC) is the end of its validity, or of its authority's."""

    file: Path
    entries: x509.CertificateRevocationList
    issued_at: datetime
    stands_until: datetime

    @classmethod
    def load(cls, file: Path, authority_file: Path, now: datetime) -> RevocationList:
        """Read a PEM or DER file and check it against its authority; ``now`` is aware.

        Raises ConfigurationError for a list that must not be used. An expired one is returned: see ``expired``.
        """
        authority = load_certificates(authority_file)[0]
        entries = _read(file)
        try:
            _check_signature(file, entries, authority, authority_file)
            _check_contents(file, entries)
        except (ValueError, x509.DuplicateExtension) as error:
            raise ConfigurationError(f"the revocation list {file} is malformed: {error}", _FETCH) from error
        issued_at, end = entries.last_update_utc, entries.next_update_utc
        if end is None:
            raise ConfigurationError(f"the revocation list {file} does not say when the next one comes", _FETCH)
        if issued_at > now:
            raise ConfigurationError(
                f"the revocation list {file} is from the future ({issued_at:%Y-%m-%d %H:%M} UTC)",
                "check this machine's clock, then fetch the list again",
            )
        return cls(file, entries, issued_at, min(end, authority.not_valid_after_utc))

    def expired(self, now: datetime) -> bool:
        """Whether a newer list is overdue at ``now`` (aware); certificates on this one stay revoked all the same."""
        return now > self.stands_until

    def revoked(self, pinned: Iterable[TrustedCertificate]) -> frozenset[bytes]:
        """The SHA-256 fingerprints of those certificates that this authority has issued and revoked."""
        return frozenset(each.fingerprint for each in pinned if self._names(each.certificate))

    def _names(self, certificate: x509.Certificate) -> bool:
        if certificate.issuer != self.entries.issuer:
            return False
        return self.entries.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None


def _read(file: Path) -> x509.CertificateRevocationList:
    try:
        raw = file.read_bytes()
        if b"-----BEGIN X509 CRL-----" in raw:
            return x509.load_pem_x509_crl(raw)
        return x509.load_der_x509_crl(raw)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"the revocation list {file} can't be read: {error}", "name a file with a CRL, PEM or DER"
        ) from error


def _check_signature(
    file: Path, entries: x509.CertificateRevocationList, authority: x509.Certificate, authority_file: Path
) -> None:
    key = authority.public_key()
    if not _may_vouch(key):
        raise ConfigurationError(f"the authority in {authority_file} has a key of a kind that is not used here", _FETCH)
    if not _may_sign_lists(authority):
        raise ConfigurationError(
            f"the certificate in {authority_file} is none of an authority that may sign revocation lists",
            "name the certificate of the authority that issued the list",
        )
    if not isinstance(_hash_of(entries), _HASHES):
        raise ConfigurationError(f"the revocation list {file} is signed with a weak algorithm", _FETCH)
    try:
        holds = entries.issuer == authority.subject and entries.is_signature_valid(key)
    except (InvalidSignature, TypeError, ValueError) as error:
        raise _foreign(file, authority_file) from error
    if not holds:
        raise _foreign(file, authority_file)


def _foreign(file: Path, authority_file: Path) -> ConfigurationError:
    return ConfigurationError(
        f"the revocation list {file} was not signed by the authority in {authority_file}",
        "name the list and the certificate of the same authority, and fetch the list again",
    )


def _hash_of(entries: x509.CertificateRevocationList) -> hashes.HashAlgorithm | None:
    try:
        return entries.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None


def _may_vouch(key: object) -> TypeGuard[rsa.RSAPublicKey | ec.EllipticCurvePublicKey]:
    """Whether the key may sign lists; authorities may use larger curves than signers of documents."""
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= 2048
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size >= 256


def _may_sign_lists(authority: x509.Certificate) -> bool:
    """RFC 5280, 4.2.1.3 and 6.3.3 f: a key usage, where there is one, must allow CRLs."""
    try:
        return authority.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return True


def _check_contents(file: Path, entries: x509.CertificateRevocationList) -> None:
    """Refuse a list with any critical extension, as none is implemented here (RFC 5280, 5.2 and 5.3)."""
    critical = [extension.oid.dotted_string for extension in entries.extensions if extension.critical]
    for entry in entries:
        critical += [extension.oid.dotted_string for extension in entry.extensions if extension.critical]
    if critical:
        raise ConfigurationError(
            f"the revocation list {file} is only a part, or speaks of other authorities (extension {critical[0]})",
            "fetch the authority's complete list, neither delta nor indirect",
        )
