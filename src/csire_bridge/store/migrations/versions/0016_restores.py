"""Restores from a backup, and up to which of them an order is known to stand as it does.

Revision 0016, for csire-bridge 0.3. Nothing was restored as far as this database knows, so no order is in doubt.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "restores",
        sa.Column("generation", _KEY, autoincrement=False, nullable=False),
        sa.Column("restored_at", tables.Moment(length=26), nullable=False),
        sa.Column("lost_until", tables.Moment(length=26), nullable=False),
        sa.PrimaryKeyConstraint("generation", name=op.f("pk_restores")),
    )
    op.add_column("orders", sa.Column("generation", _KEY, server_default="0", nullable=False))
    op.add_column("orders", sa.Column("told_before", sa.Boolean(), server_default=sa.false(), nullable=False))
