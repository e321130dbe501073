"""Where values stand in a message: paths such as ``message:Header/message:CorrelationID`` or ``event:Type/@ref``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from csire_bridge.channels.hes.dialect.structure import Named
from csire_bridge.config.files.own_words import nearest

__all__ = ["Names", "PathWrong", "Place", "text_at"]

_STEP = re.compile(r"(?:([A-Za-z_][\w-]*):)?([A-Za-z_][\w.-]*)")
_SHAPE = "write names with their prefixes and / between them, and @name at the end for an attribute"


class PathWrong(ValueError):
    """A path that leads nowhere; the text says why, and names the nearest that there is."""


@dataclass(frozen=True, slots=True)
class Place:
    """An element below the one that a search begins at (none: that one itself), or an attribute of it."""

    path: str
    attribute: str | None = None

    def text(self, element: etree._Element) -> str:
        """Its text without surrounding space; empty where there is none."""
        if self.attribute is None:
            text = element.findtext(self.path) if self.path else element.text
            return text.strip() if text else ""
        found = element.find(self.path) if self.path else element
        return "" if found is None else (found.get(self.attribute) or "").strip()

    def each(self, element: etree._Element) -> Iterator[etree._Element]:
        """Every element there."""
        return element.iterfind(self.path) if self.path else iter((element,))


def text_at(element: etree._Element, places: Sequence[Place]) -> str:
    """The first text that is found; empty where there is none."""
    for place in places:
        if text := place.text(element):
            return text
    return ""


@dataclass(frozen=True)
class Names:
    """The prefixes of a file, by which paths are read and elements are shown."""

    namespaces: Mapping[str, str]

    def tag(self, name: str) -> str:
        """The tag of ``prefix:name``; raises PathWrong."""
        match = _STEP.fullmatch(name)
        if match is None:
            raise PathWrong(f"{name!r} is no name: {_SHAPE}")
        prefix, local = match.groups()
        if prefix is None:
            return local
        if prefix not in self.namespaces:
            raise PathWrong(f"the prefix {prefix} is not among the namespaces{nearest(prefix, self.namespaces)}")
        return f"{{{self.namespaces[prefix]}}}{local}"

    def shown(self, tag: str) -> str:
        """A tag as it is written in the file."""
        namespace, _, local = tag.rpartition("}")
        prefix = next((p for p, uri in self.namespaces.items() if namespace == f"{{{uri}"), None)
        return f"{prefix}:{local}" if prefix else local

    def place(self, text: str, start: Named | None) -> tuple[Place, Named | None]:
        """The place of a path, and what the schema names there; ``start`` is where it begins (None: no schema).

        Raises PathWrong.
        """
        if text == ".":
            return Place(""), start
        *steps, last = text.split("/")
        attribute = last[1:] if last.startswith("@") else None
        tags, here = [], start
        for step in steps if attribute is not None else [*steps, last]:
            tags.append(self.tag(step))
            here = self._below(here, tags[-1])
        if attribute is not None:
            self._has(here, attribute)
        return Place("/".join(tags), attribute), here

    def _below(self, here: Named | None, tag: str) -> Named | None:
        if here is None or not here.known:
            return None
        if tag in here.children:
            return here.children[tag]
        known = [self.shown(child) for child in here.children]
        there = f"; there are {', '.join(known)}" if known else "; nothing is in that element"
        raise PathWrong(f"the schema has no {self.shown(tag)} there{nearest(self.shown(tag), known) or there}")

    def _has(self, here: Named | None, attribute: str) -> None:
        if here is not None and here.known and attribute not in here.attributes:
            raise PathWrong(f"the schema has no attribute {attribute} there{nearest(attribute, here.attributes)}")
