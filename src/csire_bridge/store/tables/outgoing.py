"""Signed documents that leave, and what their receivers said."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = ["UNSETTLED", "outbox", "outbox_events"]

outbox = Table(
    "outbox",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("order", KEY, ForeignKey("orders.key"), nullable=False, index=True),
    Column("number", String(16), nullable=False),
    Column("message_id", String(36), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("delivered_at", Moment),
    Column("place", Text),
    Column("partner_answer", LargeBinary),
    Column("result_code", String(16)),
    Column("result_text", Text),
    UniqueConstraint("message_id"),
)
UNSETTLED = outbox.c.state != literal_column("'confirmed'")
Index(
    "ix_outbox_unsettled",
    outbox.c.state,
    outbox.c.delivered_at,
    outbox.c.created_at,
    sqlite_where=UNSETTLED,
    postgresql_where=UNSETTLED,
)

outbox_events = Table(
    "outbox_events",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("document", KEY, ForeignKey("outbox.key"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("text", Text, nullable=False),
)
