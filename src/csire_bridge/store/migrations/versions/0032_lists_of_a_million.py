"""Lists of a million rows: indexes in the order of the lists, for what people look for.

Revision 0032, for csire-bridge 0.6.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_WAYS = (
    ("ix_orders_not_done", "orders", ["state", "key"], "state != 'done'"),
    ("ix_orders_supplier", "orders", ["supplier", "key"], None),
    ("ix_orders_registered_at", "orders", ["registered_at", "key"], None),
    ("ix_orders_executed_at", "orders", ["executed_at"], "executed_at IS NOT NULL"),
    ("ix_messages_not_accepted", "messages", ["state", "key"], "state != 'accepted'"),
    ("ix_messages_received_at", "messages", ["received_at", "key"], None),
    ("ix_messages_metering_point", "messages", ["metering_point", "key"], "metering_point IS NOT NULL"),
    ("ix_messages_process_instance", "messages", ["process_instance", "key"], "process_instance IS NOT NULL"),
    ("ix_messages_claimed_id", "messages", ["claimed_id", "key"], "claimed_id IS NOT NULL"),
    ("ix_metering_points_station", "metering_points", ["station", "code"], "station IS NOT NULL"),
)


def upgrade() -> None:
    for name, table, columns, condition in _WAYS:
        only = sa.text(condition) if condition else None
        op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)
