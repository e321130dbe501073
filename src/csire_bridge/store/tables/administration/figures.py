"""Figures that are kept: what ended orders count for, by day and by month."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, String, Table, Text

from csire_bridge.store.tables.parts import KEY, Moment, metadata

__all__ = ["figure_cells", "figure_progress", "law_months", "report_runs"]

# ``span`` is "day" or "month"; ``counts`` is JSON: the names of ``domain/figures/tally`` with their numbers.
figure_cells = Table(
    "figure_cells",
    metadata,
    Column("span", String(5), primary_key=True),
    Column("begin", Date, primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("source", String(8), primary_key=True),
    Column("supplier", String(16), primary_key=True),
    Column("counts", Text, nullable=False),
)

# One row: every order that ended by the event ``counted_to`` is in the cells, and no other.
figure_progress = Table(
    "figure_progress",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("counted_to", KEY, nullable=False),
    Column("at", Moment, nullable=False),
)

# What the regulator asks for, of one month, as it stood at ``at``: JSON.
law_months = Table(
    "law_months",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("figures", Text, nullable=False),
)

# Which monthly reports have arrived where (``target``: folder or mail).
report_runs = Table(
    "report_runs",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("target", String(8), primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("done_at", Moment),
    Column("next_at", Moment),
    Column("problem", Text),
)
