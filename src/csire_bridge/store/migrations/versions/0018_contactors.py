"""Contactors as they were seen, movements that no order explains, foreign times that can't be right; where a time of
execution comes from; alerts of one thing each.

Revision 0018, for csire-bridge 0.3. What the orders that were done have left counts as seen.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FROM_ORDERS = """
INSERT INTO contactors (meter, state, first_seen_at, last_seen_at, "left", left_by)
SELECT done.meter, done.state, done.at, done.at, done.state, done.key
FROM (
    SELECT o.meter AS meter, o.key AS key, o.verified_at AS at,
        CASE o.outcome WHEN 'connected' THEN 'on' WHEN 'disconnected' THEN 'off' ELSE 'ready' END AS state,
        row_number() OVER (PARTITION BY o.meter ORDER BY o.verified_at DESC, o.key DESC) AS place
    FROM orders AS o
    WHERE o.state = 'done' AND o.meter IS NOT NULL AND o.verified_at IS NOT NULL
        AND o.outcome IN ('connected', 'disconnected', 'armed')
) AS done
WHERE done.place = 1
"""


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, tables.Moment(length=26), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "contactors",
        sa.Column("meter", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        _moment("first_seen_at", nullable=False),
        _moment("last_seen_at", nullable=False),
        _moment("other_seen_at"),
        sa.Column("left", sa.String(length=8), nullable=True),
        sa.Column("left_by", _KEY, nullable=True),
        sa.PrimaryKeyConstraint("meter", name=op.f("pk_contactors")),
    )
    op.create_table(
        "movements",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("meter", sa.String(length=20), nullable=False),
        sa.Column("metering_point", sa.String(length=18), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        _moment("at", nullable=False),
        _moment("noticed_at", nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        _moment("settled_at"),
        sa.Column("settled_by", sa.String(length=100), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_movements")),
    )
    is_open = sa.text("settled_at IS NULL")
    op.create_index(
        "uq_movements_open",
        "movements",
        ["meter", "state"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "foreign_times",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("meter", sa.String(length=20), nullable=False),
        sa.Column("offset_seconds", sa.Integer(), nullable=False),
        _moment("since", nullable=False),
        _moment("measured_at", nullable=False),
        _moment("fits_since"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_foreign_times")),
        sa.UniqueConstraint("source", "meter", name=op.f("uq_foreign_times_source_meter")),
    )
    op.add_column("orders", sa.Column("executed_from", sa.Text(), nullable=True))
    op.add_column("alerts", sa.Column("subject", sa.String(length=64), nullable=True))
    op.execute(_FROM_ORDERS)
