"""What a login at an identity provider needs and gives; the provider itself (``openid``) is an extra."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from csire_bridge.domain.people.accounts import Refusal
from csire_bridge.domain.people.roles import Role

__all__ = ["Begun", "Identity", "Provider"]


@dataclass(frozen=True, slots=True)
class Begun:
    """A login that has begun: where to send the browser, and what it must bring back, kept in its cookie."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is at the provider: its own name for him, the account's name, and the role by his groups."""

    subject: str
    name: str
    role: Role


class Provider(Protocol):
    """The login at an identity provider. Both raise PartnerUnreachable."""

    def begin(self, redirect_uri: str) -> Begun: ...
    def end(self, begun: Begun, redirect_uri: str, came_back: str) -> Identity | Refusal: ...
