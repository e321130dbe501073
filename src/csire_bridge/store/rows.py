"""Frozen dataclasses to table rows and back, field by field of the same name."""

from __future__ import annotations

import types
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

__all__ = ["from_row", "plain", "to_row"]

_T = TypeVar("_T")
_AS_STORED = (bool, int, float, bytes, date, datetime, Decimal)


def plain(value: object) -> object:
    """A value as a database driver knows it: enums and identifiers become plain text."""
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, str) else value


def to_row(fact: object, *without: str) -> dict[str, object]:
    """Every field of a dataclass as a column value, except ``without``."""
    return {name: plain(getattr(fact, name)) for name in _readers(cast(Hashable, type(fact))) if name not in without}


def from_row(kind: type[_T], row: Mapping[str, object]) -> _T:
    """Rebuild a dataclass from a row that has a column for each field."""
    values: dict[str, Any] = {
        name: None if row[name] is None else read(row[name]) for name, read in _readers(cast(Hashable, kind)).items()
    }
    return kind(**values)


@cache
def _readers(kind: Hashable) -> Mapping[str, Callable[[Any], object]]:
    hints = get_type_hints(cast(type, kind))
    return {f.name: _reader(hints[f.name]) for f in fields(cast(type, kind))}


def _reader(hint: object) -> Callable[[Any], object]:
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(a for a in get_args(hint) if a is not type(None))
    if hint in _AS_STORED or hint is str:
        return lambda value: value
    return cast(Callable[[Any], object], hint)
