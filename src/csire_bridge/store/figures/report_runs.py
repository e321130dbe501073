"""Which monthly reports have arrived where, so that each arrives once, and is tried again until it does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from csire_bridge.store.sql.row_mapper import from_row, to_row
from csire_bridge.store.tables import report_runs

__all__ = ["ReportRun", "keep_run", "run_of"]


@dataclass(frozen=True, slots=True)
class ReportRun:
    """The report of a month (``YYYY-MM``) for a target. ``done_at`` (UTC): it has arrived; else when it is tried again
    (``next_at``), how often it was tried, and why it failed.
    """

    month: str
    target: str
    attempts: int = 0
    done_at: datetime | None = None
    next_at: datetime | None = None
    problem: str | None = None


def run_of(connection: Connection, month: str, target: str) -> ReportRun:
    """What is known; a new one where nothing is."""
    same = (report_runs.c.month == month) & (report_runs.c.target == target)
    row = connection.execute(select(report_runs).where(same)).one_or_none()
    return ReportRun(month, target) if row is None else from_row(ReportRun, row)


def keep_run(connection: Connection, run: ReportRun) -> None:
    """Keep what is known now in the place of what was known before."""
    same = (report_runs.c.month == run.month) & (report_runs.c.target == run.target)
    connection.execute(delete(report_runs).where(same))
    connection.execute(insert(report_runs), to_row(run))
