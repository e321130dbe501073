"""Results (R_1) that come early are kept; answers know whether they may have arrived; one answer of a number an order.

Revision 0014, for csire-bridge 0.3. Answers that are there keep their ids. Those that have been tried already count as
sent: whether they arrived is not known.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_UNCOUNTED = sa.text("counted_at IS NULL")
_TRIED = """
UPDATE outbox SET sent_at = created_at WHERE delivered_at IS NULL AND (
    state IN ('parked', 'confirmed', 'contested') OR EXISTS (
        SELECT 1 FROM work WHERE work.step = 'deliver' AND work.subject = outbox.key AND work.attempts > 0
    )
)
"""


def upgrade() -> None:
    op.create_table(
        "kept_results",
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("answers", sa.String(length=36), nullable=False),
        sa.Column("process_instance", sa.String(length=36), nullable=False),
        sa.Column("metering_point", sa.String(length=18), nullable=True),
        sa.Column("result_code", sa.String(length=16), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("heard_at", tables.Moment(length=26), nullable=False),
        sa.Column("counted_at", tables.Moment(length=26), nullable=True),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_kept_results")),
    )
    op.create_index(op.f("ix_kept_results_answers"), "kept_results", ["answers"])
    op.create_index(
        "ix_kept_results_uncounted",
        "kept_results",
        ["heard_at"],
        sqlite_where=_UNCOUNTED,
        postgresql_where=_UNCOUNTED,
    )
    op.add_column("outbox", sa.Column("sent_at", tables.Moment(length=26), nullable=True))
    op.create_index("uq_outbox_order_number", "outbox", ["order", "number"], unique=True)
    op.execute(_TRIED)
