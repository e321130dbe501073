"""Accounts for tests: passwords are hashed with as little work as the library permits."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection

from csire_bridge.access.passwords import Passwords
from csire_bridge.domain.people.accounts import Account
from csire_bridge.domain.people.roles import Role
from csire_bridge.store.database import Database
from csire_bridge.store.housekeeping.audit_guard import AUDIT_GUARDS

QUICK = Passwords(passes=1, kibibytes=8, lanes=1)
PASSWORD = "correct horse battery"
START = datetime(2026, 11, 23, 9, tzinfo=UTC)


def add_account(
    database: Database, name: str = "anna", role: Role = Role.OPERATOR, *, must_change: bool = False
) -> int:
    """An account with the password PASSWORD."""
    with database.transaction() as tx:
        return tx.accounts.add(Account(0, name, role, START, QUICK.hash(PASSWORD), must_change))


def without_audit_guard(connection: Connection) -> None:
    """Take away the triggers that keep the audit, as somebody could who owns the database."""
    for name, table in AUDIT_GUARDS.items():
        of_table = f" ON {table}" if connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(f"DROP TRIGGER {name}{of_table}")
