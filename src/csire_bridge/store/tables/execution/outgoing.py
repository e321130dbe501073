"""The outbox: signed documents to send, and their receivers' answers."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = ["UNCOUNTED", "UNSETTLED", "kept_results", "outbox", "outbox_events"]

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
    Column("sent_at", Moment),
    UniqueConstraint("message_id"),
)
# An answer is made once, however often the step that makes it runs.
Index("uq_outbox_order_number", outbox.c.order, outbox.c.number, unique=True)
UNSETTLED = outbox.c.state != literal_column("'confirmed'")
Index(
    "ix_outbox_unsettled",
    outbox.c.state,
    outbox.c.delivered_at,
    outbox.c.created_at,
    outbox.c.order,
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

# R_1 of the hub that came before the answer that they name had left.
kept_results = Table(
    "kept_results",
    metadata,
    Column("message_id", String(36), primary_key=True),
    Column("answers", String(36), nullable=False, index=True),
    Column("process_instance", String(36), nullable=False),
    Column("metering_point", String(18)),
    Column("result_code", String(16), nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("description", Text),
    Column("heard_at", Moment, nullable=False),
    Column("counted_at", Moment),
)
UNCOUNTED = text("counted_at IS NULL")
Index(
    "ix_kept_results_uncounted",
    kept_results.c.heard_at,
    sqlite_where=UNCOUNTED,
    postgresql_where=UNCOUNTED,
)
