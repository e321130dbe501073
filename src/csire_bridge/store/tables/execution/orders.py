"""Orders, their histories and steps, and events of the head-end system."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    literal_column,
    text,
)

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = [
    "EVENTS_NOT_USED",
    "FOR_A_PERSON",
    "NOT_DONE",
    "OPEN_COMMANDS",
    "STANDING_CARE",
    "WITH_DEADLINE",
    "head_end_events",
    "order_care",
    "order_events",
    "order_notes",
    "order_steps",
    "orders",
    "register_readings",
]

orders = Table(
    "orders",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
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
    Column("executed_from", Text),
    Column("verified_at", Moment),
    Column("cannot_reason", String(24)),
    Column("detail", Text),
    Column("recalled_at", Moment),
    Column("superseded_by", KEY),
    Column("cancelled_at", Moment),
    Column("refused", Text),
    Column("may_run_until", Moment),
    Column("waits_for", String(16)),
    Column("parent", KEY),
    Column("renewed_at", Moment),
    Column("half_time", Moment),
    Column("four_fifths", Moment),
    Column("deadline", Moment),
    Column("dated_at", Moment),
    Column("generation", KEY, nullable=False, server_default="0"),
    Column("told_before", Boolean, nullable=False, server_default=false()),
    Column("source_sender", String(16)),
    Column("received_at", Moment),
    Column("first_given_at", Moment),
    Column("delivered_at", Moment),
    Column("undelivered_at", Moment),
    Column("undelivered_why", String(16)),
    Column("kept", Text),
    Column("source_item", Integer, nullable=False, server_default="0"),
    UniqueConstraint("source_message", "source_sender", "source_item"),
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
# For the figures of a month: the orders whose first command was given in it.
_GIVEN = text("first_given_at IS NOT NULL")
Index("ix_orders_first_given_at", orders.c.first_given_at, sqlite_where=_GIVEN, postgresql_where=_GIVEN)
_WAITS = "waits_for IS NOT NULL"
_no_hub = orders.c.source_message.is_(None)
# PostgreSQL takes it; SQLite, which would take the one of source_message, is sent by the metering point.
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

# So that people are warned of the few that are late, however many orders there are, and however many are past it.
WITH_DEADLINE = text("deadline IS NOT NULL AND state NOT IN ('done', 'cannot', 'superseded', 'withdrawn')")
Index(
    "ix_orders_deadline",
    orders.c.deadline,
    orders.c.four_fifths,
    orders.c.half_time,
    sqlite_where=WITH_DEADLINE,
    postgresql_where=WITH_DEADLINE,
)

# For lists, in their order: those of a supplier, of a time, of each state but the one of nearly all orders.
NOT_DONE = orders.c.state != literal_column("'done'")
Index("ix_orders_not_done", orders.c.state, orders.c.key, sqlite_where=NOT_DONE, postgresql_where=NOT_DONE)
Index("ix_orders_supplier", orders.c.supplier, orders.c.key)
Index("ix_orders_registered_at", orders.c.registered_at, orders.c.key)
# For the figures of the last day: what was carried out in it.
_EXECUTED = text("executed_at IS NOT NULL")
Index("ix_orders_executed_at", orders.c.executed_at, sqlite_where=_EXECUTED, postgresql_where=_EXECUTED)

order_events = Table(
    "order_events",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("order", KEY, ForeignKey("orders.key"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("text", Text, nullable=False),
)

# What people wrote on orders; append-only like every history.
order_notes = Table(
    "order_notes",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("order", KEY, ForeignKey("orders.key"), nullable=False, index=True),
    Column("at", Moment, nullable=False, index=True),
    Column("by", String(100), nullable=False),
    Column("text", Text, nullable=False),
)

# Who takes care of an order; at most one stands for each.
order_care = Table(
    "order_care",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("order", KEY, ForeignKey("orders.key"), nullable=False, index=True),
    Column("person", String(100), nullable=False),
    Column("since", Moment, nullable=False),
    Column("by", String(100), nullable=False),
    Column("ended_at", Moment),
    Column("ended_by", String(100)),
)
STANDING_CARE = text("ended_at IS NULL")
Index(
    "uq_order_care_standing",
    order_care.c.order,
    unique=True,
    sqlite_where=STANDING_CARE,
    postgresql_where=STANDING_CARE,
)
Index(
    "ix_order_care_person",
    order_care.c.person,
    order_care.c.order,
    sqlite_where=STANDING_CARE,
    postgresql_where=STANDING_CARE,
)

head_end_events = Table(
    "head_end_events",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("received_at", Moment, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("order", KEY, ForeignKey("orders.key"), index=True),
    Column("correlation_id", String(64)),
    Column("meter", String(20), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("code", String(32), nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("contactor", Integer),
    Column("text", Text, nullable=False),
    Column("permanent", Boolean, nullable=False, server_default=false()),
)

EVENTS_NOT_USED = text("kind = 'unknown'")
Index(
    "ix_head_end_events_not_used",
    head_end_events.c.received_at,
    sqlite_where=EVENTS_NOT_USED,
    postgresql_where=EVENTS_NOT_USED,
)

# Steps of the orders that are more than one movement of a contactor.
order_steps = Table(
    "order_steps",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("order", KEY, ForeignKey("orders.key"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("child", KEY, ForeignKey("orders.key"), index=True),
    Column("text", Text),
    UniqueConstraint("order", "position"),
)

# Registers of meters as they were read for an order.
register_readings = Table(
    "register_readings",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("order", KEY, ForeignKey("orders.key"), nullable=False, index=True),
    Column("meter", String(20), nullable=False),
    Column("register", String(24), nullable=False),
    Column("value", Numeric(18, 6, asdecimal=True), nullable=False),
    Column("unit", String(16), nullable=False),
    Column("read_at", Moment, nullable=False),
)
