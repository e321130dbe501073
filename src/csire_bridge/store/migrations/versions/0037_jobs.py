"""Jobs of people: a frozen set of items, and what became of each.

Revision 0037, for csire-bridge 0.6.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = tables.Moment(length=26)
_OPEN = sa.text("state IN ('planning', 'ready', 'waiting', 'running')")


def upgrade() -> None:
    _jobs()
    _items()


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("chosen", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("asked_by", sa.String(length=100), nullable=False),
        sa.Column("asked_kind", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("address", sa.String(length=100)),
        sa.Column("host", sa.String(length=200)),
        sa.Column("request_id", sa.String(length=100)),
        sa.Column("does", sa.String(length=100)),
        sa.Column("does_kind", sa.String(length=16)),
        sa.Column("needs", sa.String(length=16)),
        sa.Column("needs_why", sa.Text()),
        sa.Column("ends_at", _MOMENT),
        sa.Column("started_at", _MOMENT),
        sa.Column("approved_by", sa.String(length=100)),
        sa.Column("approved_at", _MOMENT),
        sa.Column("approved_why", sa.Text()),
        sa.Column("ended_at", _MOMENT),
        sa.Column("ended_by", sa.String(length=100)),
        sa.Column("ended_why", sa.Text()),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _SUMS),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_open", "jobs", ["state", "key"], sqlite_where=_OPEN, postgresql_where=_OPEN)


_SUMS = ("would_do", "would_skip", "done", "skipped", "failed")


def _items() -> None:
    op.create_table(
        "job_items",
        sa.Column("job", _KEY, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("as_it_was", sa.String(length=64), nullable=False),
        sa.Column("would", sa.Boolean()),
        sa.Column("foreseen", sa.Text()),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("ended_at", _MOMENT),
        sa.PrimaryKeyConstraint("job", "number", name=op.f("pk_job_items")),
    )
    op.create_index("ix_job_items_state", "job_items", ["job", "state", "number"])
