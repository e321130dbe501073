"""What a page asks of the database, and whether each question comes to its rows by an index.

Databases of tests are nearly empty. SQLite keeps no statistics, so its plans are those of a million rows; PostgreSQL is
told to go through a whole table only where no index serves, so its plans tell whether one could.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

from csire_bridge.store.tables import metadata

__all__ = ["Asked", "asking", "read_whole"]

Asked = list[tuple[str, Any]]
"""Statements with what was given to them."""

SMALL = frozenset({
    "accounts", "allowances", "api_tokens", "archives", "audit_days", "circuits", "clocks", "figure_progress",
    "foreign_times", "law_months", "leases", "partner_certificates", "partner_events", "partners", "report_runs",
    "restores", "rule_drafts", "rule_sets", "saved_views", "stops", "stranger_bytes", "ticks",
})  # fmt: skip
"""Tables of which a person wrote each row, or that have one for each day, partner, process or kind of something."""
_PARTIAL = frozenset(
    str(index.name)
    for table in metadata.tables.values()
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None
)
"""Indexes that hold a part of their table only: to go through one of them is no reading of the whole."""


@contextmanager
def asking(engine: Engine) -> Iterator[Asked]:
    """Collects what is asked meanwhile; writes are left out."""
    asked: Asked = []

    def note(_c: object, _k: object, statement: str, given: Any, *_: object) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            asked.append((statement, given))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def read_whole(connection: Connection, asked: Asked) -> list[str]:
    """The tables that grow, and that a statement goes through from their beginning; each with the statement."""
    looked = _of_postgresql if connection.dialect.name == "postgresql" else _of_sqlite
    return [f"{table}: {statement}" for statement, given in asked for table in looked(connection, statement, given)]


def _of_sqlite(connection: Connection, statement: str, given: Any) -> Iterator[str]:
    lines = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]
    for line in lines:
        words = line.split()
        if words[0] != "SCAN" or words[1] in SMALL or words[1] not in metadata.tables:
            continue
        ends_early = re.search(rf"FROM {words[1]}\s+(ORDER BY {words[1]}\.\"key\"( DESC)?\s+)?LIMIT", statement)
        if not ends_early and _PARTIAL.isdisjoint(words):
            yield words[1]


def _of_postgresql(connection: Connection, statement: str, given: Any) -> Iterator[str]:
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    rows = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", given)
    yield from _scans(rows.scalar_one()[0]["Plan"], limited=False)


def _scans(node: dict[str, Any], *, limited: bool) -> Iterator[str]:
    kind, table = node["Node Type"], str(node.get("Relation Name"))
    limited = (limited or kind == "Limit") and kind not in ("Sort", "Aggregate", "Hash")
    by_index = "Index Cond" in node or node.get("Index Name") in _PARTIAL or kind == "Bitmap Heap Scan"
    grows = table in metadata.tables and table not in SMALL
    ends_early = limited and kind.startswith("Index") and "Filter" not in node
    if grows and not by_index and not ends_early:
        yield table
    for inner in node.get("Plans", ()):
        yield from _scans(inner, limited=limited)
