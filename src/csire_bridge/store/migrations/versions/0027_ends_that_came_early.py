"""An index of the processes that were ended before their order came, for the alert about them.

Revision 0027, for csire-bridge 0.4.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_EARLY = sa.text("kind IS NULL AND ended_at IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_processes_ended_early", "processes", ["ended_at"], sqlite_where=_EARLY, postgresql_where=_EARLY)
