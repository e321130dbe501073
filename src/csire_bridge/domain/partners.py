"""Partners: who may send us what, and how their messages are secured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from csire_bridge.domain.identifiers import Eic, MessageNumber

__all__ = ["Partner", "PartnerLimits", "PartnerRole", "SecurityProfile"]


class PartnerRole(StrEnum):
    """What a partner is in the market."""

    HUB = "hub"
    SUPPLIER = "supplier"
    OPERATOR = "operator"
    GATEWAY = "gateway"


class SecurityProfile(StrEnum):
    """How a partner's messages are signed.

    ``ENVELOPED``: inside the business document. ``WSS``: a WS-Security header over the SOAP Body, the timestamp and
    the certificate. ``NONE``: not at all, which settings must say in words that can't be overlooked.
    """

    ENVELOPED = "enveloped"
    WSS = "wss"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PartnerLimits:
    """What one partner may ask of us. ``per_minute`` counts messages, ``at_once`` open requests."""

    per_minute: int = 6000
    at_once: int = 64
    max_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner. ``numbers`` are the message numbers that it may send; None allows every one that we read.

    ``user`` is how it names itself at our door (query parameter ``organisationUser``). It proves nothing, so nothing
    depends on it.
    """

    eic: Eic
    role: PartnerRole = PartnerRole.HUB
    profile: SecurityProfile = SecurityProfile.ENVELOPED
    numbers: frozenset[MessageNumber] | None = None
    limits: PartnerLimits = PartnerLimits()
    user: str | None = None

    def may_send(self, number: MessageNumber) -> bool:
        """Whether messages of that number are taken from this partner."""
        return self.numbers is None or number in self.numbers
