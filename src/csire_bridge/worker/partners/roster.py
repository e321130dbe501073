"""Partners and certificates of the settings file and of the registry's table, merged.

Certificates of both count. For a partner in both, the table's values of role, profile, numbers, user and limits win;
values not set there come from the file. A certificate that was withdrawn in the table is not trusted any more, even if
the file still names it. One that two partners share is trusted for neither, because it can't tell them apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from csire_bridge.config.settings import Settings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.message.partner_entries import CertificateEntry, PartnerEntry
from csire_bridge.domain.message.partners import Partner, PartnerLimits, PartnerRole
from csire_bridge.store.repositories.messages.partners import PartnerRegistry
from csire_bridge.xml.security.certificates.keys import TrustedCertificate, load_certificates
from csire_bridge.xml.security.certificates.partner_book import PartnerBook
from csire_bridge.xml.security.certificates.pins import Unfit, why_no_pin, why_not_pinned_together

__all__ = ["FilePartners", "NamedCertificate", "PartnerListing", "Source", "TablePartners"]


class Source(StrEnum):
    """Where a partner or certificate comes from."""

    FILE = "file"
    TABLE = "table"


@dataclass(frozen=True)
class FilePartners:
    """Partners of the settings file and their certificates; ``unfit`` lists those that may not be pinned.

    ``hub`` is the hub's EIC: nobody else has its role. ``callers`` are the SHA-256 of certificates for TLS only.
    """

    partners: Sequence[Partner]
    certificates: Sequence[TrustedCertificate]
    max_bytes: int
    unfit: Mapping[bytes, Unfit] = field(default_factory=dict)
    hub: Eic | None = None
    callers: Mapping[bytes, Eic] = field(default_factory=dict)

    @classmethod
    def load(cls, settings: Settings) -> FilePartners:
        """Read every certificate file that the settings name; raise ConfigurationError for one that can't be read."""
        max_bytes = settings.limits.max_message_bytes
        pinned: list[TrustedCertificate] = []
        unfit: dict[bytes, Unfit] = {}
        for partner in settings.partners:
            for file in partner.certificates:
                found = load_certificates(file)
                pinned += [TrustedCertificate(Eic(partner.eic), each, str(file)) for each in found]
                unfit |= {each.fingerprint(hashes.SHA256()): why for each, why in why_not_pinned_together(found)}
        hub = Eic(settings.hub_eic)
        partners = [partner.as_partner(max_bytes, hub) for partner in settings.partners]
        return cls(partners, pinned, max_bytes, unfit, hub, _callers(settings))

    def unsaid(self, eic: Eic) -> Partner:
        """A partner that the settings file does not name, with default values."""
        role = PartnerRole.HUB if eic == self.hub else PartnerRole.OTHER
        return Partner(eic, role, limits=PartnerLimits(max_bytes=self.max_bytes))


@dataclass(frozen=True)
class TablePartners:
    """The content of the registry's table. ``version`` grows with every change."""

    version: int = 0
    partners: Sequence[PartnerEntry] = ()
    certificates: Sequence[CertificateEntry] = ()

    @classmethod
    def read(cls, registry: PartnerRegistry) -> TablePartners:
        """Read everything; the version first, so that a change in between is noticed at the next check."""
        return cls(registry.version(), registry.partners(), registry.certificates())


@dataclass(frozen=True)
class NamedCertificate:
    """A certificate of a partner and where it comes from. ``withdrawn_at`` is UTC.

    ``unfit_beside``: why it may not be pinned because of other certificates in its file.
    """

    pinned: TrustedCertificate
    sources: frozenset[Source]
    withdrawn_at: datetime | None = None
    unfit_beside: Unfit | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256 in 64 hexadecimal digits."""
        return self.pinned.fingerprint.hex()

    @property
    def unfit(self) -> Unfit | None:
        """Why it may not be pinned; None if it may."""
        return self.unfit_beside or why_no_pin(self.pinned.certificate)

    @property
    def places(self) -> list[str]:
        """Where it is named: in the settings file, the table, or both."""
        return sorted(source.value for source in self.sources)

    def __str__(self) -> str:
        certificate = self.pinned.certificate
        place = f" in {self.pinned.named_in}" if self.pinned.named_in else ""
        return (
            f"the certificate {self.fingerprint} of {self.pinned.party} ({certificate.subject.rfc4514_string()}){place}"
        )


@dataclass(frozen=True)
class PartnerListing:
    """Everything that is known of partners, trusted or not. ``broken`` lists unreadable rows of the table."""

    partners: Mapping[Eic, Partner]
    sources: Mapping[Eic, frozenset[Source]]
    certificates: Sequence[NamedCertificate]
    broken: Sequence[str] = ()
    callers: Mapping[bytes, Eic] = field(default_factory=dict)

    @classmethod
    def of(cls, file: FilePartners, table: TablePartners) -> PartnerListing:
        """Merge both."""
        partners = {partner.eic: partner for partner in file.partners}
        sources = dict.fromkeys(partners, frozenset({Source.FILE}))
        for entry in table.partners:
            partners[entry.eic] = entry.over(partners.get(entry.eic) or file.unsaid(entry.eic))
            sources[entry.eic] = sources.get(entry.eic, frozenset()) | {Source.TABLE}
        entered, broken = _readable(table.certificates)
        impostors = [p for p in partners.values() if p.is_the_hub and p.eic != file.hub]
        partners |= {each.eic: replace(each, role=PartnerRole.OTHER) for each in impostors}
        broken += [f"{each.eic} has the role hub in the table, but hub_eic is {file.hub}" for each in impostors]
        withdrawn = {c.fingerprint: c.withdrawn_at for c in table.certificates if c.withdrawn_at is not None}
        return cls(partners, sources, _together(file, entered, withdrawn), broken, file.callers)

    def places(self, eic: Eic) -> list[str]:
        """Where a partner is named: in the settings file, the table, or both."""
        return sorted(source.value for source in self.sources[eic])

    def of_partner(self, eic: Eic) -> list[NamedCertificate]:
        """The certificates of one partner."""
        return [named for named in self.certificates if named.pinned.party == eic]

    @property
    def shared(self) -> frozenset[bytes]:
        """Fingerprints of certificates that more than one partner has; withdrawn ones don't count."""
        owners: defaultdict[bytes, set[Eic]] = defaultdict(set)
        for named in (each for each in self.certificates if each.withdrawn_at is None):
            owners[named.pinned.fingerprint].add(named.pinned.party)
        return frozenset(fingerprint for fingerprint, parties in owners.items() if len(parties) > 1)

    @property
    def trusted(self) -> list[TrustedCertificate]:
        """Certificates to trust: not withdrawn, fit to be pinned, not shared. Dates and revocation are checked
        later."""
        shared = self.shared
        return [
            named.pinned
            for named in self.certificates
            if named.withdrawn_at is None and named.unfit is None and named.pinned.fingerprint not in shared
        ]

    def book(self, revoked: Iterable[bytes] = ()) -> PartnerBook:
        """The partner book for verification."""
        return PartnerBook.of(self.partners.values(), self.trusted, revoked, self.callers)


def _callers(settings: Settings) -> dict[bytes, Eic]:
    """Whose client certificates the settings name; raises ConfigurationError for one that two partners share."""
    found: dict[bytes, Eic] = {}
    for partner in settings.partners:
        for fingerprint in _fingerprints(partner.client_certificates):
            if found.setdefault(fingerprint, Eic(partner.eic)) != partner.eic:
                raise ConfigurationError(
                    f"the client certificate {fingerprint.hex()} is that of two partners, one is {partner.eic}",
                    "name it for one of them: it can't tell them apart",
                )
    return found


def _fingerprints(files: Iterable[Path]) -> Iterator[bytes]:
    for file in files:
        yield from (certificate.fingerprint(hashes.SHA256()) for certificate in load_certificates(file))


def _readable(entries: Iterable[CertificateEntry]) -> tuple[list[TrustedCertificate], list[str]]:
    good, broken = [], []
    for entry in entries:
        what = f"the certificate {entry.fingerprint} of {entry.partner} in the table"
        try:
            pinned = TrustedCertificate(entry.partner, x509.load_pem_x509_certificate(entry.pem.encode()))
        except ValueError:
            broken.append(f"{what} can't be read")
            continue
        if pinned.fingerprint.hex() == entry.fingerprint:
            good.append(pinned)
        else:
            broken.append(f"{what} has another fingerprint")
    return good, broken


def _together(
    file: FilePartners,
    entered: Iterable[TrustedCertificate],
    withdrawn: Mapping[str, datetime],
) -> list[NamedCertificate]:
    found: dict[tuple[Eic, bytes], tuple[TrustedCertificate, frozenset[Source]]] = {}
    for source, certificates in ((Source.FILE, file.certificates), (Source.TABLE, entered)):
        for pinned in certificates:
            place = pinned.party, pinned.fingerprint
            named_before = found[place][1] if place in found else frozenset[Source]()
            found[place] = found[place][0] if named_before else pinned, named_before | {source}
    unfit = {**_authorities(pinned for pinned, _ in found.values()), **file.unfit}
    return [
        NamedCertificate(p, sources, withdrawn.get(p.fingerprint.hex()), unfit.get(p.fingerprint))
        for p, sources in found.values()
    ]


def _authorities(pinned: Iterable[TrustedCertificate]) -> dict[bytes, Unfit]:
    """What is against those that have issued another one of the same partner, in whatever file or table they stand."""
    of_each: defaultdict[Eic, list[x509.Certificate]] = defaultdict(list)
    for one in pinned:
        of_each[one.party].append(one.certificate)
    return {
        certificate.fingerprint(hashes.SHA256()): why
        for together in of_each.values()
        for certificate, why in why_not_pinned_together(together)
    }
