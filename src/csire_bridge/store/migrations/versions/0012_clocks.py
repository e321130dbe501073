"""By which time each process of the service goes.

Revision 0012, for csire-bridge 0.3.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clocks",
        sa.Column("process", sa.String(length=64), nullable=False),
        sa.Column("machine", sa.String(length=64), nullable=False),
        sa.Column("ticks", sa.Double(), nullable=False),
        sa.Column("at", tables.Moment(length=26), nullable=False),
        sa.Column("differs_since", tables.Moment(length=26), nullable=True),
        sa.Column("ahead", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("process", name=op.f("pk_clocks")),
    )
