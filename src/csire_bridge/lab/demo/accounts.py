"""An account for each role, with passwords made now, for whoever looks at the demo's console."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from csire_bridge.access.passwords import Passwords
from csire_bridge.access.user_actions import add
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.roles import Role
from csire_bridge.store.database import Database

__all__ = ["NAMES", "make_accounts"]

NAMES: Mapping[Role, str] = {
    Role.ADMINISTRATOR: "adam",
    Role.SUPERVISOR: "sylwia",
    Role.OPERATOR: "olga",
    Role.VIEWER: "wanda",
    Role.AUDITOR: "aneta",
}
"""The name of each account; an administrator has to be the first."""


def make_accounts(database: Database, clock: Clock) -> dict[Role, str]:
    """Add them; return their passwords."""
    passwords = {role: secrets.token_urlsafe(12) for role in NAMES}
    hasher = Passwords()
    hashes = {role: hasher.hash(password) for role, password in passwords.items()}
    with database.transaction() as tx:
        for role, name in NAMES.items():
            act = OperatorAction("demo", clock(), "an account for whoever looks at the demo")
            add(tx, name, role, hashes[role], act, must_change=False)
    return passwords
