"""Finds the line of each key in a TOML file. The standard library's parser, which reads the values, tells no lines."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping

from csire_bridge.config.sources.model import Key

__all__ = ["lines_of"]


def lines_of(text: str) -> tuple[dict[Key, int], dict[Key, int]]:
    """The lines (from 1) of the values, and those of the groups' headings, by their places in the file.

    ``text`` is valid TOML.
    """
    values: dict[Key, int] = {}
    headings: dict[Key, int] = {}
    counts: dict[Key, int] = {}
    above: Key = ()
    for line, statement in _statements(text):
        read = tomllib.loads(statement)
        if statement.lstrip().startswith("["):
            above = _heading(read, counts)
            headings[above] = line
        else:
            values.update({(*above, *key): line for key in _keys(read)})
    return values, headings


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each heading and each ``key = value`` with its first line: the shortest pieces that are TOML by themselves."""
    piece, first = "", 0
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        if not piece and (not line.strip() or line.lstrip().startswith("#")):
            continue
        first, piece = (first if piece else number), piece + line
        if _is_whole(piece):
            yield first, piece
            piece = ""


def _is_whole(piece: str) -> bool:
    try:
        tomllib.loads(piece)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _heading(read: Mapping[str, object], counts: dict[Key, int]) -> Key:
    """The place that a heading opens; ``counts`` knows how many groups each list has so far."""
    key: Key = ()
    inner: object = read
    while inner:
        if isinstance(inner, list):
            counts[key] = counts.get(key, -1) + 1
            inner = inner[0]
        elif isinstance(inner, dict):
            name, inner = next(iter(inner.items()))
            key = (*key, name)
            if key in counts and not isinstance(inner, list):
                key = (*key, counts[key])
    return (*key, counts[key]) if key in counts else key


def _keys(read: Mapping[str, object]) -> Iterator[Key]:
    for name, value in read.items():
        if isinstance(value, Mapping) and value:
            yield from ((name, *below) for below in _keys(value))
        else:
            yield (name,)
