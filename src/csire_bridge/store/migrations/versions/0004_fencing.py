"""Fencing: a lease by name has a term, and work knows how often its lease ran out.

Revision 0004, for csire-bridge 0.1.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("leases", sa.Column("term", sa.Integer(), server_default="0", nullable=False))
    op.add_column("work", sa.Column("lapses", sa.Integer(), server_default="0", nullable=False))
