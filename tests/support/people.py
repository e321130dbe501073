"""Accounts for tests: passwords are hashed with as little work as the library permits."""

from __future__ import annotations

from datetime import UTC, datetime

from csire_bridge.access.passwords import Passwords
from csire_bridge.domain.people.accounts import Account
from csire_bridge.domain.people.roles import Role
from csire_bridge.store.database import Database

QUICK = Passwords(passes=1, kibibytes=8, lanes=1)
PASSWORD = "correct horse battery"
START = datetime(2026, 11, 23, 9, tzinfo=UTC)


def add_account(
    database: Database, name: str = "anna", role: Role = Role.OPERATOR, *, must_change: bool = False
) -> int:
    """An account with the password PASSWORD."""
    with database.transaction() as tx:
        return tx.accounts.add(Account(0, name, role, START, QUICK.hash(PASSWORD), must_change))
