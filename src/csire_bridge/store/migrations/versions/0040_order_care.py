"""Who takes care of an order.

Revision 0040, for csire-bridge 0.7.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables
from csire_bridge.store.tables.parts import KEY

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_MOMENT = tables.Moment(length=26)
_STANDING = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "order_care",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("order", KEY, nullable=False),
        sa.Column("person", sa.String(length=100), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("ended_by", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.key"], name=op.f("fk_order_care_order_orders")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_order_care")),
    )
    op.create_index(op.f("ix_order_care_order"), "order_care", ["order"])
    for name, columns, unique in (
        ("uq_order_care_standing", ["order"], True),
        ("ix_order_care_person", ["person", "order"], False),
    ):
        op.create_index(name, "order_care", columns, unique=unique, sqlite_where=_STANDING, postgresql_where=_STANDING)
