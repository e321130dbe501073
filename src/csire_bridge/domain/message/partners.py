"""Partners: who may send us what, and how their messages are secured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from csire_bridge.domain.identifiers import Eic, MessageNumber

__all__ = ["Partner", "PartnerLimits", "PartnerRole", "SecurityProfile"]


class PartnerRole(StrEnum):
    """A partner's market role, which decides what it may send to an operator: the hub its messages, others nothing."""

    HUB = "hub"
    SUPPLIER = "supplier"
    OPERATOR = "operator"
    GATEWAY = "gateway"
    OTHER = "other"


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
    """Rate limits of one caller. ``per_minute`` counts messages, ``at_once`` open requests.

    The defaults of the settings for partners, SID and unknown callers are these.
    """

    per_minute: int = 6000
    at_once: int = 64
    max_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner.

    ``numbers`` narrow what the hub may send; None allows every number that we read. They say nothing of other partners:
    those may send only what ``may_send_as_the_hub`` names.

    ``user`` is the name that it sends to our endpoint (query parameter ``organisationUser``). It proves nothing, so
    nothing depends on it.
    """

    eic: Eic
    role: PartnerRole = PartnerRole.OTHER
    profile: SecurityProfile = SecurityProfile.ENVELOPED
    numbers: frozenset[MessageNumber] | None = None
    limits: PartnerLimits = PartnerLimits()
    user: str | None = None
    may_send_as_the_hub: frozenset[MessageNumber] = frozenset()

    @property
    def is_the_hub(self) -> bool:
        """Whether its messages are the hub's."""
        return self.role is PartnerRole.HUB

    def may_send(self, number: MessageNumber) -> bool:
        """Whether messages of that number are taken from this partner."""
        if self.is_the_hub:
            return self.numbers is None or number in self.numbers
        return number in self.may_send_as_the_hub
