"""Walks through the groups of the settings: which names there are, which are groups, tables or paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

__all__ = ["Group", "Key", "Named", "Shape", "dotted", "leaves", "names_of", "without_positions"]

Key = tuple[str | int, ...]
"""The place of a value: the names of its groups and its own; a number counts in a list of groups, from 0."""

Group = type[BaseModel]
Shape = object
_LISTS = (tuple, list, Sequence, frozenset, set)
_TABLES = (dict, Mapping)


@dataclass(frozen=True)
class Named:
    """One name of a group: what its value may be."""

    name: str
    annotation: object

    @cached_property
    def group(self) -> Group | None:
        """The group that it holds, once, in a list or in a table; None for a plain value."""
        return next((t for t in _types(self.annotation) if isinstance(t, type) and issubclass(t, BaseModel)), None)

    @cached_property
    def is_one_group(self) -> bool:
        """Whether it is a group itself, no list or table of them."""
        return self.group is not None and not self._is(_LISTS) and not self._is(_TABLES)

    @cached_property
    def is_path(self) -> bool:
        """Whether it names a file or folder, or several."""
        return self.group is None and any(t is Path for t in _types(self.annotation))

    @cached_property
    def is_table(self) -> bool:
        """Whether it is a table with names of the user's own."""
        return self._is(_TABLES)

    def _is(self, kinds: tuple[object, ...]) -> bool:
        return any(get_origin(t) in kinds or t in kinds for t in _alternatives(self.annotation))


def _alternatives(annotation: object) -> Iterator[object]:
    """What is on either side of ``|``."""
    args = get_args(annotation)
    if args and (get_origin(annotation) is Union or type(annotation).__name__ == "UnionType"):
        for arg in args:
            yield from _alternatives(arg)
    else:
        yield annotation


def _types(annotation: object) -> Iterator[object]:
    args = get_args(annotation)
    if not args:
        yield annotation
    for arg in args:
        yield from _types(arg)


def names_of(group: Group) -> dict[str, Named]:
    """The names that may stand in a group."""
    return {
        _name(name, field): Named(_name(name, field), field.annotation) for name, field in group.model_fields.items()
    }


def _name(name: str, field: FieldInfo) -> str:
    return field.alias or name


def leaves(settings: BaseModel) -> Iterator[tuple[Key, Named, object]]:
    """Each value of the settings with its place; a list or a table of plain values is one value."""
    for attribute, field in type(settings).model_fields.items():
        named = Named(_name(attribute, field), field.annotation)
        yield from _leaves((named.name,), named, getattr(settings, attribute))


def _leaves(key: Key, named: Named, value: object) -> Iterator[tuple[Key, Named, object]]:
    if isinstance(value, BaseModel):
        yield from (((*key, *below), one, plain) for below, one, plain in leaves(value))
    elif named.group is not None and isinstance(value, Mapping) and value:
        for name, one in value.items():
            yield from _leaves((*key, str(name)), named, one)
    elif named.group is not None and isinstance(value, Sequence) and value:
        for position, one in enumerate(value):
            yield from _leaves((*key, position), named, one)
    else:
        yield key, named, value


def dotted(key: Sequence[str | int]) -> str:
    """The place in one word: ``hub.url``, ``partners.0.eic``."""
    return ".".join(map(str, key))


def without_positions(key: Sequence[str | int]) -> tuple[str, ...]:
    """The names of a place, without the numbers in lists."""
    return tuple(part for part in key if isinstance(part, str))
