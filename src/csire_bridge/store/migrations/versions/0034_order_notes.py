"""Notes of people on orders.

Revision 0034, for csire-bridge 0.6.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables
from csire_bridge.store.tables.parts import KEY

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_MOMENT = tables.Moment(length=26)


def upgrade() -> None:
    op.create_table(
        "order_notes",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("order", KEY, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order"], ["orders.key"], name=op.f("fk_order_notes_order_orders")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_order_notes")),
    )
    op.create_index(op.f("ix_order_notes_order"), "order_notes", ["order"])
    op.create_index(op.f("ix_order_notes_at"), "order_notes", ["at"])
