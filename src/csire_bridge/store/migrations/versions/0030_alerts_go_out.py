"""Alerts go out: how bad each is, who has acknowledged it, what routes were told, and what is still to be sent.

Revision 0030, for csire-bridge 0.5.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = tables.Moment(length=26)
_OPEN = sa.text("closed_at IS NULL")
_PENDING = sa.text("state = 'pending'")


def upgrade() -> None:
    _extents()
    _acknowledgements()
    _sending()


def _extents() -> None:
    op.add_column("alerts", sa.Column("count", sa.Integer(), server_default="1", nullable=False))
    op.add_column("alerts", sa.Column("level", sa.Integer(), server_default="0", nullable=False))
    op.add_column("alerts", sa.Column("newest", _MOMENT, nullable=True))
    op.create_index("ix_alerts_open", "alerts", ["key"], sqlite_where=_OPEN, postgresql_where=_OPEN)


def _acknowledgements() -> None:
    op.create_table(
        "alert_acknowledgements",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("alert", _KEY, nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("newest", _MOMENT, nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_alert_acknowledgements")),
    )
    op.create_index(op.f("ix_alert_acknowledgements_alert"), "alert_acknowledgements", ["alert"])


def _sending() -> None:
    op.create_table(
        "alert_tellings",
        sa.Column("alert", _KEY, autoincrement=False, nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("newest", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("alert", "route", name=op.f("pk_alert_tellings")),
    )
    op.create_table(
        "notifications",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("delivery", sa.String(length=36), nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("settled_at", _MOMENT, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notifications")),
        sa.UniqueConstraint("delivery", name=op.f("uq_notifications_delivery")),
    )
    op.create_index(
        "ix_notifications_pending",
        "notifications",
        ["due_at", "key"],
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    )
