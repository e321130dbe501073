"""What each source gave, and which of them a value comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from csire_bridge.config.sources.model import Key

__all__ = ["Layer", "Origin", "Source", "keys_below", "merged", "origin_of", "place_of"]


class Source(StrEnum):
    """The kinds of source; each wins over those before it."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    OPTION = "option"


@dataclass(frozen=True)
class Origin:
    """Where a value comes from; ``place`` is the line of the file, the variable or the option."""

    source: Source
    place: str = ""

    def __str__(self) -> str:
        return self.place or self.source.value


@dataclass(frozen=True)
class Layer:
    """What one source gave. ``places`` tell for people where each value stands, ``headings`` where each group does."""

    source: Source
    values: Mapping[str, object]
    places: Mapping[Key, str]
    headings: Mapping[Key, str] = field(default_factory=dict)


def merged(layers: Sequence[Layer]) -> dict[str, object]:
    """All values, where groups such as ``head_end`` are merged name by name."""
    both: dict[str, object] = {}
    for layer in layers:
        both = _merged(both, layer.values)
    return both


def _merged(below: Mapping[str, object], above: Mapping[str, object]) -> dict[str, object]:
    both = dict(below)
    for name, value in above.items():
        under = both.get(name)
        both[name] = _merged(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return both


def origin_of(key: Key, layers: Sequence[Layer]) -> Origin:
    """Where the value at ``key`` comes from: the last layer that names it, a part of it or a whole that it is in."""
    for layer in reversed(layers):
        for place, told in layer.places.items():
            shorter = min(len(place), len(key))
            if place[:shorter] == key[:shorter]:
                return Origin(layer.source, told)
    return Origin(Source.DEFAULT)


def place_of(key: Key, layers: Sequence[Layer]) -> str:
    """Where a person finds what stands at ``key``, or the group that it should stand in; empty if nowhere."""
    origin = origin_of(key, layers)
    if origin.source is not Source.DEFAULT:
        return origin.place
    found = (
        layer.headings[key[:length]]
        for length in range(len(key), 0, -1)
        for layer in reversed(layers)
        if key[:length] in layer.headings
    )
    return next(found, "")


def keys_below(values: Mapping[str, object], above: Key = ()) -> Iterator[Key]:
    """The places of all values; a list is one value."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from keys_below(value, (*above, name))
        else:
            yield (*above, name)
