"""Conditions among a million rows: points of registered danger, orders of unsettled answers, acts of the audit.

Revision 0043, for csire-bridge 0.7. Open deadlines stand by their end, so that what is past is not gone through.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_OPEN = "deadline IS NOT NULL AND state NOT IN ('done', 'cannot', 'superseded', 'withdrawn')"
_CHANGED = (
    ("ix_outbox_unsettled", "outbox", ["state", "delivered_at", "created_at", "order"], "state != 'confirmed'"),
    ("ix_orders_deadline", "orders", ["deadline", "four_fifths", "half_time"], _OPEN),
)


def upgrade() -> None:
    for name, table, columns, condition in _CHANGED:
        op.drop_index(name, table_name=table)
        only = sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)
    op.create_index(
        "ix_metering_points_in_danger",
        "metering_points",
        ["code"],
        sqlite_where=sa.text("danger_registered IS 1"),
        postgresql_where=sa.text("danger_registered IS true"),
    )
    op.create_index("ix_audit_entries_act", "audit_entries", ["act", "key"])
