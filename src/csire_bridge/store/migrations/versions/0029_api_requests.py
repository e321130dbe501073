"""Requests to the API that are done once.

Revision 0029, for csire-bridge 0.5.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_MOMENT = tables.Moment(length=26)


def upgrade() -> None:
    op.create_table(
        "api_requests",
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("claimed_at", _MOMENT, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("actor", "name", name=op.f("pk_api_requests")),
    )
    op.create_index(op.f("ix_api_requests_claimed_at"), "api_requests", ["claimed_at"])
