"""Alerts: conditions that people are told of, who has acknowledged them, and what is sent."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text, UniqueConstraint, text

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = ["alert_acknowledgements", "alert_tellings", "alerts", "notifications"]

# A condition that somebody was told of; open while ``closed_at`` is empty.
alerts = Table(
    "alerts",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False, index=True),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("text", Text, nullable=False),
    Column("subject", String(64)),
    Column("count", Integer, nullable=False, server_default="1"),
    Column("level", Integer, nullable=False, server_default="0"),
    Column("newest", Moment),
)
Index(
    "ix_alerts_open",
    alerts.c.key,
    sqlite_where=text("closed_at IS NULL"),
    postgresql_where=text("closed_at IS NULL"),
)

alert_acknowledgements = Table(
    "alert_acknowledgements",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("alert", KEY, nullable=False, index=True),
    Column("since", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("by", String(100), nullable=False),
    Column("why", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    Column("newest", Moment),
    Column("ended_at", Moment),
)

# The last time that an open alert was told to a route, and how bad it was then.
alert_tellings = Table(
    "alert_tellings",
    metadata,
    Column("alert", KEY, primary_key=True, autoincrement=False),
    Column("route", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("count", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    Column("newest", Moment),
)

# One row is one mail or one call of the webhook.
notifications = Table(
    "notifications",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("delivery", String(36), nullable=False),
    Column("route", String(64), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("settled_at", Moment),
    Column("last_error", Text),
    UniqueConstraint("delivery"),
)
Index(
    "ix_notifications_pending",
    notifications.c.due_at,
    notifications.c.key,
    sqlite_where=text("state = 'pending'"),
    postgresql_where=text("state = 'pending'"),
)
