"""What people do by hand: why a guard was lifted, and indexes for what waits for a person.

Revision 0008, for csire-bridge 0.1.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_orders_waits_for": ("orders", ["waits_for", "state", "registered_at"], "waits_for IS NOT NULL"),
    "ix_orders_for_a_person": ("orders", ["state", "registered_at"], "state IN ('field-work', 'parked')"),
    "ix_outbox_unsettled": ("outbox", ["state", "delivered_at", "created_at"], "state != 'confirmed'"),
    "ix_messages_code": ("messages", ["code", "received_at"], "code IS NOT NULL"),
    "ix_work_often_failed": ("work", ["parked", "step", "subject"], "attempts >= 5"),
}


def upgrade() -> None:
    op.add_column("holds", sa.Column("released_why", sa.Text(), nullable=True))
    op.add_column("stops", sa.Column("lifted_why", sa.Text(), nullable=True))
    op.add_column("allowances", sa.Column("approved_why", sa.Text(), nullable=True))
    op.drop_index("ix_orders_waits_for", "orders")
    for name, (table, columns, condition) in _INDEXES.items():
        where = sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
    op.create_index(
        "ix_work_parked",
        "work",
        ["step", "due_at"],
        sqlite_where=sa.text("parked IS 1"),
        postgresql_where=sa.text("parked IS true"),
    )
