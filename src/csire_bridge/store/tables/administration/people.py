"""People: accounts, their sessions, API tokens, passwords that were tried, and the audit."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, Text, UniqueConstraint, false

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = ["accounts", "api_tokens", "audit_days", "audit_entries", "login_tries", "sessions"]

accounts = Table(
    "accounts",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("password_hash", String(200)),
    Column("must_change", Boolean, nullable=False, server_default=false()),
    Column("locked_at", Moment),
    Column("subject", String(255), unique=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("account", KEY, nullable=False, index=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("address", String(64)),
    Column("host", String(200)),
    Column("revoked_at", Moment),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(100), nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
)

# Wrong passwords, by address, by name, and by address and name where one was right.
login_tries = Table(
    "login_tries",
    metadata,
    Column("kind", String(8), primary_key=True),
    Column("subject", String(200), primary_key=True),
    Column("left", Float, nullable=False),
    Column("at", Moment, nullable=False, index=True),
)

# The head of each day's chain stays when the day's entries are taken out.
audit_days = Table(
    "audit_days",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("entries", Integer, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("last", String(64), nullable=False),
    Column("pruned_at", Moment),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("day", String(10), nullable=False),
    Column("number", Integer, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("actor", Text, nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("act", String(40), nullable=False),
    Column("subject", Text, nullable=False),
    Column("why", Text),
    Column("address", Text),
    Column("host", Text),
    Column("request_id", Text),
    Column("before", Text),
    Column("after", Text),
    UniqueConstraint("day", "number"),
)
Index("ix_audit_entries_actor", audit_entries.c.actor, audit_entries.c.key)
Index("ix_audit_entries_act", audit_entries.c.act, audit_entries.c.key)
Index("ix_audit_entries_subject", audit_entries.c.subject, audit_entries.c.key)
