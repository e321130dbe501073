"""Partners, their certificates, and who entered what.

Revision 0002, for csire-bridge 0.1.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "partners",
        sa.Column("eic", sa.String(length=16), nullable=False),
        sa.Column("entered_at", tables.Moment(length=26), nullable=False),
        sa.Column("entered_by", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=True),
        sa.Column("profile", sa.String(length=16), nullable=True),
        sa.Column("numbers", sa.Text(), nullable=True),
        sa.Column("user", sa.String(length=100), nullable=True),
        sa.Column("per_minute", sa.Integer(), nullable=True),
        sa.Column("at_once", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("eic", name=op.f("pk_partners")),
    )
    op.create_table(
        "partner_certificates",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("partner", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("pem", sa.Text(), nullable=False),
        sa.Column("not_before", tables.Moment(length=26), nullable=False),
        sa.Column("not_after", tables.Moment(length=26), nullable=False),
        sa.Column("entered_at", tables.Moment(length=26), nullable=False),
        sa.Column("entered_by", sa.String(length=100), nullable=False),
        sa.Column("withdrawn_at", tables.Moment(length=26), nullable=True),
        sa.ForeignKeyConstraint(["partner"], ["partners.eic"], name=op.f("fk_partner_certificates_partner_partners")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_partner_certificates")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_partner_certificates_fingerprint")),
    )
    op.create_index(op.f("ix_partner_certificates_partner"), "partner_certificates", ["partner"], unique=False)
    op.create_table(
        "partner_events",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("partner", sa.String(length=16), nullable=False),
        sa.Column("at", tables.Moment(length=26), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("change", sa.String(length=24), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["partner"], ["partners.eic"], name=op.f("fk_partner_events_partner_partners")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_partner_events")),
    )
    op.create_index(op.f("ix_partner_events_partner"), "partner_events", ["partner"], unique=False)
