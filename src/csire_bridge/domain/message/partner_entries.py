"""Partners as people enter them into the registry's table, beside those of the settings file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from csire_bridge.domain.identifiers import Eic, MessageNumber
from csire_bridge.domain.message.partners import Partner, PartnerRole, SecurityProfile

__all__ = ["CertificateEntry", "PartnerChange", "PartnerEntry", "PartnerEvent"]


class PartnerChange(StrEnum):
    """What can happen to a partner in the registry."""

    ENTERED = "entered"
    CHANGED = "changed"
    CERTIFICATE_ENTERED = "certificate-entered"
    CERTIFICATE_WITHDRAWN = "certificate-withdrawn"


@dataclass(frozen=True, slots=True)
class PartnerEntry:
    """A partner of the table. None means not set: then the settings file's value holds, or else the default.

    ``numbers`` and ``may_send_as_the_hub`` are message numbers with spaces between them. Moments are aware UTC.
    """

    eic: Eic
    entered_at: datetime
    entered_by: str
    role: PartnerRole | None = None
    profile: SecurityProfile | None = None
    numbers: str | None = None
    user: str | None = None
    per_minute: int | None = None
    at_once: int | None = None
    may_send_as_the_hub: str | None = None

    def over(self, below: Partner) -> Partner:
        """``below``, overridden by every value that this entry sets."""
        allowed, widened = _numbers(self.numbers), _numbers(self.may_send_as_the_hub)
        limits = replace(
            below.limits,
            per_minute=below.limits.per_minute if self.per_minute is None else self.per_minute,
            at_once=below.limits.at_once if self.at_once is None else self.at_once,
        )
        return replace(
            below,
            role=self.role or below.role,
            profile=self.profile or below.profile,
            numbers=below.numbers if allowed is None else allowed,
            limits=limits,
            user=below.user if self.user is None else self.user,
            may_send_as_the_hub=below.may_send_as_the_hub if widened is None else widened,
        )


def _numbers(text: str | None) -> frozenset[MessageNumber] | None:
    return None if text is None else frozenset(map(MessageNumber, text.split()))


@dataclass(frozen=True, slots=True)
class CertificateEntry:
    """A certificate of the table. ``fingerprint`` is its SHA-256 in 64 hexadecimal digits; moments are aware UTC.

    A withdrawn certificate is not trusted any more, even if the settings file names it, and can't be entered again.
    """

    partner: Eic
    fingerprint: str
    pem: str
    not_before: datetime
    not_after: datetime
    entered_at: datetime
    entered_by: str
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PartnerEvent:
    """One line of a partner's history: when (UTC), who, and what."""

    partner: Eic
    at: datetime
    by: str
    change: PartnerChange
    text: str
