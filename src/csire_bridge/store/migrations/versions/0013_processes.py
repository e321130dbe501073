"""Process instances that were carried out or ended by force stay known for ever, and so do SID's early withdrawals.

Revision 0013, for csire-bridge 0.3. Those of today's orders are taken from the orders; those whose orders were archived
from the rows of their messages, which retention leaves; ends that came before their order from the stored notices.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KIND_OF = {
    "8.1.1.5": "disconnect",
    "8.2.1.6": "reconnect",
    "1.1.1.6": "agreement-start",
    "1.2.1.4": "agreement-start",
    "1.3.1.2": "agreement-start",
    "2.7.1.5": "agreement-start",
    "1.4.1.4": "agreement-end",
    "1.5.1.4": "agreement-end",
    "2.2.1.11": "parametrisation",
}
_ENDED_BY_FORCE = b"CK0986"

_OF_ORDERS = """
INSERT INTO processes (process_instance, kind, metering_point)
SELECT o.process_instance, o.kind, o.metering_point FROM orders o
WHERE o.key IN (SELECT min(key) FROM orders WHERE process_instance IS NOT NULL GROUP BY process_instance)
"""
_OF_ARCHIVED = """
INSERT INTO processes (process_instance, kind, metering_point, archive)
SELECT m.process_instance, :kind, m.metering_point, m.archive FROM messages m
WHERE m.key IN (
    SELECT min(key) FROM messages
    WHERE state = 'accepted' AND number = :number AND process_instance IS NOT NULL AND archive IS NOT NULL
    GROUP BY process_instance
) AND NOT EXISTS (SELECT 1 FROM processes p WHERE p.process_instance = m.process_instance)
"""


def upgrade() -> None:
    op.add_column("orders", sa.Column("dated_at", tables.Moment(length=26), nullable=True))
    op.create_table(
        "processes",
        sa.Column("process_instance", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("metering_point", sa.String(length=18), nullable=True),
        sa.Column("ended_at", tables.Moment(length=26), nullable=True),
        sa.Column("ended_by", sa.String(length=36), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("archive", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("process_instance", name=op.f("pk_processes")),
    )
    op.create_table(
        "sid_withdrawals",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("message", _KEY, nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("at", tables.Moment(length=26), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.key"], name=op.f("fk_sid_withdrawals_message_messages")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_sid_withdrawals")),
    )
    op.create_index(op.f("ix_sid_withdrawals_message"), "sid_withdrawals", ["message"])
    connection = op.get_bind()
    connection.execute(sa.text(_OF_ORDERS))
    for number, kind in _KIND_OF.items():
        connection.execute(sa.text(_OF_ARCHIVED), {"number": number, "kind": kind})
    _keep_ends(connection)


def _keep_ends(connection: sa.Connection) -> None:
    """Ends that were heard before the order of their process; later ones have been followed already."""
    kept = sa.table("processes", *map(sa.column, ("process_instance", "ended_at", "ended_by")))
    found = connection.execute(
        sa.text(
            "SELECT key, raw, received_at, message_id, process_instance FROM messages m"
            " WHERE state = 'accepted' AND number = 'S' AND process_instance IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM processes p WHERE p.process_instance = m.process_instance) ORDER BY key"
        )
    )
    ends: dict[str, tuple[object, str]] = {}
    for row in found:
        if _ENDED_BY_FORCE in bytes(row.raw):
            ends.setdefault(row.process_instance, (row.received_at, row.message_id))
    for process, (at, by) in ends.items():
        values = {"process_instance": process, "ended_at": at, "ended_by": by}
        connection.execute(sa.insert(kept).values(values))
