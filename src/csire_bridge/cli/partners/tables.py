"""Partners as tables for people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from csire_bridge.cli.shared.table import Column
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.identifiers import Eic

if TYPE_CHECKING:
    from csire_bridge.domain.message.partners import Partner
    from csire_bridge.worker.partners.roster import NamedCertificate, PartnerListing

__all__ = ["PARTNER_COLUMNS", "listed"]


@dataclass(frozen=True, slots=True)
class ListedCertificate:
    """A partner with one of its certificates (None where it has none)."""

    eic: Eic
    partner: Partner
    sources: str
    named: NamedCertificate | None
    condition: str | None
    days: int | None


PARTNER_COLUMNS: Sequence[Column[ListedCertificate]] = (
    Column("EIC", lambda row: str(row.eic)),
    Column("role", lambda row: row.partner.role, goes=2),
    Column("profile", lambda row: row.partner.profile, goes=4),
    Column("source", lambda row: row.sources, goes=5),
    Column("certificate", lambda row: row.named.fingerprint[:16] if row.named else "none"),
    Column("from", lambda row: _day(row.named.pinned.certificate.not_valid_before_utc if row.named else None), goes=3),
    Column("until", lambda row: _day(row.named.pinned.certificate.not_valid_after_utc if row.named else None)),
    Column("days", lambda row: row.days, right=True, goes=1),
    Column("condition", lambda row: row.condition),
    Column("named-in", lambda row: "+".join(row.named.places) if row.named else None, goes=6),
)


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(WARSAW).date() if moment else None


def listed(roster: PartnerListing, now: datetime, revoked: Collection[bytes]) -> list[ListedCertificate]:
    """One for each certificate; days are Polish. 16 digits of a fingerprint are enough to withdraw it."""
    from csire_bridge.worker.partners.check import condition_of, days_left

    def one(eic: Eic, named: NamedCertificate | None) -> ListedCertificate:
        partner, sources = roster.partners[eic], "+".join(roster.places(eic))
        if named is None:
            return ListedCertificate(eic, partner, sources, None, None, None)
        condition = condition_of(named, now, revoked, roster.shared)
        return ListedCertificate(eic, partner, sources, named, condition.value, days_left(named, now))

    return [one(eic, named) for eic in sorted(roster.partners) for named in roster.of_partner(eic) or (None,)]
