"""Figures that are kept by day and month.

The service counts the orders of before in its first minutes.
Revision 0033, for csire-bridge 0.6.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_MOMENT = tables.Moment(length=26)
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "figure_cells",
        sa.Column("span", sa.String(length=5), nullable=False),
        sa.Column("begin", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("supplier", sa.String(length=16), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("span", "begin", "kind", "source", "supplier", name=op.f("pk_figure_cells")),
    )
    op.create_table(
        "figure_progress",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("counted_to", _KEY, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_figure_progress")),
    )
    op.create_table(
        "law_months",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_law_months")),
    )
