"""Saved views of lists: own ones, shared ones, with a threshold and a place in the menu.

Revision 0039, for csire-bridge 0.6.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_MOMENT = tables.Moment(length=26)
_STANDING = sa.text("removed_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "saved_views",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("shared_with", sa.String(length=16), nullable=True),
        sa.Column("in_menu", sa.Boolean(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("removed_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_saved_views")),
    )
    op.create_index(
        "ix_saved_views_standing", "saved_views", ["owner"], sqlite_where=_STANDING, postgresql_where=_STANDING
    )
