"""The triggers by which the database keeps the audit: whether they are there."""

from __future__ import annotations

from sqlalchemy import Connection, text

__all__ = ["AUDIT_GUARDS", "missing_guards"]

AUDIT_GUARDS = {
    "audit_entries_unchanged": "audit_entries",
    "audit_entries_kept": "audit_entries",
    "audit_days_unchanged": "audit_days",
    "audit_days_kept": "audit_days",
}
"""Each trigger with its table; the migrations make them."""
_EMPTIED = {"audit_entries_not_emptied": "audit_entries", "audit_days_not_emptied": "audit_days"}
_SQLITE = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
_POSTGRESQL = text(
    "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
    "WHERE c.relnamespace = current_schema()::regnamespace AND t.tgenabled IN ('O', 'A')"
)


def missing_guards(connection: Connection) -> list[str]:
    """The names of those that are gone or turned off: since then anybody who writes could have changed the audit."""
    on_postgresql = connection.dialect.name == "postgresql"
    wanted = {**AUDIT_GUARDS, **_EMPTIED} if on_postgresql else AUDIT_GUARDS
    there = set(connection.execute(_POSTGRESQL if on_postgresql else _SQLITE).scalars())
    return sorted(set(wanted) - there)
