"""When commands were given and delivered, for the clocks and figures of the law; the station of each meter.

Orders of before have no such moments: nothing is known of when their commands came to their meters.
Revision 0025, for csire-bridge 0.4.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


_MOMENT = tables.Moment(length=26)
_GIVEN = sa.text("first_given_at IS NOT NULL")


def upgrade() -> None:
    for name in ("received_at", "first_given_at", "delivered_at", "undelivered_at"):
        op.add_column("orders", sa.Column(name, _MOMENT, nullable=True))
    op.add_column("orders", sa.Column("undelivered_why", sa.String(length=16), nullable=True))
    op.create_index(
        "ix_orders_first_given_at", "orders", ["first_given_at"], sqlite_where=_GIVEN, postgresql_where=_GIVEN
    )
    for name in ("metering_points", "metering_point_updates"):
        op.add_column(name, sa.Column("station", sa.String(length=40), nullable=True))
        op.add_column(name, sa.Column("station_group", sa.String(length=40), nullable=True))
