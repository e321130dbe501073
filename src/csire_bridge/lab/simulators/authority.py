"""A demo certificate authority: it issues certificates and revocation lists, and never writes its private key."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from csire_bridge.domain.identifiers import Eic
from csire_bridge.xml.security.certificates.keys import PrivateKey, SigningKey
from csire_bridge.xml.security.certificates.new_keys import Algorithm, new_key

__all__ = ["AHEAD", "BEFORE", "Algorithm", "DemoAuthority"]

AHEAD = timedelta(days=397)
"""How long a certificate is valid."""
BEFORE = timedelta(days=1)
"""How long before it was asked for a certificate becomes valid."""


class DemoAuthority:
    """A certificate authority whose private key is in memory only. ``algorithm`` is that of all its keys."""

    def __init__(self, name: str, now: datetime, algorithm: Algorithm = "ecdsa") -> None:
        self._algorithm: Algorithm = algorithm
        self._key = new_key(algorithm)
        self._subject = _name(name)
        start = now - AHEAD - 4 * BEFORE  # it must have been there when the expired certificate was issued
        builder = _builder(self._subject, self._subject, self._key, start, now + AHEAD)
        self.certificate = (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def issue(self, party: Eic, now: datetime) -> SigningKey:
        """A new pair for signing documents, valid around ``now``."""
        key = new_key(self._algorithm)
        end = min(now + AHEAD, self.certificate.not_valid_after_utc)
        certificate = (
            _builder(_name(party), self._subject, key, now - BEFORE, end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return SigningKey(key, certificate)

    def revoke(
        self, *certificates: x509.Certificate, at: datetime, days: float = 7, critical: x509.ExtensionType | None = None
    ) -> bytes:
        """A CRL (PEM) of these certificates, issued ``at`` (aware) and good for ``days``; RFC 5280, section 5."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._subject)
            .last_update(at)
            .next_update(at + timedelta(days=days))
        )
        for certificate in certificates:
            entry = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number).revocation_date(at)
            builder = builder.add_revoked_certificate(entry.build())
        if critical is not None:
            builder = builder.add_extension(critical, critical=True)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
