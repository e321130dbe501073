"""Orders of SID: orders without a message of the hub, SID's numbers, and what SID is told.

Revision 0006, for csire-bridge 0.1.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("orders") as batch:
        batch.alter_column("process_instance", existing_type=sa.String(length=36), nullable=True)
        batch.alter_column("source_message", existing_type=sa.String(length=36), nullable=True)
        batch.alter_column("source_number", existing_type=sa.String(length=16), nullable=True)
        batch.add_column(sa.Column("renewed_at", tables.Moment(length=26), nullable=True))
    no_hub = sa.text("source_message IS NULL")
    op.create_index("ix_orders_without_hub", "orders", ["metering_point"], sqlite_where=no_hub, postgresql_where=no_hub)
    op.create_table(
        "sid_orders",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("order", _KEY, nullable=False),
        sa.Column("message", _KEY, nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("registered_at", tables.Moment(length=26), nullable=False),
        sa.Column("taken_at", tables.Moment(length=26), nullable=False),
        sa.Column("withdrawn_at", tables.Moment(length=26), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.key"], name=op.f("fk_sid_orders_order_orders")),
        sa.ForeignKeyConstraint(["message"], ["messages.key"], name=op.f("fk_sid_orders_message_messages")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sid_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_sid_orders_number")),
    )
    op.create_index(op.f("ix_sid_orders_order"), "sid_orders", ["order"], unique=False)
    op.create_table(
        "sid_reports",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("report_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("order", _KEY, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("at", tables.Moment(length=26), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("registered_at", tables.Moment(length=26), nullable=False),
        sa.Column("executed_at", tables.Moment(length=26), nullable=True),
        sa.Column("meter", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.Column("delivered_at", tables.Moment(length=26), nullable=True),
        sa.Column("partner_answer", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.key"], name=op.f("fk_sid_reports_order_orders")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sid_reports")),
        sa.UniqueConstraint("report_id", name=op.f("uq_sid_reports_report_id")),
    )
    op.create_index(op.f("ix_sid_reports_order"), "sid_reports", ["order"], unique=False)
    op.create_index(op.f("ix_sid_reports_number"), "sid_reports", ["number"], unique=False)
    untold = sa.text("state != 'delivered'")
    op.create_index(
        "ix_sid_reports_untold", "sid_reports", ["state", "at"], sqlite_where=untold, postgresql_where=untold
    )
