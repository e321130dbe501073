"""Demo certificates, made when needed and never committed: hub, operator, supplier, stranger, an expired one.

Every certificate names its party by EIC in the subject's common name. The demo authority's private key is kept in
memory only; the stranger's certificate claims to be the hub's, from an authority of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from csire_bridge.config.private_files import write_private
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.message.partners import Partner, PartnerRole, SecurityProfile
from csire_bridge.lab.simulators.authority import AHEAD, BEFORE, Algorithm, DemoAuthority
from csire_bridge.xml.security.certificates.keys import (
    CertificateBook,
    SigningKey,
    TrustedCertificate,
    load_certificates,
)
from csire_bridge.xml.security.certificates.new_keys import private_pem
from csire_bridge.xml.security.certificates.partner_book import PartnerBook

__all__ = [
    "DEMO_PARTIES",
    "Algorithm",
    "DemoParties",
    "DemoParty",
    "DemoPki",
    "load_demo_pki",
    "make_demo_pki",
]

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
    """All demo certificates. ``operator`` is us; ``expired`` is an old pair of the hub, whose time is over.

    ``operators_other`` are further certificates of ours that the hub trusts, as while a key of ours is replaced.
    """

    authority_file: Path
    hub: DemoParty
    operator: DemoParty
    supplier: DemoParty
    stranger: DemoParty
    expired: DemoParty
    authority: DemoAuthority | None = field(default=None, repr=False, compare=False)
    operators_other: tuple[x509.Certificate, ...] = ()

    def operator_book(self) -> CertificateBook:
        """Our certificates as the hub's book. Raises ConfigurationError for one that may not be pinned."""
        others = (TrustedCertificate(self.operator.eic, one) for one in self.operators_other)
        return CertificateBook([self.operator.trusted, *others])

    @property
    def pinned(self) -> tuple[TrustedCertificate, ...]:
        """What the bridge has pinned: the hub's two certificates and the supplier's, not the stranger's."""
        return self.hub.trusted, self.expired.trusted, self.supplier.trusted

    def partners(self, profile: SecurityProfile = SecurityProfile.ENVELOPED) -> PartnerBook:
        """The hub and the supplier as partners that sign with ``profile``."""
        hub = Partner(self.hub.eic, PartnerRole.HUB, profile)
        known = [hub, Partner(self.supplier.eic, PartnerRole.SUPPLIER, profile)]
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
    demo = DemoAuthority("csire-bridge demo authority", now, algorithm)
    other = DemoAuthority("an authority that nobody trusts", now, algorithm)
    (target / "authority.cert.pem").write_bytes(_pem(demo.certificate))
    eics = _eics(parties)
    for name in _NAMES:
        issuer = other if name == "stranger" else demo
        shift = -(AHEAD + 2 * BEFORE) if name == "expired" else timedelta(0)
        pair = issuer.issue(eics[name], now + shift)
        write_private(_key_file(target, name), private_pem(pair.key), replace=True)
        _certificate_file(target, name).write_bytes(_pem(pair.certificate))
    return replace(load_demo_pki(folder), authority=demo)


def load_demo_pki(folder: Path) -> DemoPki:
    """Read what ``make_demo_pki`` wrote to ``folder``, without its authority's key.

    Raises ConfigurationError when one is missing.
    """
    target = folder / "pki"
    hub, operator, supplier, stranger, expired = (_load_party(target, name) for name in _NAMES)
    return DemoPki(target / "authority.cert.pem", hub, operator, supplier, stranger, expired)


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


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_file(target: Path, name: str) -> Path:
    return target / f"{name}.key.pem"


def _certificate_file(target: Path, name: str) -> Path:
    return target / f"{name}.cert.pem"
