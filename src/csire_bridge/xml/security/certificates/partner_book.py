"""Partners with their certificates: who owns a signature, and whether its certificate is still trusted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.message.partners import Partner, SecurityProfile
from csire_bridge.xml.security.certificates.keys import CertificateBook, TrustedCertificate

__all__ = ["PartnerBook"]


@dataclass(frozen=True)
class PartnerBook:
    """All partners at one moment; if the registry changes, a new book is made.

    ``revoked`` holds the SHA-256 fingerprints of pinned certificates that their authority has revoked. ``callers``
    tells whose TLS client certificate has a fingerprint; it proves no signature.
    """

    partners: Mapping[Eic, Partner]
    certificates: CertificateBook
    revoked: frozenset[bytes] = field(default_factory=frozenset)
    callers: Mapping[bytes, Eic] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        partners: Iterable[Partner],
        certificates: Iterable[TrustedCertificate],
        revoked: Iterable[bytes] = (),
        callers: Mapping[bytes, Eic] | None = None,
    ) -> PartnerBook:
        """A book of these partners and certificates."""
        by_eic = {partner.eic: partner for partner in partners}
        return cls(by_eic, CertificateBook(certificates), frozenset(revoked), callers or {})

    @property
    def lets_unsigned_in(self) -> bool:
        """Whether any partner is allowed to send unsigned messages."""
        return any(partner.profile is SecurityProfile.NONE for partner in self.partners.values())

    @cached_property
    def of_the_hub(self) -> CertificateBook:
        """The certificates with which the hub may sign its answers to us; revoked ones are left out."""
        hubs = {eic for eic, partner in self.partners.items() if partner.is_the_hub}
        return CertificateBook(c for c in self.certificates if c.party in hubs and c.fingerprint not in self.revoked)

    def calling_with(self, fingerprint: bytes) -> Partner | None:
        """The partner with the TLS client certificate of that SHA-256; it may be one that it signs with, too."""
        pinned = self.certificates.find(fingerprint)
        eic = self.callers.get(fingerprint) or (pinned.party if pinned else None)
        return self.find(eic) if eic else None

    def find(self, eic: str) -> Partner | None:
        """The partner of that code, or None."""
        return self.partners.get(Eic(eic))
