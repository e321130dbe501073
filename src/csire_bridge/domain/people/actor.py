"""Who acts, and from where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.people.roles import Permission, Role, roles_with

__all__ = ["ITSELF", "NOWHERE", "Actor", "ActorKind", "NotAllowed", "Origin", "trusted"]


class ActorKind(StrEnum):
    """How it is known who acts: a login, an API token, the user of the system, or a name that somebody gave."""

    ACCOUNT = "account"
    TOKEN = "token"  # noqa: S105 - a kind, no secret
    SYSTEM_USER = "system-user"
    NAMED = "named"


class NotAllowed(ActionRefused):
    """Whoever acts does not have the permission; nothing was changed."""

    def __init__(self, actor: Actor, permission: Permission, what: str) -> None:
        may = " or ".join(roles_with(permission))
        super().__init__(
            f"{actor.name} may not do this: {what} needs the permission {permission}", f"ask somebody who may: {may}"
        )
        self.permission = permission


@dataclass(frozen=True, slots=True)
class Origin:
    """From where somebody acts: network address, or the host and the system's user; and the id of the request."""

    address: str | None = None
    host: str | None = None
    request_id: str | None = None

    @property
    def place(self) -> str:
        """The address, or else the host, by which wrong passwords are counted."""
        return self.address or self.host or "unknown"


NOWHERE = Origin()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``name`` is what histories keep; ``permissions`` are those of the role, or the scopes of the token."""

    name: str
    kind: ActorKind
    permissions: frozenset[Permission]
    role: Role | None = None
    origin: Origin = NOWHERE

    def may(self, permission: Permission) -> bool:
        """Whether the actor has the permission."""
        return permission in self.permissions

    def require(self, permission: Permission, what: str) -> None:
        """Raise NotAllowed, which says who may, unless the actor has the permission. ``what`` names the act."""
        if permission not in self.permissions:
            raise NotAllowed(self, permission, what)


def trusted(
    name: str,
    origin: Origin = NOWHERE,
    kind: ActorKind = ActorKind.NAMED,
    permissions: Iterable[Permission] = Permission,
) -> Actor:
    """Somebody who needs no login, because the settings say so: a name that was given, or the bridge itself."""
    return Actor(name, kind, frozenset(permissions), origin=origin)


ITSELF = trusted("csire-bridge", kind=ActorKind.SYSTEM_USER)
"""The bridge itself, for what it does by its schedule."""
