"""Partners entered in addition to the settings file, and the rule sets of the configurator."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = ["partner_certificates", "partner_events", "partners"]

# Partners beside those of the settings file. NULL says nothing: the file's value holds.
partners = Table(
    "partners",
    metadata,
    Column("eic", String(16), primary_key=True),
    Column("entered_at", Moment, nullable=False),
    Column("entered_by", String(100), nullable=False),
    Column("role", String(16)),
    Column("profile", String(16)),
    Column("numbers", Text),
    Column("user", String(100)),
    Column("per_minute", Integer),
    Column("at_once", Integer),
    Column("may_send_as_the_hub", Text),
)

partner_certificates = Table(
    "partner_certificates",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("partner", String(16), ForeignKey("partners.eic"), nullable=False, index=True),
    Column("fingerprint", String(64), nullable=False),
    Column("pem", Text, nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("not_after", Moment, nullable=False),
    Column("entered_at", Moment, nullable=False),
    Column("entered_by", String(100), nullable=False),
    Column("withdrawn_at", Moment),
    UniqueConstraint("fingerprint"),
)

# Append-only. Its number of rows is the registry's version: whoever holds a copy reads again when it has grown.
partner_events = Table(
    "partner_events",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("partner", String(16), ForeignKey("partners.eic"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("by", String(100), nullable=False),
    Column("change", String(24), nullable=False),
    Column("text", Text, nullable=False),
)
