"""``column IN (a list)`` with the list as one parameter.

SQLAlchemy renders such a statement again for each list, with a placeholder for each member, which costs as much as all
the rest of a small query. Here its text stays the same, so it is rendered once, and both databases keep it prepared.

It stays because it was measured: the way of such a query can be held by a test, where a walk took 23 ms among 200,000
orders, and 0.3 ms among 1,000 (docs/decisions/0023).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import ARRAY, Boolean, Column, ColumnElement, Dialect, String, TypeDecorator, bindparam, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

__all__ = ["Read", "any_of", "by_index", "by_row", "in_literals", "not_indexed"]


def in_literals(column: ColumnElement[str], values: Iterable[StrEnum]) -> ColumnElement[bool]:
    """Whether a column's value is one of some literals in the statement; no parameter."""
    return column.in_([literal(value.value) for value in sorted(values)])


class any_of(FunctionElement[bool]):  # noqa: N801 - it stands in statements as a function does
    """Whether a column's value is in the list parameter ``name``: plain texts or numbers, none or many."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=_Members(column.type)))

    def self_group(self, against: object = None) -> Self:
        """Unchanged: SQLAlchemy would append ``= 1``, and then SQLite does not use the column's index."""
        return self


class not_indexed(FunctionElement[Any]):  # noqa: N801 - as above
    """A column that filters rows which another column's index has found.

    SQLite does not know how many rows a value has. Without this it may use an index of such a column, although half of
    all orders have the same value.
    """

    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(column)
        self.type = column.type


Read = Callable[[Column[Any]], ColumnElement[Any]]
"""How a query comes to a column: by its index, or row by row."""


def by_index(column: Column[Any]) -> ColumnElement[Any]:
    """A column whose index may be used."""
    return column


def by_row(column: Column[Any]) -> ColumnElement[Any]:
    """A column that is looked up at each row which another way has found."""
    return not_indexed(column)


class _Members(TypeDecorator[Iterable[object]]):
    """A list of values of one type: an array where the database has them, else JSON."""

    impl = String
    cache_ok = True

    def __init__(self, member: TypeEngine[Any]) -> None:
        super().__init__()
        self.member = member

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String())
        # Without the column's length: PostgreSQL would cut a longer text, and then find what was not asked for.
        return dialect.type_descriptor(ARRAY(String() if isinstance(self.member, String) else self.member))

    def process_bind_param(self, value: Iterable[object] | None, dialect: Dialect) -> object:
        members = list(value or ())
        return json.dumps(members) if dialect.name == "sqlite" else members


@compiles(not_indexed)
def _plain(element: not_indexed, compiler: SQLCompiler, **words: Any) -> str:
    return compiler.process(*element.clauses, **words)


@compiles(not_indexed, "sqlite")
def _not_by_index(element: not_indexed, compiler: SQLCompiler, **words: Any) -> str:
    return f"+{compiler.process(*element.clauses, **words)}"


@compiles(any_of)
def _any(element: any_of, compiler: SQLCompiler, **words: Any) -> str:
    column, members = element.clauses
    return f"{compiler.process(column, **words)} = ANY ({compiler.process(members, **words)})"


@compiles(any_of, "sqlite")
def _each(element: any_of, compiler: SQLCompiler, **words: Any) -> str:
    column, members = element.clauses
    given = compiler.process(members, **words)
    return f"{compiler.process(column, **words)} IN (SELECT value FROM json_each({given}))"  # noqa: S608 - a parameter
