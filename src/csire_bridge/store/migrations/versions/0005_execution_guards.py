"""Guards of the execution: holds, the stop switch, the hourly cap, circuit breakers, one open command at a meter.

Revision 0005, for csire-bridge 0.1.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COMMAND_OPEN = "state IN ('submitting', 'submitted', 'unknown', 'armed') AND cancelled_at IS NULL"
_WAITS = "waits_for IS NOT NULL"


def upgrade() -> None:
    op.add_column("head_end_events", sa.Column("permanent", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("orders", sa.Column("superseded_by", _KEY, nullable=True))
    op.add_column("orders", sa.Column("cancelled_at", tables.Moment(length=26), nullable=True))
    op.add_column("orders", sa.Column("refused", sa.Text(), nullable=True))
    op.add_column("orders", sa.Column("waits_for", sa.String(length=16), nullable=True))
    op.create_index(
        "uq_orders_open_command",
        "orders",
        ["meter"],
        unique=True,
        sqlite_where=sa.text(_COMMAND_OPEN),
        postgresql_where=sa.text(_COMMAND_OPEN),
    )
    op.create_index("ix_orders_meter_submitted_at", "orders", ["meter", "submitted_at"])
    op.create_index("ix_orders_kind_submitted_at", "orders", ["kind", "submitted_at"])
    op.create_index(
        "ix_orders_waits_for",
        "orders",
        ["waits_for"],
        sqlite_where=sa.text(_WAITS),
        postgresql_where=sa.text(_WAITS),
    )
    op.drop_index("ix_work_due", table_name="work")
    op.create_index(
        "ix_work_next",
        "work",
        ["step", "priority", "due_at", "key"],
        sqlite_where=sa.text("parked IS 0"),
        postgresql_where=sa.text("parked IS false"),
    )
    _create_guards()


def _create_guards() -> None:
    op.create_table(
        "holds",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("metering_point", sa.String(length=18), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("since", tables.Moment(length=26), nullable=False),
        sa.Column("until", tables.Moment(length=26), nullable=True),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("released_at", tables.Moment(length=26), nullable=True),
        sa.Column("released_by", sa.String(length=100), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_holds")),
    )
    op.create_index(op.f("ix_holds_metering_point"), "holds", ["metering_point"])
    op.create_table(
        "stops",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("since", tables.Moment(length=26), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("lifted_at", tables.Moment(length=26), nullable=True),
        sa.Column("lifted_by", sa.String(length=100), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_stops")),
    )
    op.create_table(
        "allowances",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("asked_at", tables.Moment(length=26), nullable=False),
        sa.Column("asked_by", sa.String(length=100), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("approved_at", tables.Moment(length=26), nullable=True),
        sa.Column("approved_by", sa.String(length=100), nullable=True),
        sa.Column("until", tables.Moment(length=26), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_allowances")),
    )
    op.create_table(
        "circuits",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("opened_at", tables.Moment(length=26), nullable=True),
        sa.Column("retry_at", tables.Moment(length=26), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_circuits")),
    )
