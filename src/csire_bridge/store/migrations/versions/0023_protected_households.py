"""Whether the law protects a household from a suspension for debt is a fact about its point. Nothing is known yet.

Revision 0023, for csire-bridge 0.4.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("metering_points", "metering_point_updates"):
        op.add_column(name, sa.Column("protection", sa.String(length=40), nullable=True))
    op.add_column("metering_points", sa.Column("protection_asked_at", tables.Moment(length=26), nullable=True))
