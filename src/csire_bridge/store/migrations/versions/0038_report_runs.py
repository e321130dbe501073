"""Which monthly reports have arrived where.

Revision 0038, for csire-bridge 0.6.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_MOMENT = tables.Moment(length=26)


def upgrade() -> None:
    op.create_table(
        "report_runs",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("target", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", _MOMENT, nullable=True),
        sa.Column("next_at", _MOMENT, nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("month", "target", name=op.f("pk_report_runs")),
    )
