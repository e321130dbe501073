"""The journal: messages as received, their histories, and the used message ids."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    literal_column,
    text,
)

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = [
    "ENDED_EARLY",
    "JUDGED_AGAIN",
    "NOT_ACCEPTED",
    "accepted_ids",
    "message_events",
    "message_verdicts",
    "messages",
    "processes",
    "stranger_bytes",
]

messages = Table(
    "messages",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("channel", String(16), nullable=False),
    Column("origin", String(255), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("form", String(8), nullable=False, server_default="bare"),
    Column("raw", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("message_id", String(36), index=True),
    Column("answers", String(36), index=True),
    Column("number", String(16)),
    Column("process_instance", String(36)),
    Column("metering_point", String(18)),
    Column("sender", String(16)),
    Column("code", String(64)),
    Column("problem", Text),
    Column("duplicate_of", KEY),
    Column("receipt", LargeBinary),
    Column("archive", String(80)),
    Column("claimed_sender", String(16)),
    Column("claimed_number", String(16)),
    Column("claimed_id", String(36)),
    Column("again_at", Moment),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("whole_bytes", Integer),  # how many came, where only the head of a stranger's message is kept
)
JUDGED_AGAIN = messages.c.again_at.is_not(None)
Index(
    "ix_messages_again",
    messages.c.again_at,
    messages.c.channel,
    messages.c.sender,
    messages.c.received_at,
    sqlite_where=JUDGED_AGAIN,
    postgresql_where=JUDGED_AGAIN,
)
_FAULTY = "code IS NOT NULL"
Index(
    "ix_messages_code",
    messages.c.code,
    messages.c.received_at,
    sqlite_where=text(_FAULTY),
    postgresql_where=text(_FAULTY),
)

# For lists, in their order: those of a point, of a process, of a time, and those that are not simply accepted.
NOT_ACCEPTED = messages.c.state != literal_column("'accepted'")
Index(
    "ix_messages_not_accepted",
    messages.c.state,
    messages.c.key,
    sqlite_where=NOT_ACCEPTED,
    postgresql_where=NOT_ACCEPTED,
)
Index("ix_messages_received_at", messages.c.received_at, messages.c.key)
_OF_A_POINT = text("metering_point IS NOT NULL")
Index(
    "ix_messages_metering_point",
    messages.c.metering_point,
    messages.c.key,
    sqlite_where=_OF_A_POINT,
    postgresql_where=_OF_A_POINT,
)
_OF_A_PROCESS = text("process_instance IS NOT NULL")
Index(
    "ix_messages_process_instance",
    messages.c.process_instance,
    messages.c.key,
    sqlite_where=_OF_A_PROCESS,
    postgresql_where=_OF_A_PROCESS,
)
_CLAIMED = text("claimed_id IS NOT NULL")
Index("ix_messages_claimed_id", messages.c.claimed_id, messages.c.key, sqlite_where=_CLAIMED, postgresql_where=_CLAIMED)

message_events = Table(
    "message_events",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("message", KEY, ForeignKey("messages.key"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("step", String(16), nullable=False),
    Column("text", Text, nullable=False),
)

# Verdicts that were taken back, because a message was judged again; with the receipt that its sender got.
message_verdicts = Table(
    "message_verdicts",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("message", KEY, ForeignKey("messages.key"), nullable=False, index=True),
    Column("taken_back_at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("code", String(64)),
    Column("problem", Text),
    Column("receipt", LargeBinary),
)

# An id is taken only once its message was verified, and for its sender alone: nobody burns an id of somebody else.
accepted_ids = Table(
    "accepted_ids",
    metadata,
    Column("message_id", String(36), primary_key=True),
    Column("sender", String(16), primary_key=True),
    Column("message", KEY, ForeignKey("messages.key"), nullable=False, index=True),
    Column("content", String(64), nullable=False),
)

# Every process instance that an order was made for, or that the hub has ended; for ever, like the ids of messages.
processes = Table(
    "processes",
    metadata,
    Column("process_instance", String(36), primary_key=True),
    Column("kind", String(20)),
    Column("metering_point", String(18)),
    Column("ended_at", Moment),
    Column("ended_by", String(36)),
    Column("outcome", String(16)),
    Column("archive", String(80)),
)
ENDED_EARLY = text("kind IS NULL AND ended_at IS NOT NULL")
Index("ix_processes_ended_early", processes.c.ended_at, sqlite_where=ENDED_EARLY, postgresql_where=ENDED_EARLY)

stranger_bytes = Table(
    "stranger_bytes",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("share", String(8), primary_key=True),
    Column("kept", BigInteger, nullable=False),
    Column("trimmed", BigInteger, nullable=False),
    Column("trimmed_bytes", BigInteger, nullable=False),
    Column("trimmed_since", Moment),
)
