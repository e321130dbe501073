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


_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = tables.Moment(length=26)


def upgrade() -> None:
    for name in ("metering_points", "metering_point_updates"):
        op.add_column(name, sa.Column("protection", sa.String(length=40), nullable=True))
    op.add_column("metering_points", sa.Column("protection_asked_at", _MOMENT, nullable=True))
    op.create_table(
        "protection_readings",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("metering_point", sa.String(length=18), nullable=False),
        sa.Column("read_at", _MOMENT, nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_protection_readings")),
    )
    op.create_index(op.f("ix_protection_readings_metering_point"), "protection_readings", ["metering_point"])
