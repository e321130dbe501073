"""Demo certificates, made when needed and never committed: the hub, we, a supplier, a stranger, an expired one.

Every certificate names its party by EIC in the subject's common name. The demo authority's private key is thrown
away after use, and the stranger's certificate claims to be the hub's, from an authority of his own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.partners import Partner, SecurityProfile
from csire_bridge.xml.keys import CertificateBook, PrivateKey, SigningKey, TrustedCertificate, load_certificates
from csire_bridge.xml.partners import PartnerBook

__all__ = ["DEMO_PARTIES", "Algorithm", "DemoParties", "DemoParty", "DemoPki", "load_demo_pki", "make_demo_pki"]

Algorithm = Literal["ecdsa", "rsa"]
_AHEAD = timedelta(days=397)
_BEFORE = timedelta(days=1)
_NAMES = ("hub", "operator", "supplier", "stranger", "expired")


@dataclass(frozen=True)
class DemoParties:
    """Who takes part, by EIC."""

    hub: Eic
    operator: Eic
    supplier: Eic


DEMO_PARTIES = DemoParties(
    hub=Eic.parse("10XPL-TSO------P"), operator=Eic.parse("19XENERGAOPERATS"), supplier=Eic.parse("19XPL-RZE-SA---V")
)


@dataclass(frozen=True)
class DemoParty:
    """One party's pair, in memory and as PEM files (the key file is readable by its owner only)."""

    eic: Eic
    signing: SigningKey
    key_file: Path
    certificate_file: Path

    @property
    def trusted(self) -> TrustedCertificate:
        """Its certificate, pinned to its EIC."""
        return TrustedCertificate(self.eic, self.signing.certificate)


@dataclass(frozen=True)
class DemoPki:
    """All demo certificates. ``operator`` is us; ``expired`` is an old pair of the hub, whose time is over."""

    authority_file: Path
    hub: DemoParty
    operator: DemoParty
    supplier: DemoParty
    stranger: DemoParty
    expired: DemoParty

    @property
    def pinned(self) -> tuple[TrustedCertificate, ...]:
        """What the bridge has pinned: the hub's two certificates and the supplier's, not the stranger's."""
        return self.hub.trusted, self.expired.trusted, self.supplier.trusted

    def partners(self, profile: SecurityProfile = SecurityProfile.ENVELOPED) -> PartnerBook:
        """The hub and the supplier as partners that sign with ``profile``."""
        known = [Partner(self.hub.eic, profile=profile), Partner(self.supplier.eic, profile=profile)]
        return PartnerBook.of(known, self.pinned)

    def book(self) -> CertificateBook:
        """The pinned certificates as the bridge's book."""
        return CertificateBook(self.pinned)


def make_demo_pki(
    folder: Path, now: datetime, *, parties: DemoParties = DEMO_PARTIES, algorithm: Algorithm = "ecdsa"
) -> DemoPki:
    """Make all pairs anew and write them to ``folder``/pki/*.pem; older ones there are overwritten.

    Valid from a day before ``now`` (aware) for about 13 months; the expired one ended two days before. ECDSA P-256
    takes milliseconds, RSA of 2048 bits about a second. Raises OSError when the folder can't be written.
    """
    target = folder / "pki"
    target.mkdir(parents=True, exist_ok=True)
    target.chmod(0o700)
    demo = _Authority("csire-bridge demo authority", now, algorithm)
    other = _Authority("an authority that nobody trusts", now, algorithm)
    _write(target / "authority.cert.pem", _pem(demo.certificate))
    eics = _eics(parties)
    for name in _NAMES:
        issuer = other if name == "stranger" else demo
        shift = -(_AHEAD + 2 * _BEFORE) if name == "expired" else timedelta(0)
        pair = issuer.issue(eics[name], now + shift)
        _write(_key_file(target, name), _key_pem(pair.key), mode=0o600)
        _write(_certificate_file(target, name), _pem(pair.certificate))
    return load_demo_pki(folder)


def load_demo_pki(folder: Path) -> DemoPki:
    """Read what ``make_demo_pki`` wrote to ``folder``; raise ConfigurationError when one is missing."""
    target = folder / "pki"
    party = {name: _load_party(target, name) for name in _NAMES}
    return DemoPki(target / "authority.cert.pem", **party)


def _load_party(target: Path, name: str) -> DemoParty:
    key_file, certificate_file = _key_file(target, name), _certificate_file(target, name)
    subject = load_certificates(certificate_file)[0].subject
    common_name = subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    return DemoParty(
        Eic.parse(str(common_name)), SigningKey.load(key_file, certificate_file), key_file, certificate_file
    )


def _eics(parties: DemoParties) -> Mapping[str, Eic]:
    return MappingProxyType(
        {
            "hub": parties.hub,
            "operator": parties.operator,
            "supplier": parties.supplier,
            "stranger": parties.hub,
            "expired": parties.hub,
        }
    )


class _Authority:
    """A certificate authority that lives as long as the making of the demo certificates."""

    def __init__(self, name: str, now: datetime, algorithm: Algorithm) -> None:
        self._algorithm: Algorithm = algorithm
        self._key = _new_key(algorithm)
        self._subject = _name(name)
        start = now - _AHEAD - 4 * _BEFORE  # it must have been there when the expired certificate was issued
        builder = _builder(self._subject, self._subject, self._key, start, now + _AHEAD)
        self.certificate = (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def issue(self, party: Eic, now: datetime) -> SigningKey:
        """A new pair for signing documents, valid around ``now``."""
        key = _new_key(self._algorithm)
        end = min(now + _AHEAD, self.certificate.not_valid_after_utc)
        certificate = (
            _builder(_name(party), self._subject, key, now - _BEFORE, end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return SigningKey(key, certificate)


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


def _new_key(algorithm: Algorithm) -> PrivateKey:
    if algorithm == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _key_file(target: Path, name: str) -> Path:
    return target / f"{name}.key.pem"


def _certificate_file(target: Path, name: str) -> Path:
    return target / f"{name}.cert.pem"


def _write(file: Path, content: bytes, mode: int = 0o644) -> None:
    """Write with ``mode`` from the first byte on, so that no other user ever reads a key."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(content)
