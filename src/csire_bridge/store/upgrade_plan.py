"""What an upgrade of the tables would do, read from the migrations' own files; nothing is run and nothing changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, table, text

__all__ = ["PlannedMigration", "TableSize", "plan_upgrade"]

_CHANGES = {
    "create_table": "makes the table {0}",
    "drop_table": "drops the table {0}",
    "add_column": "adds the column {0}.{1}",
    "drop_column": "drops the column {0}.{1}",
    "alter_column": "changes the column {0}.{1}",
    "batch_alter_table": "changes the table {0}",
    "create_index": "makes the index {0} of {1}",
    "drop_index": "drops the index {0}",
    "create_unique_constraint": "makes the constraint {0} of {1}",
    "execute": "changes rows",
    "exec_driver_sql": "makes triggers",
}
_WORKS_THROUGH = {"batch_alter_table": 0, "alter_column": 0, "create_index": 1, "create_unique_constraint": 1}
"""Operations that go through every row of a table, with the place of its name."""
_ROWS = frozenset({"execute"})
_ESTIMATE = text("SELECT reltuples FROM pg_class WHERE oid = to_regclass(:name)")


@dataclass(frozen=True, slots=True)
class TableSize:
    """A table and its rows, in PostgreSQL as estimated by its statistics."""

    name: str
    rows: int


@dataclass(frozen=True, slots=True)
class PlannedMigration:
    """A migration: what it is for, its changes, and the tables that it goes through or locks, with their sizes.

    ``rows_change``: it changes rows, too, so it takes longer the more there are.
    """

    revision: str
    purpose: str
    changes: tuple[str, ...]
    works_through: tuple[TableSize, ...]
    rows_change: bool


def plan_upgrade(connection: Connection, migrations: Path, found: str | None) -> list[PlannedMigration]:
    """The migrations after the version ``found`` (None: all), in their order."""
    files = sorted((migrations / "versions").glob("[0-9]*_*.py"))
    return [_planned(connection, file) for file in files if found is None or _revision(file) > found]


def _revision(file: Path) -> str:
    return file.name.partition("_")[0]


def _planned(connection: Connection, file: Path) -> PlannedMigration:
    tree = ast.parse(file.read_text("utf-8"))
    calls = list(_calls(tree))
    through = dict.fromkeys(words[_WORKS_THROUGH[name]] for name, words in calls if name in _WORKS_THROUGH)
    there = set(inspect(connection).get_table_names())
    purpose = (ast.get_docstring(tree) or "").partition("\n")[0]
    return PlannedMigration(
        revision=_revision(file),
        purpose=purpose,
        changes=tuple(dict.fromkeys(_CHANGES[name].format(*words) for name, words in calls)),
        works_through=tuple(TableSize(name, _rows(connection, name)) for name in through if name in there),
        rows_change=any(name in _ROWS for name, _ in calls),
    )


def _calls(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """The calls of Alembic's operations and of statements, each with its first two words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
            yield node.func.attr, [*map(_word, node.args), "...", "..."]


def _word(argument: ast.expr) -> str:
    """A text as it is, the name of a column or an index in a call; else dots."""
    match argument:
        case ast.Constant(value=str() as said):
            return said
        case ast.Call(args=[first, *_]):
            return _word(first)
        case _:
            return "..."


def _rows(connection: Connection, name: str) -> int:
    if connection.dialect.name == "postgresql":
        return max(0, int(connection.execute(_ESTIMATE, {"name": name}).scalar() or 0))
    return int(connection.execute(select(func.count()).select_from(table(name))).scalar_one())
