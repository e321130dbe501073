"""Frozen dataclasses to table rows and back, field by field of the same name.

It stays because it was measured: positions and conversions that are found out once take 7 % off an order's instructions
(docs/decisions/0022).
"""

from __future__ import annotations

import types
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from sqlalchemy import Result, Row

__all__ = ["from_row", "from_rows", "plain", "reader_of", "to_row"]

_T = TypeVar("_T")
_AS_STORED = (bool, int, float, str, bytes, date, datetime, Decimal)


def plain(value: object) -> object:
    """A value as a database driver accepts it: enums and identifiers become plain text."""
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, str) else value


def to_row(fact: object, *without: str) -> dict[str, object]:
    """Every field of a dataclass as a column value, except ``without``."""
    return {
        name: plain(getattr(fact, name)) for name in _conversions(cast(Hashable, type(fact))) if name not in without
    }


def from_row(kind: type[_T], row: Row[Any]) -> _T:
    """Rebuild a dataclass from a row that has a column for each field."""
    return cast(_T, _reader(cast(Hashable, kind), tuple(row._mapping))(row))


def from_rows(kind: type[_T], result: Result[Any]) -> Iterator[_T]:
    """Rebuild a dataclass from each row; the columns' positions are determined once."""
    return map(reader_of(kind, result), result)


def reader_of(kind: type[_T], result: Result[Any]) -> Callable[[Row[Any]], _T]:
    """The function that rebuilds a dataclass from a row of ``result``, which may have other columns, too."""
    return _reader(cast(Hashable, kind), tuple(result.keys()))


@cache
def _reader(kind: Hashable, columns: tuple[str, ...]) -> Callable[[Row[Any]], Any]:
    conversions = _conversions(kind)
    if ambiguous := [name for name in conversions if columns.count(name) != 1]:
        raise ValueError(f"there is not one column for each of {', '.join(ambiguous)}")
    values_of = itemgetter(*map(columns.index, conversions))
    converted = [(name, convert) for name, convert in conversions.items() if convert is not None]
    make = cast("type[Any]", kind)

    def read(row: Row[Any]) -> Any:
        values = dict(zip(conversions, values_of(row), strict=True))
        for name, convert in converted:
            if values[name] is not None:
                values[name] = convert(values[name])
        return make(**values)

    return read


@cache
def _conversions(kind: Hashable) -> Mapping[str, Callable[[Any], object] | None]:
    """The fields, with what makes their values of column values; None where these are the same."""
    hints = get_type_hints(cast(type, kind))
    return {field.name: _conversion(hints[field.name]) for field in fields(cast(type, kind))}


def _conversion(hint: object) -> Callable[[Any], object] | None:
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(a for a in get_args(hint) if a is not type(None))
    return None if hint in _AS_STORED else cast(Callable[[Any], object], hint)
