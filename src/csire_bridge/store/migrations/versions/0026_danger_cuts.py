"""Cuts of the supply because of danger: who ordered them, and who lifted them.

Revision 0026, for csire-bridge 0.4. Danger that was registered before stays as it is: it belongs to no cut of ours.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = tables.Moment(length=26)
_STANDING = sa.text("lifted_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "danger_cuts",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("metering_point", sa.String(length=18), nullable=False),
        sa.Column("order", _KEY, nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("despite_stop", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("was_off", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("lifted_at", _MOMENT, nullable=True),
        sa.Column("lifted_by", sa.String(length=100), nullable=True),
        sa.Column("lifted_why", sa.Text(), nullable=True),
        sa.Column("connection", _KEY, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_danger_cuts")),
        sa.UniqueConstraint("order", name=op.f("uq_danger_cuts_order")),
    )
    op.create_index(op.f("ix_danger_cuts_connection"), "danger_cuts", ["connection"])
    op.create_index(
        "ix_danger_cuts_standing",
        "danger_cuts",
        ["metering_point"],
        sqlite_where=_STANDING,
        postgresql_where=_STANDING,
    )
