"""The journal counts the bytes of what nobody proved to have sent, and keeps only the head of what is too much.

Revision 0021, for csire-bridge 0.3. What is stored already stays whole.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("whole_bytes", sa.Integer(), nullable=True))
    op.create_table(
        "stranger_bytes",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("share", sa.String(length=8), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("trimmed", sa.BigInteger(), nullable=False),
        sa.Column("trimmed_bytes", sa.BigInteger(), nullable=False),
        sa.Column("trimmed_since", tables.Moment(length=26), nullable=True),
        sa.PrimaryKeyConstraint("day", "share", name=op.f("pk_stranger_bytes")),
    )
