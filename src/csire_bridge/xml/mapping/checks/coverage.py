"""Checks that every element of an inbound message is either read or listed as ignored, so nothing is lost unnoticed.

So an element that a new release of the standard renames stops the start, instead of being dropped silently.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from itertools import islice

from csire_bridge.config.files.marked_yaml import FileProblem
from csire_bridge.xml.envelope import ENVELOPE_NAMES
from csire_bridge.xml.mapping.checks.places import Follower, PathRefused
from csire_bridge.xml.mapping.loader import LoadedFile, LoadedTechnical
from csire_bridge.xml.mapping.model import InboundFile
from csire_bridge.xml.schema.shapes import ANYTHING, Shape

__all__ = ["uncovered"]

_Path = tuple[str, ...]


class _Sort(Enum):
    """What an entry of ``ignored`` covers: a leaf, a block with its content, or what ``xs:any`` allows in a block."""

    LEAF = ""
    BLOCK = "/**"
    ANYTHING = "/*"


_Ignored = Mapping[_Sort, set[_Path]]


def uncovered(
    loaded: LoadedFile,
    content: InboundFile,
    follower: Follower,
    read: Collection[_Path],
    technical: LoadedTechnical | None,
) -> Iterator[FileProblem]:
    """Elements of the schema that the file neither reads nor ignores, and errors in its list ``ignored``.

    ``read`` are the paths of everything that the file reads, or that of its envelope, ``technical``.
    """
    ignored: _Ignored = {sort: set() for sort in _Sort}
    yield from _entered(loaded, content.ignored, follower, read, ignored)
    if technical is not None:
        there = replace(follower, prefixes={**technical.content.prefixes, **follower.prefixes})
        yield from _entered(technical, technical.content.ignored, there, read, ignored)
    listed = ("ignored",) if content.ignored else ("fields",)
    for path, shape in [((), follower.root), *follower.root.leaves()]:
        text = _lost(follower, content, path, shape, read, ignored)
        if text:
            yield loaded.problem(listed, text)


def _entered(
    loaded: LoadedFile | LoadedTechnical,
    entries: Sequence[str],
    follower: Follower,
    read: Collection[_Path],
    ignored: _Ignored,
) -> Iterator[FileProblem]:
    """Enter a list of what is ignored; what is wrong in it."""
    for index, entry in enumerate(entries):
        try:
            _enter(entry, follower, read, ignored)
        except PathRefused as error:
            yield loaded.problem(("ignored", index), f"{entry}: {error}")


def _lost(
    follower: Follower, content: InboundFile, path: _Path, shape: Shape, read: Collection[_Path], ignored: _Ignored
) -> str | None:
    """What would be lost at a place of the schema, in words; None if nothing is."""
    if any(path[: len(block)] == block for block in ignored[_Sort.BLOCK]):
        return None
    if shape.unknown and path not in ignored[_Sort.ANYTHING]:
        return _unknown(follower, path, shape)
    if len(path) == 2 and path[1] in ENVELOPE_NAMES and path[0] in _parts(follower.root):
        return f"{follower.shown(path)} may stand several times, and one is read" if shape.most > 1 else None
    if not _has_text(shape) or path in read or path in ignored[_Sort.LEAF]:
        return None
    return _unread(follower, path, content)


def _enter(entry: str, follower: Follower, read: Collection[_Path], ignored: _Ignored) -> None:
    """Enter one line of the list; raises PathRefused for a wrong one."""
    sort, text = _sort_of(entry)
    path = _ignorable(follower, sort, text, read)
    if path in ignored[sort]:
        raise PathRefused("it stands in the list twice")
    ignored[sort].add(path)


def _sort_of(entry: str) -> tuple[_Sort, str]:
    """The sort of an entry, and its path without the suffix; ``*`` alone means ``xs:any`` of the root element."""
    if entry == "*":
        return _Sort.ANYTHING, "."
    sort = next((sort for sort in (_Sort.BLOCK, _Sort.ANYTHING) if entry.endswith(sort.value)), _Sort.LEAF)
    return sort, entry.removesuffix(sort.value)


def _ignorable(follower: Follower, sort: _Sort, text: str, read: Collection[_Path]) -> _Path:
    """The place that an entry names; raises PathRefused if there is none, or one of another sort."""
    place, *more = follower.path(text)
    if more:
        raise PathRefused("it is more than one place: list each of them")
    shape = place.shape
    match sort:
        case _Sort.LEAF if not _has_text(shape):
            raise PathRefused(
                f"it holds other elements: list them; or write {text}{_Sort.BLOCK.value} for everything in it, also "
                "for what a later release puts there"
            )
        case _Sort.LEAF if place.path in read:
            raise PathRefused("it is read, so it can't be ignored")
        case _Sort.BLOCK if not (shape.below or shape.unknown):
            raise PathRefused(f"nothing stands below it: leave out {sort.value}")
        case _Sort.BLOCK if len(place.path) < 1:
            raise PathRefused("a whole message can't be ignored")
        case _Sort.ANYTHING if shape.unknown != ANYTHING:
            raise PathRefused(
                f"the schema says all that may stand in it: leave out {sort.value}, or list what is there"
            )
    return place.path


def _has_text(shape: Shape) -> bool:
    """Whether the element says something by itself: by a text, or by being there without one.

    One that may hold anything is checked separately, and what has attributes says what they say.
    """
    if shape.value is None or (shape.unknown and "mixed" in shape.value.kinds):
        return False
    said_by_attributes = any(name.startswith("@") for name in shape.below)
    return not (said_by_attributes and "empty" in shape.value.kinds)


def _parts(root: Shape) -> list[str]:
    """The names of the two parts of the envelope, which come before the payload."""
    return list(islice((name for name in root.below if not name.startswith("@")), 2))


def _unknown(follower: Follower, path: _Path, shape: Shape) -> str:
    shown = follower.shown(path)
    sort = _Sort.ANYTHING if shape.unknown == ANYTHING else _Sort.BLOCK
    entry = f"{shown}{sort.value}" if path else "*"
    return (
        f"{shown}: {shape.unknown}, so nobody knows what it says; if that does not matter, list {entry} under `ignored`"
    )


def _unread(follower: Follower, path: _Path, content: InboundFile) -> str:
    shown = follower.shown(path)
    known = {text: f"fields.{name}" for name, rule in content.fields.items() for text in rule.path or ()}
    known |= {text: f"keep.{name}" for name, rule in content.keep.items() for text in rule.path or ()}
    known |= dict.fromkeys(content.ignored, "ignored")
    close = difflib.get_close_matches(shown, known, 1, 0.6)
    nearest = f"; the nearest that the file names is {close[0]} ({known[close[0]]})" if close else ""
    return f"{shown} is neither read nor listed under `ignored`{nearest}"
