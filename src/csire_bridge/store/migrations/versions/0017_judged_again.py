"""What refused messages say of themselves, and when they are judged again.

Revision 0017, for csire-bridge 0.3. Messages that were refused before are judged again only where a person asks for it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AGAIN = sa.text("again_at IS NOT NULL")


def upgrade() -> None:
    for column in (
        sa.Column("claimed_sender", sa.String(length=16), nullable=True),
        sa.Column("claimed_number", sa.String(length=16), nullable=True),
        sa.Column("claimed_id", sa.String(length=36), nullable=True),
        sa.Column("again_at", tables.Moment(length=26), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("messages", column)
    op.create_index(
        "ix_messages_again",
        "messages",
        ["again_at", "channel", "sender", "received_at"],
        sqlite_where=_AGAIN,
        postgresql_where=_AGAIN,
    )
    op.create_table(
        "message_verdicts",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("message", _KEY, nullable=False),
        sa.Column("taken_back_at", tables.Moment(length=26), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("receipt", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["message"], ["messages.key"], name=op.f("fk_message_verdicts_message_messages")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_message_verdicts")),
    )
    op.create_index(op.f("ix_message_verdicts_message"), "message_verdicts", ["message"])
