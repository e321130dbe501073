"""Which order retention has archived, and where.

Revision 0041, for csire-bridge 0.7. Orders that were archived before are not in it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store.tables.parts import KEY

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archived_orders",
        sa.Column("order", KEY, autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("process_instance", sa.String(length=36), nullable=True),
        sa.Column("archive", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("order", name=op.f("pk_archived_orders")),
    )
    op.create_index(op.f("ix_archived_orders_process_instance"), "archived_orders", ["process_instance"])
