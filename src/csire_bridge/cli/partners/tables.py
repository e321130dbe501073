"""Partners as tables for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from csire_bridge.domain.identifiers import Eic

if TYPE_CHECKING:
    from csire_bridge.worker.partners.check import Finding
    from csire_bridge.worker.partners.roster import NamedCertificate, PartnerListing, Source

__all__ = ["as_json", "finding_as_json", "table_of"]


def as_json(roster: PartnerListing, now: datetime, revoked: Collection[bytes]) -> list[dict[str, Any]]:
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
            "source": _named(roster.sources[eic]),
            "certificates": [_certificate(named, now, revoked, shared) for named in roster.of_partner(eic)],
        }
        for eic, partner in sorted(roster.partners.items())
    ]


def _certificate(
    named: NamedCertificate, now: datetime, revoked: Collection[bytes], shared: Collection[bytes]
) -> dict[str, Any]:
    from csire_bridge.worker.partners.check import condition_of, days_left

    certificate = named.pinned.certificate
    condition = condition_of(named, now, revoked, shared)
    return {
        "fingerprint": named.fingerprint,
        "subject": certificate.subject.rfc4514_string(),
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "days_left": days_left(named, now),
        "source": _named(named.sources),
        "condition": condition.value,
        "revoked": named.pinned.fingerprint in revoked,
        "withdrawn_at": named.withdrawn_at.isoformat() if named.withdrawn_at else None,
    }


def _named(sources: Collection[Source]) -> list[str]:
    return sorted(source.value for source in sources)


def finding_as_json(finding: Finding) -> dict[str, Any]:
    """One problem."""
    return {
        "partner": finding.partner,
        "code": str(finding.code),
        "text": finding.text,
        "remedy": finding.remedy,
        "fingerprint": finding.fingerprint,
    }


def table_of(roster: PartnerListing, now: datetime, revoked: Collection[bytes]) -> Table:
    """One line for each certificate; times are UTC. 16 digits of a fingerprint are enough to withdraw it."""
    table = Table(title="Partners", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in (
        "EIC",
        "role",
        "profile",
        "source",
        "certificate",
        "from",
        "until",
        "days",
        "condition",
        "named in",
    ):
        table.add_column(heading, justify="right" if heading == "days" else "left", no_wrap=True)
    for eic in sorted(roster.partners):
        _add(table, roster, eic, now, revoked)
    return table


def _add(table: Table, roster: PartnerListing, eic: Eic, now: datetime, revoked: Collection[bytes]) -> None:
    from csire_bridge.worker.partners.check import Condition, condition_of, days_left

    partner, shared = roster.partners[eic], roster.shared
    who = (str(eic), partner.role.value, partner.profile.value, "+".join(_named(roster.sources[eic])))
    certificates = roster.of_partner(eic)
    for named in certificates:
        certificate = named.pinned.certificate
        condition = condition_of(named, now, revoked, shared)
        table.add_row(
            *who,
            named.fingerprint[:16],
            f"{certificate.not_valid_before_utc:%Y-%m-%d}",
            f"{certificate.not_valid_after_utc:%Y-%m-%d}",
            str(days_left(named, now)),
            condition.value,
            "+".join(_named(named.sources)),
            style=None if condition is Condition.GOOD else "yellow",
        )
        who = ("", "", "", "")
    if not certificates:
        table.add_row(*who, "none", "", "", "", "", "")
