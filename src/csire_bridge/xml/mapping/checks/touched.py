"""Which lines of a mapping file are about which places of the schema, so that a change of the schema finds them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from csire_bridge.xml.envelope import TECHNICAL
from csire_bridge.xml.mapping.checks.places import ALWAYS_KNOWN, Follower, PathRefused, Place
from csire_bridge.xml.mapping.loader import LoadedFile
from csire_bridge.xml.mapping.model import Group, InboundFile, OutboundFile
from csire_bridge.xml.schema.differences import Path, local
from csire_bridge.xml.schema.shapes import Shape

__all__ = ["Touch", "touches"]


@dataclass(frozen=True, slots=True)
class Touch:
    """A line of a mapping file."""

    file: str
    line: int
    key: str


def touches(loaded: LoadedFile, shape: Shape) -> Mapping[Path, list[Touch]]:
    """The lines about each place, by its path without namespaces."""
    found: dict[Path, list[Touch]] = defaultdict(list)
    content = loaded.content
    entries = _read(content, shape) if isinstance(content, InboundFile) else _written(content)
    for path, key in entries:
        problem = loaded.problem(key, "")
        touch = Touch(problem.name, problem.line, problem.key)
        if touch not in found[path]:
            found[path].append(touch)
    return found


def _read(content: InboundFile, shape: Shape) -> Iterator[tuple[Path, tuple[str | int, ...]]]:
    prefixes = {**ALWAYS_KNOWN, **content.prefixes, "m": content.namespace, "t": TECHNICAL}
    follower = Follower(shape, prefixes)
    for key, text in _texts(content):
        places: list[Place] = []
        try:
            follower.condition(text.removesuffix("/**").removesuffix("/*"), places.append)
        except PathRefused:
            continue  # the start would refuse the file, and say why
        for place in places:
            yield local(place.path), key


def _texts(content: InboundFile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for part, rules in (("fields", content.fields), ("keep", content.keep)):
        for name, rule in rules.items():
            for text in (*rule.sources, *([rule.when] if rule.when else [])):
                yield (part, name), text
    for index, entry in enumerate(content.ignored):
        yield ("ignored", index), entry
    for index, one in enumerate(content.rules):
        yield ("rules", index, "when"), one.when


def _written(content: OutboundFile) -> Iterator[tuple[Path, tuple[str | int, ...]]]:
    yield from _nodes(content.payload, ("Payload",), ("payload",))


def _nodes(group: Group, above: Path, key: tuple[str, ...]) -> Iterator[tuple[Path, tuple[str | int, ...]]]:
    for name, node in group.nodes.items():
        at = "@" if name.startswith("@") else ""
        bare = at + name.removeprefix("@").partition("#")[0].rpartition(":")[2]
        here = (*above, bare)
        yield here, (*key, name)
        if isinstance(node, Group):
            yield from _nodes(node, here, (*key, name))
