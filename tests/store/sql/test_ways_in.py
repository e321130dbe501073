"""SQLite finds rows by the list that it is given, however many others there are.

It keeps no statistics, so it takes a column of which half of all orders have the same value for as good as any other.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import Column, Connection, Select
from sqlalchemy.sql import visitors

import csire_bridge.store
from csire_bridge.store.database import Database
from csire_bridge.store.sql.array_parameter import any_of

_Kept = tuple[str, Select[*tuple[object, ...]], any_of]


def kept_statements() -> Iterator[_Kept]:
    """Every query that the store's modules keep and give lists to, once for each list."""
    here = "csire_bridge.store."
    for module in pkgutil.walk_packages(csire_bridge.store.__path__, here):
        if module.name.startswith(f"{here}migrations."):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, Select):
                lists = [part for part in visitors.iterate(value) if isinstance(part, any_of)]
                yield from ((f"{module.name.removeprefix(here)}.{name}", value, given) for given in lists)


KEPT = list(kept_statements())


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with closing(Database(f"sqlite:///{tmp_path_factory.mktemp('ways') / 'bridge.db'}")) as database:
        database.upgrade()
        with database.reading() as opened:
            yield opened


def test_given_the_store_then_there_are_queries_to_look_at() -> None:
    assert len(KEPT) > 25


@pytest.mark.parametrize("kept", KEPT, ids=[name for name, _, _ in KEPT])
def test_given_a_list_then_its_column_is_the_way_in(connection: Connection, kept: _Kept) -> None:
    name, statement, given = kept
    column, _ = given.clauses
    written = str(statement.compile(dialect=connection.dialect))
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {written}", ("[]",) * written.count("?")).all()
    ways = [row.detail for row in plan]
    if not isinstance(column, Column):
        entries = ["(<expr>=?"]  # the index is over an expression
    elif column.key == "key":
        entries = ["INTEGER PRIMARY KEY (rowid=?"]
    else:
        entries = [f"({column.key}=?", f"=? AND {column.key}=?"]  # or behind columns of the index that are given, too
    assert any(way.startswith("SEARCH") and any(entry in way for entry in entries) for way in ways), (name, ways)
