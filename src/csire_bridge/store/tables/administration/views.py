"""Saved views of lists."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, text

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = ["STANDING_VIEWS", "saved_views"]

saved_views = Table(
    "saved_views",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("name", String(60), nullable=False),
    Column("query", Text, nullable=False),
    Column("owner", String(100), nullable=False),
    Column("shared_with", String(16)),
    Column("in_menu", Boolean, nullable=False),
    Column("threshold", Integer),
    Column("created_at", Moment, nullable=False),
    Column("removed_at", Moment),
)
STANDING_VIEWS = text("removed_at IS NULL")
Index("ix_saved_views_standing", saved_views.c.owner, sqlite_where=STANDING_VIEWS, postgresql_where=STANDING_VIEWS)
