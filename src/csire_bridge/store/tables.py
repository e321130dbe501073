"""Every table of the bridge. Histories are append-only; states beside them are derived in the same transaction.

Migrations create the tables (``store/migrations``); a test holds both to each other.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    literal_column,
    text,
)
from sqlalchemy import DateTime as SqlDateTime
from sqlalchemy.types import BigInteger, TypeEngine

from csire_bridge.domain.clock import aware_utc

__all__ = [
    "FOR_A_PERSON",
    "OFTEN_FAILED",
    "OPEN_COMMANDS",
    "UNSETTLED",
    "UNTOLD",
    "accepted_ids",
    "alerts",
    "allowances",
    "archives",
    "circuits",
    "head_end_events",
    "holds",
    "leases",
    "message_events",
    "messages",
    "metadata",
    "metering_point_updates",
    "metering_points",
    "order_events",
    "order_steps",
    "orders",
    "outbox",
    "outbox_events",
    "partner_certificates",
    "partner_events",
    "partners",
    "register_readings",
    "rule_sets",
    "sid_orders",
    "sid_reports",
    "stops",
    "ticks",
    "work",
]


_MOMENT_LENGTH = len("2026-11-23 08:00:00.000000")


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment: ``timestamptz`` in PostgreSQL, a sortable text of fixed width in SQLite."""

    impl = String(_MOMENT_LENGTH)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(SqlDateTime(timezone=True))
        return dialect.type_descriptor(String(_MOMENT_LENGTH))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """Without the steps of SQLAlchemy in between: a row of an order has a dozen moments."""
        return _moment if dialect.name == "postgresql" else _as_text

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Text comes as it was written; what a driver makes a datetime of has its own time zone."""
        return _moment if dialect.name == "postgresql" else _of_text


def _moment(value: datetime | None) -> datetime | None:
    return value if value is None or value.tzinfo is UTC else aware_utc(value)


def _as_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    return (value if value.tzinfo is UTC else aware_utc(value)).isoformat(" ", "microseconds")[:_MOMENT_LENGTH]


def _of_text(value: object) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return aware_utc(value)
    return datetime.fromisoformat(str(value)).replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_Key = BigInteger().with_variant(Integer, "sqlite")

messages = Table(
    "messages",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
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
    Column("duplicate_of", _Key),
    Column("receipt", LargeBinary),
    Column("archive", String(80)),
)
_FAULTY = "code IS NOT NULL"
Index(
    "ix_messages_code",
    messages.c.code,
    messages.c.received_at,
    sqlite_where=text(_FAULTY),
    postgresql_where=text(_FAULTY),
)

message_events = Table(
    "message_events",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("message", _Key, ForeignKey("messages.key"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("step", String(16), nullable=False),
    Column("text", Text, nullable=False),
)

# An id is taken only once its message was verified: a forged message burns nobody's id.
accepted_ids = Table(
    "accepted_ids",
    metadata,
    Column("message_id", String(36), primary_key=True),
    Column("message", _Key, ForeignKey("messages.key"), nullable=False, index=True),
    Column("content", String(64), nullable=False),
)


def _characteristics() -> list[Column[Any]]:
    return [
        Column("meter_kind", String(10)),
        Column("has_contactor", Boolean),
        Column("supplier", String(16)),
        Column("tariff_group", String(10)),
        Column("contracted_power", Numeric(11, 4, asdecimal=True)),
        Column("prepaid", Boolean),
        Column("can_be_suspended", Boolean),
        Column("threat", Boolean),
        Column("connected", Boolean),
    ]


metering_points = Table(
    "metering_points",
    metadata,
    Column("code", String(18), primary_key=True),
    Column("updated_at", Moment, nullable=False),
    Column("meter", String(20), index=True),
    *_characteristics(),
)

# Everything that was told about a point, also what holds only from a later date on.
metering_point_updates = Table(
    "metering_point_updates",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("metering_point", String(18), nullable=False),
    Column("process_instance", String(36)),
    Column("effective_date", Date, nullable=False),
    Column("told_at", Moment, nullable=False),
    Column("applied_at", Moment),
    Column("source", String(16), nullable=False, server_default="message"),
    Column("told_by", String(100)),
    Column("meter_number", String(20)),
    *_characteristics(),
)
Index("ix_metering_point_updates_due", metering_point_updates.c.metering_point, metering_point_updates.c.applied_at)

orders = Table(
    "orders",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False),
    Column("state", String(16), nullable=False),
    Column("metering_point", String(18), nullable=False, index=True),
    Column("process_instance", String(36), index=True),
    Column("source_message", String(36)),
    Column("source_number", String(16)),
    Column("registered_at", Moment, nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    Column("disconnection_kind", String(16)),
    Column("reconnection_reason", String(32)),
    Column("supplier", String(16)),
    Column("requested_date", Date),
    Column("effective_date", Date),
    Column("description", String(250)),
    Column("tariff_group", String(10)),
    Column("contracted_power", Numeric(11, 4, asdecimal=True)),
    Column("end_reason", String(16)),
    Column("meter", String(20)),
    Column("correlation_id", String(36), index=True),
    Column("attempts", Integer, nullable=False),
    Column("submitted_at", Moment),
    Column("expires_at", Moment),
    Column("outcome", String(16)),
    Column("executed_at", Moment),
    Column("verified_at", Moment),
    Column("cannot_reason", String(24)),
    Column("detail", Text),
    Column("recalled_at", Moment),
    Column("superseded_by", _Key),
    Column("cancelled_at", Moment),
    Column("refused", Text),
    Column("waits_for", String(16)),
    Column("parent", _Key),
    Column("renewed_at", Moment),
    Column("half_time", Moment),
    Column("four_fifths", Moment),
    Column("deadline", Moment),
    UniqueConstraint("source_message"),
)
# The last guard against two open commands at one meter: the database itself refuses the second.
OPEN_COMMANDS = text("state IN ('submitting', 'submitted', 'unknown', 'armed') AND cancelled_at IS NULL")
Index(
    "uq_orders_open_command",
    orders.c.meter,
    unique=True,
    sqlite_where=OPEN_COMMANDS,
    postgresql_where=OPEN_COMMANDS,
)
_IS_A_STEP = "parent IS NOT NULL"
Index("ix_orders_parent", orders.c.parent, sqlite_where=text(_IS_A_STEP), postgresql_where=text(_IS_A_STEP))
Index("ix_orders_meter_submitted_at", orders.c.meter, orders.c.submitted_at)
Index("ix_orders_kind_submitted_at", orders.c.kind, orders.c.submitted_at)
_WAITS = "waits_for IS NOT NULL"
_no_hub = orders.c.source_message.is_(None)
Index("ix_orders_without_hub", orders.c.metering_point, sqlite_where=_no_hub, postgresql_where=_no_hub)
Index(
    "ix_orders_waits_for",
    orders.c.waits_for,
    orders.c.state,
    orders.c.registered_at,
    sqlite_where=text(_WAITS),
    postgresql_where=text(_WAITS),
)
# SQLite takes a partial index only for a query that repeats its condition with the very values, not as parameters.
FOR_A_PERSON = orders.c.state.in_([literal_column("'field-work'"), literal_column("'parked'")])
Index(
    "ix_orders_for_a_person",
    orders.c.state,
    orders.c.registered_at,
    sqlite_where=FOR_A_PERSON,
    postgresql_where=FOR_A_PERSON,
)

# So that people are warned of the few that are late, however many orders there are.
WITH_DEADLINE = text("deadline IS NOT NULL AND state NOT IN ('done', 'cannot', 'superseded', 'withdrawn')")
Index(
    "ix_orders_deadline",
    orders.c.half_time,
    orders.c.four_fifths,
    orders.c.deadline,
    sqlite_where=WITH_DEADLINE,
    postgresql_where=WITH_DEADLINE,
)

order_events = Table(
    "order_events",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("order", _Key, ForeignKey("orders.key"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("text", Text, nullable=False),
)

head_end_events = Table(
    "head_end_events",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("received_at", Moment, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("order", _Key, ForeignKey("orders.key"), index=True),
    Column("correlation_id", String(64)),
    Column("meter", String(20), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("code", String(32), nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("contactor", Integer),
    Column("text", Text, nullable=False),
    Column("permanent", Boolean, nullable=False, server_default=false()),
)

outbox = Table(
    "outbox",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("order", _Key, ForeignKey("orders.key"), nullable=False, index=True),
    Column("number", String(16), nullable=False),
    Column("message_id", String(36), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("delivered_at", Moment),
    Column("place", Text),
    Column("partner_answer", LargeBinary),
    Column("result_code", String(16)),
    Column("result_text", Text),
    UniqueConstraint("message_id"),
)
UNSETTLED = outbox.c.state != literal_column("'confirmed'")
Index(
    "ix_outbox_unsettled",
    outbox.c.state,
    outbox.c.delivered_at,
    outbox.c.created_at,
    sqlite_where=UNSETTLED,
    postgresql_where=UNSETTLED,
)

outbox_events = Table(
    "outbox_events",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("document", _Key, ForeignKey("outbox.key"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("text", Text, nullable=False),
)

# Steps of the orders that are more than one movement of a contactor.
order_steps = Table(
    "order_steps",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("order", _Key, ForeignKey("orders.key"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("child", _Key, ForeignKey("orders.key"), index=True),
    Column("text", Text),
    UniqueConstraint("order", "position"),
)

# Registers of meters as they were read for an order.
register_readings = Table(
    "register_readings",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("order", _Key, ForeignKey("orders.key"), nullable=False, index=True),
    Column("meter", String(20), nullable=False),
    Column("register", String(24), nullable=False),
    Column("value", Numeric(18, 6, asdecimal=True), nullable=False),
    Column("unit", String(16), nullable=False),
    Column("read_at", Moment, nullable=False),
)

holds = Table(
    "holds",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("metering_point", String(18), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
    Column("by", String(100), nullable=False),
    Column("why", Text, nullable=False),
    Column("released_at", Moment),
    Column("released_by", String(100)),
    Column("released_why", Text),
)

# The stop switch: thrown as long as one row is not lifted.
stops = Table(
    "stops",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("scope", String(16), nullable=False),
    Column("since", Moment, nullable=False),
    Column("by", String(100), nullable=False),
    Column("why", Text, nullable=False),
    Column("lifted_at", Moment),
    Column("lifted_by", String(100)),
    Column("lifted_why", Text),
)

# Disconnections above the hourly cap: one person asks, another one approves.
allowances = Table(
    "allowances",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("count", Integer, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("asked_by", String(100), nullable=False),
    Column("why", Text, nullable=False),
    Column("approved_at", Moment),
    Column("approved_by", String(100)),
    Column("approved_why", Text),
    Column("until", Moment),
)

# A partner that failed several times in a row is left alone for a while, by all nodes.
circuits = Table(
    "circuits",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("opened_at", Moment),
    Column("retry_at", Moment),
    Column("why", Text),
)

# SID's own order numbers; several of them, and a message of the hub, may stand behind one order.
sid_orders = Table(
    "sid_orders",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("number", String(40), nullable=False),
    Column("order", _Key, ForeignKey("orders.key"), nullable=False, index=True),
    Column("message", _Key, ForeignKey("messages.key"), nullable=False, index=True),
    Column("content", String(64), nullable=False),
    Column("registered_at", Moment, nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("withdrawn_at", Moment),
    UniqueConstraint("number"),
)

# What SID is told; the bytes are written before they leave for the first time, and stay.
sid_reports = Table(
    "sid_reports",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("report_id", String(36), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("order", _Key, ForeignKey("orders.key"), nullable=False, index=True),
    Column("number", String(40), index=True),
    Column("sequence", Integer, nullable=False),
    Column("status", String(24), nullable=False),
    Column("at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("registered_at", Moment, nullable=False),
    Column("executed_at", Moment),
    Column("meter", String(20)),
    Column("reason", String(24)),
    Column("text", Text),
    Column("document", LargeBinary),
    Column("delivered_at", Moment),
    Column("partner_answer", LargeBinary),
    UniqueConstraint("report_id"),
)
UNTOLD = sid_reports.c.state != literal_column("'delivered'")
Index("ix_sid_reports_untold", sid_reports.c.state, sid_reports.c.at, sqlite_where=UNTOLD, postgresql_where=UNTOLD)

# A condition that somebody was told of; open while ``closed_at`` is empty.
alerts = Table(
    "alerts",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False, index=True),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("text", Text, nullable=False),
)

# One row is one piece of due work. The lease and its expiry stand in the row itself, so a crash frees it in time.
work = Table(
    "work",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("step", String(16), nullable=False),
    Column("subject", _Key, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("leased_by", String(64)),
    Column("leased_until", Moment),
    Column("attempts", Integer, nullable=False),
    Column("parked", Boolean, nullable=False),
    Column("last_error", Text),
    Column("lapses", Integer, nullable=False, server_default="0"),
    UniqueConstraint("step", "subject"),
)
Index(
    "ix_work_next",
    work.c.step,
    work.c.priority,
    work.c.due_at,
    work.c.key,
    sqlite_where=text("parked IS 0"),
    postgresql_where=text("parked IS false"),
)
_PARKED = work.c.parked.is_(True)
Index("ix_work_parked", work.c.step, work.c.due_at, sqlite_where=_PARKED, postgresql_where=_PARKED)
OFTEN_FAILED = work.c.attempts >= literal_column("5")
Index(
    "ix_work_often_failed",
    work.c.parked,
    work.c.step,
    work.c.subject,
    sqlite_where=OFTEN_FAILED,
    postgresql_where=OFTEN_FAILED,
)

# What only one process may do at a time, such as emptying the hub's queue.
leases = Table(
    "leases",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("until", Moment, nullable=False),
    Column("term", Integer, nullable=False, server_default="0"),
)

# When the ticker last did what must not be missed, and since when it knows of it.
ticks = Table(
    "ticks",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("since", Moment, nullable=False),
    Column("done_at", Moment),
)

# Archives of what retention takes away. The name is taken before the file is written, the digest stands here before
# anything is deleted, and ``ended_at`` when everything in the archive was.
archives = Table(
    "archives",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("name", String(80), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("sha256", String(64)),
    Column("count", Integer),
    Column("ended_at", Moment),
    UniqueConstraint("name"),
)

# Partners beside those of the settings file. NULL says nothing: the file's value holds.
partners = Table(
    "partners",
    metadata,
    Column("eic", String(16), primary_key=True),
    Column("entered_at", Moment, nullable=False),
    Column("entered_by", String(100), nullable=False),
    Column("role", String(16)),
    Column("profile", String(16)),
    Column("numbers", Text),
    Column("user", String(100)),
    Column("per_minute", Integer),
    Column("at_once", Integer),
)

partner_certificates = Table(
    "partner_certificates",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("partner", String(16), ForeignKey("partners.eic"), nullable=False, index=True),
    Column("fingerprint", String(64), nullable=False),
    Column("pem", Text, nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("not_after", Moment, nullable=False),
    Column("entered_at", Moment, nullable=False),
    Column("entered_by", String(100), nullable=False),
    Column("withdrawn_at", Moment),
    UniqueConstraint("fingerprint"),
)

# Append-only. Its number of rows is the registry's version: whoever holds a copy reads again when it has grown.
partner_events = Table(
    "partner_events",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("partner", String(16), ForeignKey("partners.eic"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("by", String(100), nullable=False),
    Column("change", String(24), nullable=False),
    Column("text", Text, nullable=False),
)

# Append-only: rule sets of the configurator as they were entered. Each holds from its moment to the next one's.
rule_sets = Table(
    "rule_sets",
    metadata,
    Column("key", _Key, primary_key=True, autoincrement=True),
    Column("valid_from", Moment, nullable=False),
    Column("entered_at", Moment, nullable=False),
    Column("entered_by", String(100), nullable=False),
    Column("why", Text, nullable=False),
    Column("text", Text, nullable=False),
)
