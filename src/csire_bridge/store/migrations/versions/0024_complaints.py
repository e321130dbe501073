"""A complaint never ends by time: it has a day on which it was lodged, a decision, a dispute.

Revision 0024, for csire-bridge 0.4.

Complaint holds of before ended after some days although nobody had decided the complaint, which is against the Energy
Law (art. 6c(2): undecided after 14 days it counts as upheld). Every one that no person has released holds again, as a
complaint lodged when it was set, so that no household is cut off in spite of it. People release what is settled.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = tables.Moment(length=26)
_UNDECIDED = "decide_by IS NOT NULL AND decision IS NULL AND disputed_at IS NULL"
_HOLDS = sa.table(
    "holds",
    sa.column("key", _KEY),
    sa.column("kind", sa.String),
    sa.column("since", _MOMENT),
    sa.column("until", _MOMENT),
    sa.column("why", sa.Text),
    sa.column("released_at", _MOMENT),
)
_AFTER_CUT = "the supply came back because of a complaint"
_DECIDE_WITHIN = timedelta(days=14)


def upgrade() -> None:
    complaints = op.create_table(
        "complaints",
        sa.Column("key", _KEY, autoincrement=False, nullable=False),
        sa.Column("lodged", _MOMENT, nullable=False),
        sa.Column("after_cut", sa.Boolean(), nullable=False),
        sa.Column("decide_by", _MOMENT, nullable=True),
        sa.Column("decision", sa.String(length=16), nullable=True),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.Column("decided_by", sa.String(length=100), nullable=True),
        sa.Column("decided_why", sa.Text(), nullable=True),
        sa.Column("disputed_at", _MOMENT, nullable=True),
        sa.Column("disputed_by", sa.String(length=100), nullable=True),
        sa.Column("disputed_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_complaints")),
    )
    op.create_index(
        "ix_complaints_undecided",
        "complaints",
        ["decide_by"],
        sqlite_where=sa.text(_UNDECIDED),
        postgresql_where=sa.text(_UNDECIDED),
    )
    connection = op.get_bind()
    held = sa.and_(_HOLDS.c.kind == "complaint", _HOLDS.c.released_at.is_(None))
    for hold in connection.execute(sa.select(_HOLDS).where(held)).all():
        row = {"key": hold.key, "lodged": hold.since, "decide_by": hold.since + _DECIDE_WITHIN}
        connection.execute(sa.insert(complaints).values({**row, "after_cut": hold.why == _AFTER_CUT}))
    connection.execute(sa.update(_HOLDS).where(held).values(until=None))
