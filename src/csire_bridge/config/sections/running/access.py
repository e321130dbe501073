"""Settings of people's access: by whom commands act, how long sessions last, and the login at an identity provider."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import Field, field_validator

from csire_bridge.config.sections.peers.parties import Part
from csire_bridge.domain.people.accounts import SessionPolicy
from csire_bridge.domain.people.roles import Role

__all__ = ["AccessSettings", "By", "OidcSettings"]


class By(StrEnum):
    """By whom commands act: a name that is given, the login of `csire-bridge login`, or the system user's account."""

    NAMED = "named"
    LOGIN = "login"
    SYSTEM_USER = "system-user"


class OidcSettings(Part):
    """Login at an identity provider by OpenID Connect; without ``issuer`` there is none.

    ``roles`` says which value of the claim ``claim`` gives which role; who has none of them is not let in.
    ``name_claim`` is what the account is called.
    """

    issuer: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    client_id: str = "csire-bridge"
    client_secret_file: Path | None = None
    ca_bundle: Path | None = None
    claim: str = "groups"
    name_claim: str = "preferred_username"
    roles: Mapping[str, Role] = {}
    timeout_seconds: float = Field(default=10, gt=0)

    @field_validator("issuer")
    @classmethod
    def _is_safe(cls, issuer: str | None) -> str | None:
        near = ("http://127.0.0.1", "http://localhost", "http://[::1]")
        if issuer is not None and issuer.startswith("http://") and not issuer.startswith(near):
            raise ValueError("an issuer on another machine is asked by https:// only")
        return issuer


class AccessSettings(Part):
    """Who may do what. Without ``by``, commands take a name (``--by``) as long as there is no account, then a login.

    A session ends after ``session_idle_minutes`` without use, and after ``session_hours`` in any case.
    """

    by: By | None = None
    session_idle_minutes: float = Field(default=30, gt=0)
    session_hours: float = Field(default=12, gt=0, le=24 * 7)
    oidc: OidcSettings = OidcSettings()

    def session_policy(self) -> SessionPolicy:
        """The ends of sessions as a value of the domain."""
        return SessionPolicy(timedelta(minutes=self.session_idle_minutes), timedelta(hours=self.session_hours))
