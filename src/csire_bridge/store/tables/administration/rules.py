"""The configurator's rules: what was entered, and drafts."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = ["rule_drafts", "rule_sets"]

# Append-only: rule sets of the configurator as they were entered. Each holds from its moment to the next one's.
rule_sets = Table(
    "rule_sets",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("valid_from", Moment, nullable=False),
    Column("entered_at", Moment, nullable=False),
    Column("entered_by", String(100), nullable=False),
    Column("why", Text, nullable=False),
    Column("text", Text, nullable=False),
)

# Rules that hold nowhere yet, and may be wrong.
rule_drafts = Table(
    "rule_drafts",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("title", String(100), nullable=False),
    Column("text", Text, nullable=False),
    Column("based_on", KEY, ForeignKey("rule_sets.key")),
    Column("changed_at", Moment, nullable=False),
    Column("changed_by", String(100), nullable=False),
    Column("version", Integer, nullable=False),
)
