"""The first tables: journal, orders, outbox, registry of metering points, work.

Revision 0001, for csire-bridge 0.1.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("until", tables.Moment(length=26), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "messages",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("origin", sa.String(length=255), nullable=False),
        sa.Column("received_at", tables.Moment(length=26), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=8), server_default="bare", nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=True),
        sa.Column("answers", sa.String(length=36), nullable=True),
        sa.Column("number", sa.String(length=16), nullable=True),
        sa.Column("process_instance", sa.String(length=36), nullable=True),
        sa.Column("metering_point", sa.String(length=18), nullable=True),
        sa.Column("sender", sa.String(length=16), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("duplicate_of", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("receipt", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_answers"), "messages", ["answers"], unique=False)
    op.create_index(op.f("ix_messages_message_id"), "messages", ["message_id"], unique=False)
    op.create_index(op.f("ix_messages_sha256"), "messages", ["sha256"], unique=False)
    op.create_table(
        "metering_point_updates",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("metering_point", sa.String(length=18), nullable=False),
        sa.Column("process_instance", sa.String(length=36), nullable=False),
        sa.Column("effective_date", sa.Date(), nullable=False),
        sa.Column("told_at", tables.Moment(length=26), nullable=False),
        sa.Column("applied_at", tables.Moment(length=26), nullable=True),
        sa.Column("meter_number", sa.String(length=20), nullable=True),
        sa.Column("meter_kind", sa.String(length=10), nullable=True),
        sa.Column("has_contactor", sa.Boolean(), nullable=True),
        sa.Column("supplier", sa.String(length=16), nullable=True),
        sa.Column("tariff_group", sa.String(length=10), nullable=True),
        sa.Column("contracted_power", sa.Numeric(precision=11, scale=4), nullable=True),
        sa.Column("prepaid", sa.Boolean(), nullable=True),
        sa.Column("can_be_suspended", sa.Boolean(), nullable=True),
        sa.Column("threat", sa.Boolean(), nullable=True),
        sa.Column("connected", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_metering_point_updates")),
    )
    op.create_index(
        "ix_metering_point_updates_due", "metering_point_updates", ["metering_point", "applied_at"], unique=False
    )
    op.create_table(
        "metering_points",
        sa.Column("code", sa.String(length=18), nullable=False),
        sa.Column("updated_at", tables.Moment(length=26), nullable=False),
        sa.Column("meter", sa.String(length=20), nullable=True),
        sa.Column("meter_kind", sa.String(length=10), nullable=True),
        sa.Column("has_contactor", sa.Boolean(), nullable=True),
        sa.Column("supplier", sa.String(length=16), nullable=True),
        sa.Column("tariff_group", sa.String(length=10), nullable=True),
        sa.Column("contracted_power", sa.Numeric(precision=11, scale=4), nullable=True),
        sa.Column("prepaid", sa.Boolean(), nullable=True),
        sa.Column("can_be_suspended", sa.Boolean(), nullable=True),
        sa.Column("threat", sa.Boolean(), nullable=True),
        sa.Column("connected", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_metering_points")),
    )
    op.create_table(
        "orders",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("metering_point", sa.String(length=18), nullable=False),
        sa.Column("process_instance", sa.String(length=36), nullable=False),
        sa.Column("source_message", sa.String(length=36), nullable=False),
        sa.Column("source_number", sa.String(length=16), nullable=False),
        sa.Column("registered_at", tables.Moment(length=26), nullable=False),
        sa.Column("not_before", tables.Moment(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("disconnection_kind", sa.String(length=16), nullable=True),
        sa.Column("reconnection_reason", sa.String(length=32), nullable=True),
        sa.Column("supplier", sa.String(length=16), nullable=True),
        sa.Column("requested_date", sa.Date(), nullable=True),
        sa.Column("effective_date", sa.Date(), nullable=True),
        sa.Column("description", sa.String(length=250), nullable=True),
        sa.Column("tariff_group", sa.String(length=10), nullable=True),
        sa.Column("contracted_power", sa.Numeric(precision=11, scale=4), nullable=True),
        sa.Column("end_reason", sa.String(length=16), nullable=True),
        sa.Column("meter", sa.String(length=20), nullable=True),
        sa.Column("correlation_id", sa.String(length=36), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("submitted_at", tables.Moment(length=26), nullable=True),
        sa.Column("expires_at", tables.Moment(length=26), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("executed_at", tables.Moment(length=26), nullable=True),
        sa.Column("verified_at", tables.Moment(length=26), nullable=True),
        sa.Column("cannot_reason", sa.String(length=24), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("recalled_at", tables.Moment(length=26), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_orders")),
        sa.UniqueConstraint("source_message", name=op.f("uq_orders_source_message")),
    )
    op.create_index(op.f("ix_orders_correlation_id"), "orders", ["correlation_id"], unique=False)
    op.create_index(op.f("ix_orders_metering_point"), "orders", ["metering_point"], unique=False)
    op.create_index(op.f("ix_orders_process_instance"), "orders", ["process_instance"], unique=False)
    op.create_table(
        "work",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", tables.Moment(length=26), nullable=False),
        sa.Column("leased_by", sa.String(length=64), nullable=True),
        sa.Column("leased_until", tables.Moment(length=26), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("parked", sa.Boolean(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_work")),
        sa.UniqueConstraint("step", "subject", name=op.f("uq_work_step_subject")),
    )
    op.create_index("ix_work_due", "work", ["parked", "step", "due_at"], unique=False)
    op.create_table(
        "accepted_ids",
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.key"], name=op.f("fk_accepted_ids_message_messages")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_accepted_ids")),
    )
    op.create_table(
        "head_end_events",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("received_at", tables.Moment(length=26), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("order", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("correlation_id", sa.String(length=64), nullable=True),
        sa.Column("meter", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("occurred_at", tables.Moment(length=26), nullable=False),
        sa.Column("contactor", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order"], ["orders.key"], name=op.f("fk_head_end_events_order_orders")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_head_end_events")),
    )
    op.create_index(op.f("ix_head_end_events_order"), "head_end_events", ["order"], unique=False)
    op.create_table(
        "message_events",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", tables.Moment(length=26), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.key"], name=op.f("fk_message_events_message_messages")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_message_events")),
    )
    op.create_index(op.f("ix_message_events_message"), "message_events", ["message"], unique=False)
    op.create_table(
        "order_events",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("order", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", tables.Moment(length=26), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order"], ["orders.key"], name=op.f("fk_order_events_order_orders")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_order_events")),
    )
    op.create_index(op.f("ix_order_events_order"), "order_events", ["order"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("order", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", tables.Moment(length=26), nullable=False),
        sa.Column("delivered_at", tables.Moment(length=26), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("partner_answer", sa.LargeBinary(), nullable=True),
        sa.Column("result_code", sa.String(length=16), nullable=True),
        sa.Column("result_text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.key"], name=op.f("fk_outbox_order_orders")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )
    op.create_index(op.f("ix_outbox_order"), "outbox", ["order"], unique=False)
    op.create_table(
        "outbox_events",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("document", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", tables.Moment(length=26), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["document"], ["outbox.key"], name=op.f("fk_outbox_events_document_outbox")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_outbox_events")),
    )
    op.create_index(op.f("ix_outbox_events_document"), "outbox_events", ["document"], unique=False)
