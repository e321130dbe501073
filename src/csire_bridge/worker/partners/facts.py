"""Partners and their certificates as values for commands, API and pages."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from csire_bridge.config.settings import Settings
from csire_bridge.domain.identifiers import Eic
from csire_bridge.store.repositories.messages.partners import PartnerRegistry
from csire_bridge.worker.partners.check import Condition, Finding, condition_of, days_left, findings
from csire_bridge.worker.partners.revocations import ListSource, Revocations
from csire_bridge.worker.partners.roster import FilePartners, NamedCertificate, PartnerListing, TablePartners

__all__ = ["SeenPartners", "finding_facts", "partner_facts", "see_partners"]


@dataclass(frozen=True)
class SeenPartners:
    """Partners as they are at a moment (UTC): of the settings file and of the registry, with what is revoked."""

    roster: PartnerListing
    revocations: Revocations
    revoked: frozenset[bytes]
    now: datetime

    def facts(self) -> list[dict[str, Any]]:
        """Every partner."""
        return partner_facts(self.roster, self.now, self.revoked)

    def findings(self, only: Eic | None = None) -> list[Finding]:
        """What is wrong with them, or with one."""
        alerts = self.revocations.alerts(self.now)
        return list(findings(self.roster, self.now, self.revoked, alerts, only))

    def certificates(self, eic: Eic) -> list[tuple[NamedCertificate, Condition, int]]:
        """Each certificate of a partner, its condition, and how many days are left."""
        shared = self.roster.shared
        return [
            (named, condition_of(named, self.now, self.revoked, shared), days_left(named, self.now))
            for named in self.roster.of_partner(eic)
        ]


def see_partners(settings: Settings, connection: Connection, now: datetime) -> SeenPartners:
    """Read them; raises ConfigurationError for a file that can't be read."""
    table = TablePartners.read(PartnerRegistry(connection))
    roster = PartnerListing.of(FilePartners.load(settings), table)
    revocations = Revocations(ListSource.of(settings.partners))
    revocations.refresh(now)
    return SeenPartners(roster, revocations, revocations.revoked([named.pinned for named in roster.certificates]), now)


def partner_facts(roster: PartnerListing, now: datetime, revoked: Collection[bytes]) -> list[dict[str, Any]]:
    """One entry for each partner; moments are ISO 8601 in UTC."""
    shared = roster.shared
    return [
        {
            "eic": eic,
            "role": partner.role.value,
            "profile": partner.profile.value,
            "numbers": None if partner.numbers is None else sorted(partner.numbers),
            "may_send_as_the_hub": sorted(partner.may_send_as_the_hub),
            "user": partner.user,
            "per_minute": partner.limits.per_minute,
            "at_once": partner.limits.at_once,
            "source": roster.places(eic),
            "certificates": [_certificate(named, now, revoked, shared) for named in roster.of_partner(eic)],
        }
        for eic, partner in sorted(roster.partners.items())
    ]


def _certificate(
    named: NamedCertificate, now: datetime, revoked: Collection[bytes], shared: Collection[bytes]
) -> dict[str, Any]:
    certificate = named.pinned.certificate
    condition = condition_of(named, now, revoked, shared)
    return {
        "fingerprint": named.fingerprint,
        "subject": certificate.subject.rfc4514_string(),
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "days_left": days_left(named, now),
        "source": named.places,
        "condition": condition.value,
        "revoked": named.pinned.fingerprint in revoked,
        "withdrawn_at": named.withdrawn_at.isoformat() if named.withdrawn_at else None,
    }


def finding_facts(finding: Finding) -> dict[str, Any]:
    """One problem."""
    return {
        "partner": finding.partner,
        "code": str(finding.code),
        "text": finding.text,
        "remedy": finding.remedy,
        "fingerprint": finding.fingerprint,
    }
