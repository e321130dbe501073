"""Orders know by when they must be carried out, so that people can be warned.

Revision 0011, for csire-bridge 0.1. Orders that were registered before have no deadline here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OPEN = sa.text("deadline IS NOT NULL AND state NOT IN ('done', 'cannot', 'superseded', 'withdrawn')")


def upgrade() -> None:
    for name in ("half_time", "four_fifths", "deadline"):
        op.add_column("orders", sa.Column(name, tables.Moment(length=26), nullable=True))
    op.create_index(
        op.f("ix_orders_deadline"),
        "orders",
        ["half_time", "four_fifths", "deadline"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
