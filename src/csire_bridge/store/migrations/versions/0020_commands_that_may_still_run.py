"""Orders know until when a command may still run that nobody has heard of although they are done.

Revision 0020, for csire-bridge 0.3. The orders that were done before have no such command: theirs were waited for.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("may_run_until", tables.Moment(length=26), nullable=True))
