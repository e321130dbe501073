"""Settings of the parties: partners that send us messages, and the hub's web service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from csire_bridge.domain.identifiers import Eic, MessageNumber
from csire_bridge.domain.message.partners import Partner, PartnerLimits, PartnerRole, SecurityProfile

__all__ = ["KEPT_SECONDS", "Folders", "HubSettings", "KeptSeconds", "Part", "PartnerSettings", "Party"]

Party = Annotated[str, AfterValidator(Eic.parse)]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str | Path) else value


KEPT_SECONDS = 20.0
"""How long an idle connection is kept, unless set otherwise: firewalls forget it after 45 s or more, in silence."""

KeptSeconds = Annotated[float, Field(ge=0)]
"""The greatest age of an idle connection, whoever is at its other end; an older one is never used again."""

Folders = Annotated[tuple[Path, ...], BeforeValidator(_as_list)]


class Part(BaseModel):
    """A group of settings; an unknown name in it is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Numbers = tuple[Annotated[str, AfterValidator(MessageNumber.parse)], ...]


class PartnerSettings(Part):
    """A partner: its EIC code, the PEM files of the certificates that it signs with, and what it may do.

    ``client_certificates`` are PEM files of those with which it calls by TLS, if they are others than it signs with.
    ``profile`` is how it signs. ``role``: the hub's EIC has the role hub, everybody else has another one and may send
    nothing to an operator. ``numbers`` narrow what the hub may send (none given: every one); ``may_send_as_the_hub``
    are the messages that somebody else may send in the hub's place. ``user`` is the name that it sends; nothing
    depends on it. ``revocation_list`` is a CRL file (PEM or DER) of its authority, whose certificate is
    ``revocation_authority``; with ``revocation_expired`` set to "alert", the bridge starts with an expired list too.
    """

    eic: Party
    role: PartnerRole | None = None
    profile: Literal["enveloped", "wss", "none-i-accept-unsigned-messages"] = "enveloped"
    certificates: Folders = ()
    client_certificates: Folders = ()
    numbers: Numbers | None = None
    may_send_as_the_hub: Numbers = ()
    user: str | None = None
    revocation_list: Path | None = None
    revocation_authority: Path | None = None
    revocation_expired: Literal["refuse-start", "alert"] = "refuse-start"
    per_minute: int = Field(default=PartnerLimits().per_minute, gt=0)
    at_once: int = Field(default=PartnerLimits().at_once, gt=0)

    @model_validator(mode="after")
    def _signs_with_something(self) -> PartnerSettings:
        if not self.certificates and self.profile in ("enveloped", "wss"):
            raise ValueError(f"partner {self.eic} signs with {self.profile}, so it needs certificates")
        if (self.revocation_list is None) != (self.revocation_authority is None):
            raise ValueError(f"partner {self.eic} needs both revocation_list and revocation_authority, or neither")
        return self

    def role_beside(self, hub: Eic) -> PartnerRole:
        """Its role; where none is given, the party with the EIC of the ``hub`` is the hub and everybody else is not."""
        return self.role or (PartnerRole.HUB if self.eic == hub else PartnerRole.OTHER)

    def against_its_role(self, hub: Eic) -> str | None:
        """Settings that its role does not allow, in words; None if all is well."""
        role = self.role_beside(hub)
        if role is PartnerRole.HUB and self.eic != hub:
            return (
                f"partner {self.eic} has the role hub, but hub_eic is {hub}: give it its own role, or correct hub_eic"
            )
        if role is PartnerRole.HUB and self.may_send_as_the_hub:
            return f"partner {self.eic} is the hub: take out may_send_as_the_hub"
        if role is not PartnerRole.HUB and self.numbers is not None:
            return (
                f"partner {self.eic} has the role {role}, which may send nothing to an operator, and numbers "
                "do not widen that: take them out; only if it shall send these messages in the hub's place, write "
                f"may_send_as_the_hub = [{', '.join(repr(number) for number in self.numbers)}]"
            )
        return None

    def as_partner(self, max_bytes: int, hub: Eic) -> Partner:
        """The same as a value of the domain; ``hub`` is the hub's EIC."""
        numbers = None if self.numbers is None else frozenset(MessageNumber(n) for n in self.numbers)
        profile = SecurityProfile(self.profile.partition("-")[0])
        limits = PartnerLimits(self.per_minute, self.at_once, max_bytes)
        widened = frozenset(MessageNumber(n) for n in self.may_send_as_the_hub)
        return Partner(Eic(self.eic), self.role_beside(hub), profile, numbers, limits, self.user, widened)


class HubSettings(Part):
    """The hub's web service, which gets our answers and has our queue; without ``url``, answers go into a folder.

    ``url`` is ``https://host``, with ``tenant`` and ``user``; or the whole address. ``security`` is how our envelopes
    are signed. ``ca_bundle`` holds the authorities to trust, ``client_certificate`` and ``client_key`` are ours for
    TLS; all PEM files. ``poll`` empties the queue, with pauses between ``idle_seconds`` and ``longest_idle_seconds``.
    ``slow_retry_seconds`` is the pause after faults that pass slowly. Up to ``send_at_once`` answers are sent in
    parallel; one that can't be delivered is tried for ``send_days``. A connection that was idle for longer than
    ``kept_seconds`` is opened anew.
    """

    url: str | None = None
    tenant: str | None = None
    user: str | None = None
    security: Literal["enveloped", "wss"] = "enveloped"
    content_type: Literal["soap12", "text-xml"] = "soap12"
    operation: Literal["sendMessage", "processMessage"] = "sendMessage"
    ca_bundle: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    connect_seconds: float = Field(default=5, gt=0)
    send_seconds: float = Field(default=30, gt=0)
    kept_seconds: KeptSeconds = KEPT_SECONDS
    send_at_once: int = Field(default=4, gt=0, le=32)
    send_days: float = Field(default=7, gt=0)
    peek_seconds: float = Field(default=70, gt=0)
    poll: bool = True
    idle_seconds: float = Field(default=20, gt=0)
    longest_idle_seconds: float = Field(default=60, gt=0)
    slow_retry_seconds: float = Field(default=900, gt=0)
    max_bytes: int = Field(default=50 * 1024 * 1024, gt=0)
    unsigned_faults: bool = False

    @model_validator(mode="after")
    def _goes_together(self) -> HubSettings:
        if (self.client_certificate is None) != (self.client_key is None):
            raise ValueError("client_certificate and client_key belong together: set both or none")
        if self.idle_seconds > self.longest_idle_seconds:
            raise ValueError("idle_seconds must not be longer than longest_idle_seconds")
        return self
