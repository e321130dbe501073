"""Roles, and what each may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

__all__ = ["PERMISSIONS", "Permission", "Role", "roles_with"]


class Role(StrEnum):
    """What an account is for. Each account has one role."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """A group of acts that are permitted together; the scopes of API tokens have the same names."""

    READ = "read"
    READ_PERSONAL = "read-personal"
    ORDERS = "orders"
    GUARDS = "guards"
    RELEASE = "release"
    POINTS = "points"
    REPLAY = "replay"
    RULES = "rules"
    PARTNERS = "partners"
    PEOPLE = "people"
    SYSTEM = "system"
    AUDIT = "audit"


_VIEWER = frozenset({Permission.READ})
_OPERATOR = _VIEWER | {Permission.READ_PERSONAL, Permission.ORDERS, Permission.GUARDS, Permission.POINTS}
_SUPERVISOR = _OPERATOR | {Permission.RELEASE, Permission.REPLAY, Permission.RULES}

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.SUPERVISOR: _SUPERVISOR,
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.AUDITOR: frozenset({Permission.READ, Permission.READ_PERSONAL, Permission.AUDIT}),
}
"""The permissions of each role; the one place where they stand."""


def roles_with(permission: Permission) -> Iterable[Role]:
    """The roles that have a permission."""
    return [role for role, permissions in PERMISSIONS.items() if permission in permissions]
