"""One meter is the same in capitals and in small letters: indexes of installations and of tellings go by its value.

Revision 0022, for csire-bridge 0.2. Meters that are known at two points in two spellings are marked as shared.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_PENDING = sa.text("applied_at IS NULL")
_ALONE = sa.text("known_until IS NULL AND shared_since IS NULL")
_I = sa.table(
    "meter_installations",
    sa.column("key", sa.BigInteger),
    sa.column("meter", sa.String),
    sa.column("known_until", tables.Moment(length=26)),
    sa.column("shared_since", tables.Moment(length=26)),
)
_TWICE = sa.select(sa.func.lower(_I.c.meter)).where(_I.c.known_until.is_(None))


def upgrade() -> None:
    for name, table in (
        ("ix_metering_point_updates_meter", "metering_point_updates"),
        ("ix_meter_installations_meter", "meter_installations"),
        ("uq_meter_installations_alone", "meter_installations"),
    ):
        op.drop_index(name, table)
    twice = _TWICE.group_by(sa.func.lower(_I.c.meter)).having(sa.func.count() > 1)
    op.execute(
        sa.update(_I)
        .where(_I.c.known_until.is_(None), _I.c.shared_since.is_(None), sa.func.lower(_I.c.meter).in_(twice))
        .values(shared_since=datetime.now(UTC))
    )
    op.create_index(
        "ix_metering_point_updates_meter",
        "metering_point_updates",
        [sa.text("lower(meter_number)")],
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    )
    op.create_index("ix_meter_installations_meter", "meter_installations", [sa.text("lower(meter)")])
    op.create_index(
        "uq_meter_installations_alone",
        "meter_installations",
        [sa.text("lower(meter)")],
        unique=True,
        sqlite_where=_ALONE,
        postgresql_where=_ALONE,
    )
