"""Faster construction and replacement of frozen dataclasses with many fields.

``__init__`` of a frozen dataclass sets every field with a separate call, and ``dataclasses.replace`` collects all of
them before that. If a dataclass has no slots, its fields are one dictionary, which is filled at once here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

__all__ = ["changed", "is_open", "made"]

_T = TypeVar("_T")


def is_open(kind: type) -> bool:
    """Whether all that makes an instance of the dataclass are the values of its fields: no slots, nothing derived."""
    return not hasattr(kind, "__slots__") and not hasattr(kind, "__post_init__")


def made(kind: type[_T], values: Mapping[str, object]) -> _T:
    """An instance of a dataclass that ``is_open``; ``values`` has every field."""
    fact = object.__new__(kind)
    fact.__dict__.update(values)
    return fact


def changed(fact: _T, **changes: object) -> _T:
    """A dataclass that ``is_open`` with other values for some fields. Raises TypeError for what is no field of it."""
    fields = fact.__dict__
    if not changes.keys() <= fields.keys():
        raise TypeError(f"no fields of {type(fact).__name__}: {', '.join(sorted(changes.keys() - fields.keys()))}")
    return made(type(fact), {**fields, **changes})
