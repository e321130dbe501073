"""Executes one compiled statement for many rows, bypassing SQLAlchemy's per-row parameter processing.

SQLAlchemy processes the parameters of each row again, which costs more than the database needs for the row. Here their
positions and conversions are determined once for each statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Insert, Update
from sqlalchemy.sql.compiler import SQLCompiler

__all__ = ["execute_many"]

_Row = Mapping[str, object]


def execute_many(connection: Connection, statement: Insert | Update | Delete, rows: Sequence[_Row]) -> int:
    """Execute ``statement`` for each of ``rows``, which have the same parameters; return how many rows it matched.

    For statements that are created once and kept: the compiled form is cached with the statement. Raises KeyError for a
    row without one of the parameters, ValueError for a statement that a driver can't be given for many rows.
    """
    if not rows:
        return 0
    form = _form(statement, connection.dialect, tuple(sorted(rows[0])))
    return connection.exec_driver_sql(form.text, [form.given(row) for row in rows]).rowcount


class _Form:
    """A statement compiled for one kind of database."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect, parameters: Sequence[str]) -> None:
        """``parameters`` come with each row; every other one has its value in the statement."""
        if compiled.insert_prefetch or compiled.update_prefetch or compiled.post_compile_params:
            raise ValueError(f"a driver can't be given this statement for many rows: {compiled}")
        converts = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect) for bind, name in compiled.bind_names.items()
        }
        self.text = str(compiled)
        self._converted = [(name, convert) for name, convert in converts.items() if convert and name in parameters]
        self._fixed = {
            name: value if (convert := converts[name]) is None else convert(value)
            for name, value in compiled.params.items()
            if name not in parameters
        }
        self._positional = compiled.positional
        self._names = tuple(compiled.positiontup or converts)
        self._in_order = _in_order(self._names)

    def given(self, row: _Row) -> Any:
        """The row in the form that the driver expects."""
        values = {**self._fixed, **row}
        for name, convert in self._converted:
            values[name] = convert(values[name])
        ordered = self._in_order(values)
        return ordered if self._positional else dict(zip(self._names, ordered, strict=True))


def _in_order(names: Sequence[str]) -> Callable[[_Row], tuple[object, ...]]:
    if len(names) == 1:
        return lambda row: (row[names[0]],)
    return itemgetter(*names)


@lru_cache(maxsize=1024)
def _form(statement: Insert | Update | Delete, dialect: Dialect, parameters: tuple[str, ...]) -> _Form:
    compiled = statement.compile(dialect=dialect, column_keys=list(parameters), for_executemany=True)
    return _Form(compiled, dialect, parameters)
