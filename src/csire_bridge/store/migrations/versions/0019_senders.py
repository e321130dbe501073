"""Message ids are taken per sender, and partners that may send as the hub are named.

Revision 0019, for csire-bridge 0.3. Ids that were taken before are those of the sender of their message. No partner may
send more than before: what the column of the partners does not name, the role decides.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_TAKEN = """
UPDATE accepted_ids SET sender = coalesce((SELECT m.sender FROM messages m WHERE m.key = accepted_ids.message), '')
"""
_SENDERS = """
UPDATE orders SET source_sender = coalesce(
    (SELECT a.sender FROM accepted_ids a WHERE a.message_id = orders.source_message), ''
) WHERE source_message IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("partners", sa.Column("may_send_as_the_hub", sa.Text(), nullable=True))
    op.add_column("accepted_ids", sa.Column("sender", sa.String(length=16), nullable=True))
    op.execute(_TAKEN)
    with op.batch_alter_table("accepted_ids") as batch:
        batch.alter_column("sender", existing_type=sa.String(length=16), nullable=False)
        batch.drop_constraint("pk_accepted_ids", type_="primary")
        batch.create_primary_key("pk_accepted_ids", ["message_id", "sender"])
    with op.batch_alter_table("orders") as batch:
        batch.add_column(sa.Column("source_sender", sa.String(length=16), nullable=True))
        batch.drop_constraint("uq_orders_source_message", type_="unique")
        batch.create_unique_constraint("uq_orders_source_message_source_sender", ["source_message", "source_sender"])
    op.execute(_SENDERS)
