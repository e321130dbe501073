"""SID's order numbers, and the reports on them."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = ["UNTOLD", "sid_orders", "sid_reports", "sid_withdrawals"]

# SID's own order numbers; several of them, and a message of the hub, may stand behind one order.
sid_orders = Table(
    "sid_orders",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("number", String(40), nullable=False),
    Column("order", KEY, ForeignKey("orders.key"), nullable=False, index=True),
    Column("message", KEY, ForeignKey("messages.key"), nullable=False, index=True),
    Column("content", String(64), nullable=False),
    Column("registered_at", Moment, nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("withdrawn_at", Moment),
    UniqueConstraint("number"),
)

# What SID took back before its order came; for ever, like its numbers.
sid_withdrawals = Table(
    "sid_withdrawals",
    metadata,
    Column("number", String(40), primary_key=True),
    Column("message", KEY, ForeignKey("messages.key"), nullable=False, index=True),
    Column("text", Text),
    Column("at", Moment, nullable=False),
)

# What SID is told; the bytes are written before they leave for the first time, and stay.
sid_reports = Table(
    "sid_reports",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("report_id", String(36), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("order", KEY, ForeignKey("orders.key"), nullable=False, index=True),
    Column("number", String(40), index=True),
    Column("sequence", Integer, nullable=False),
    Column("status", String(24), nullable=False),
    Column("at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("registered_at", Moment, nullable=False),
    Column("executed_at", Moment),
    Column("meter", String(20)),
    Column("reason", String(24)),
    Column("text", Text),
    Column("document", LargeBinary),
    Column("delivered_at", Moment),
    Column("partner_answer", LargeBinary),
    UniqueConstraint("report_id"),
)
UNTOLD = sid_reports.c.state != literal_column("'delivered'")
Index("ix_sid_reports_untold", sid_reports.c.state, sid_reports.c.at, sqlite_where=UNTOLD, postgresql_where=UNTOLD)
