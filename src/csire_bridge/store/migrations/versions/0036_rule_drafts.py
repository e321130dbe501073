"""Drafts of rules.

Revision 0036, for csire-bridge 0.6.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rule_drafts",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("based_on", _KEY, nullable=True),
        sa.Column("changed_at", tables.Moment(length=26), nullable=False),
        sa.Column("changed_by", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["based_on"], ["rule_sets.key"], name=op.f("fk_rule_drafts_based_on_rule_sets")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rule_drafts")),
    )
