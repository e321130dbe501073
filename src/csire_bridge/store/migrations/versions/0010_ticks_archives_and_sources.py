"""The ticker's memory, archives of what retention took away, and from whom each fact about a point is.

Revision 0010, for csire-bridge 0.1.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "ticks",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("since", tables.Moment(length=26), nullable=False),
        sa.Column("done_at", tables.Moment(length=26), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_ticks")),
    )
    op.create_table(
        "archives",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("begun_at", tables.Moment(length=26), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("ended_at", tables.Moment(length=26), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_archives")),
        sa.UniqueConstraint("name", name=op.f("uq_archives_name")),
    )
    # A row is deleted only after whoever refers to it was looked for, so each reference needs an index.
    step = sa.text("parent IS NOT NULL")
    op.create_index("ix_orders_parent", "orders", ["parent"], sqlite_where=step, postgresql_where=step)
    op.create_index(op.f("ix_accepted_ids_message"), "accepted_ids", ["message"])
    op.create_index(op.f("ix_sid_orders_message"), "sid_orders", ["message"])
    op.create_index(op.f("ix_order_steps_child"), "order_steps", ["child"])
    op.add_column("messages", sa.Column("archive", sa.String(length=80), nullable=True))
    op.create_index(op.f("ix_metering_points_meter"), "metering_points", ["meter"])
    with op.batch_alter_table("metering_point_updates") as batch:
        batch.alter_column("process_instance", existing_type=sa.String(length=36), nullable=True)
        batch.add_column(sa.Column("source", sa.String(length=16), nullable=False, server_default="message"))
        batch.add_column(sa.Column("told_by", sa.String(length=100), nullable=True))
