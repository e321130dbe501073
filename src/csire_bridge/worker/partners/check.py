"""Checks partners and their certificates, so that people find problems before messages are refused."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.message.partners import Partner, SecurityProfile
from csire_bridge.domain.words import counted
from csire_bridge.worker.partners.roster import NamedCertificate, PartnerListing

__all__ = ["WARN_AHEAD", "Condition", "Finding", "condition_of", "days_left", "findings", "of_roles"]

WARN_AHEAD = timedelta(days=60)
"""A certificate that ends within this time is reported: a roll-over with a partner takes weeks."""


class Condition(StrEnum):
    """The condition of a certificate, the worst first."""

    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    UNFIT = "unfit"
    SHARED = "shared"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRING = "expiring"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem: whose, what, and what to do. ``partner`` is None if it concerns everybody."""

    partner: Eic | None
    code: str
    text: str
    remedy: str
    fingerprint: str | None = None


def days_left(named: NamedCertificate, now: datetime) -> int:
    """Whole days until the certificate's end; negative after it."""
    return math.floor((named.pinned.certificate.not_valid_after_utc - now) / timedelta(days=1))


def condition_of(
    named: NamedCertificate, now: datetime, revoked: Collection[bytes], shared: Collection[bytes] = ()
) -> Condition:
    """The condition of a certificate at ``now`` (aware); first and last second of its validity count as valid."""
    certificate, fingerprint = named.pinned.certificate, named.pinned.fingerprint
    end = certificate.not_valid_after_utc
    answers = (
        (Condition.WITHDRAWN, named.withdrawn_at is not None),
        (Condition.REVOKED, fingerprint in revoked),
        (Condition.UNFIT, named.unfit is not None),
        (Condition.SHARED, fingerprint in shared),
        (Condition.EXPIRED, now > end),
        (Condition.NOT_YET_VALID, now < certificate.not_valid_before_utc),
        (Condition.EXPIRING, end - now <= WARN_AHEAD),
    )
    return next((condition for condition, holds in answers if holds), Condition.GOOD)


def findings(
    roster: PartnerListing,
    now: datetime,
    revoked: Collection[bytes],
    alerts: Collection[ConfigurationError] = (),
    only: Eic | None = None,
) -> list[Finding]:
    """Everything that is wrong with the partners, or with ``only`` one; ``alerts`` are those of revocation lists."""
    found = [Finding(None, "revocation-list", alert.text, alert.remedy) for alert in alerts]
    found += [Finding(None, "unreadable", text, "have the certificate entered again") for text in roster.broken]
    shared = roster.shared
    for eic in sorted(roster.partners):
        if only is None or eic == only:
            found += _of_partner(roster, eic)
            for named in roster.of_partner(eic):
                found += _of_certificate(named, condition_of(named, now, revoked, shared), now, roster)
    return found


def _of_partner(roster: PartnerListing, eic: Eic) -> Iterator[Finding]:
    partner = roster.partners[eic]
    profile = partner.profile
    yield from _of_role(partner)
    if profile is SecurityProfile.NONE:
        text = f"messages of {eic} are taken without a signature"
        yield Finding(eic, "unsigned", text, "agree on the profile enveloped or wss, and set it")
    elif not any(named.withdrawn_at is None for named in roster.of_partner(eic)):
        text = f"{eic} signs with {profile}, but has no certificate, so nothing of it is trusted"
        yield Finding(eic, "no-certificate", text, "enter one: csire-bridge partner add")


def of_roles(roster: PartnerListing) -> list[Finding]:
    """Partners that may send more than their role allows, and partners whose message numbers have no effect."""
    return [finding for eic in sorted(roster.partners) for finding in _of_role(roster.partners[eic])]


def _of_role(partner: Partner) -> Iterator[Finding]:
    eic = partner.eic
    if not partner.is_the_hub and partner.may_send_as_the_hub:
        numbers = " ".join(sorted(partner.may_send_as_the_hub))
        text = f"{eic} ({partner.role}) may send {numbers} as if it were the hub"
        yield Finding(eic, "as-the-hub", text, "take back may_send_as_the_hub unless the hub has agreed to it")
    if not partner.is_the_hub and partner.numbers is not None:
        text = f"{eic} ({partner.role}) may send nothing to an operator: its numbers do not widen that"
        remedy = "leave it so; only if it shall send them in the hub's place, write may_send_as_the_hub"
        yield Finding(eic, "numbers-say-nothing", text, remedy)


_REPLACE = "have the partner send a new one and enter it, then withdraw this one"
_SAID = {
    Condition.REVOKED: ("was revoked by its authority", "ask the partner by telephone, then withdraw it"),
    Condition.EXPIRED: ("expired on {end} UTC", "withdraw it, or take it out of the settings, once a new one is there"),
    Condition.NOT_YET_VALID: ("is not valid before {start} UTC", "keep the one before it until then"),
    Condition.EXPIRING: ("expires on {end} UTC, in {days}", _REPLACE),
}


def _of_certificate(
    named: NamedCertificate, condition: Condition, now: datetime, roster: PartnerListing
) -> Iterator[Finding]:
    eic, certificate = named.pinned.party, named.pinned.certificate
    what = f"the certificate {named.fingerprint[:16]}... of {eic}"
    if condition is Condition.SHARED:
        owners = sorted(n.pinned.party for n in roster.certificates if n.fingerprint == named.fingerprint)
        text = f"{what} is also that of {', '.join(owner for owner in owners if owner != eic)}, so it is not trusted"
        yield Finding(eic, condition, text, "give each partner its own", named.fingerprint)
    elif condition is Condition.UNFIT and named.unfit is not None:
        place = f" in {named.pinned.named_in}" if named.pinned.named_in else ""
        subject = certificate.subject.rfc4514_string()
        text = f"{what} ({subject}){place} {named.unfit.text}, so it is not trusted"
        yield Finding(eic, condition, text, named.unfit.remedy, named.fingerprint)
    elif condition in _SAID:
        text, remedy = _SAID[condition]
        said = text.format(
            start=f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M}",
            end=f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M}",
            days=counted(days_left(named, now), "day"),
        )
        yield Finding(eic, condition, f"{what} {said}", remedy, named.fingerprint)
