"""Reports of the head-end system that can't be used are found at once.

Revision 0042, for csire-bridge 0.7.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_NOT_USED = sa.text("kind = 'unknown'")


def upgrade() -> None:
    op.create_index(
        "ix_head_end_events_not_used",
        "head_end_events",
        ["received_at"],
        sqlite_where=_NOT_USED,
        postgresql_where=_NOT_USED,
    )
