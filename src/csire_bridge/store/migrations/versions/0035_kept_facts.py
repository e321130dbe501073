"""What the answers to an order repeat of its request, and its place in a message that asks for several.

Revision 0035, for csire-bridge 0.6. Orders that were registered before keep nothing, and were asked for alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("orders") as batch:
        batch.add_column(sa.Column("kept", sa.Text(), nullable=True))
        batch.add_column(sa.Column("source_item", sa.Integer(), server_default="0", nullable=False))
        batch.drop_constraint("uq_orders_source_message_source_sender", type_="unique")
        batch.create_unique_constraint(
            "uq_orders_source_message_source_sender_source_item", ["source_message", "source_sender", "source_item"]
        )
