"""Orders of several steps: their steps, what meters said in them, and the orders that are part of another.

Revision 0009, for csire-bridge 0.1.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("orders", sa.Column("parent", _KEY, nullable=True))
    op.create_table(
        "order_steps",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("order", _KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("not_before", tables.Moment(length=26), nullable=False),
        sa.Column("ended_at", tables.Moment(length=26), nullable=True),
        sa.Column("child", _KEY, nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.key"], name=op.f("fk_order_steps_order_orders")),
        sa.ForeignKeyConstraint(["child"], ["orders.key"], name=op.f("fk_order_steps_child_orders")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_order_steps")),
        sa.UniqueConstraint("order", "position", name=op.f("uq_order_steps_order_position")),
    )
    op.create_table(
        "register_readings",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("order", _KEY, nullable=False),
        sa.Column("meter", sa.String(length=20), nullable=False),
        sa.Column("register", sa.String(length=24), nullable=False),
        sa.Column("value", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("read_at", tables.Moment(length=26), nullable=False),
        sa.ForeignKeyConstraint(["order"], ["orders.key"], name=op.f("fk_register_readings_order_orders")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_register_readings")),
    )
    op.create_index(op.f("ix_register_readings_order"), "register_readings", ["order"])
