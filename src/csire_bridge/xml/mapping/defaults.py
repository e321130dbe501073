"""Puts the schema's default and fixed values where a document leaves them out, as XML Schema says.

An attribute that is not there gets its default, an element only if it stands there empty (and is not nil).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import cast

from lxml import etree

from csire_bridge.xml.mapping.checks.places import XSI
from csire_bridge.xml.schema.shapes import Shape

__all__ = ["Defaults"]


@dataclass(frozen=True)
class _Default:
    """Where a value belongs: elements without it, and the attribute's name; None for the element's own text."""

    where: etree.XPath
    attribute: str | None
    text: str


@dataclass(frozen=True)
class Defaults:
    """The defaults of all documents of one root element."""

    entries: Sequence[_Default]

    @classmethod
    def of(cls, root: Shape) -> Defaults:
        """Those that the schema declares anywhere below ``root``."""
        own = [((), root)] if root.value is not None else []
        return cls(
            [_entry(p, v.default) for p, s in [*own, *root.leaves()] if (v := s.value) and v.default is not None]
        )

    def filled(self, tree: etree._Element) -> etree._Element:
        """The document with them: a copy, so that the one that was signed stays as it is."""
        if not self.entries:
            return tree
        whole = deepcopy(tree)
        for entry in self.entries:
            for element in cast("list[etree._Element]", entry.where(whole)):
                if entry.attribute is None:
                    element.text = entry.text
                else:
                    element.set(entry.attribute, entry.text)
        return whole


def _entry(path: tuple[str, ...], text: str) -> _Default:
    attribute = path[-1][1:] if path and path[-1].startswith("@") else None
    steps = path if attribute is None else path[:-1]
    prefixes = {"xsi": XSI}
    names = list(_named(steps, prefixes))
    if attribute is None:
        condition = "not(node()) and not(@xsi:nil = 'true' or @xsi:nil = '1')"
    else:
        condition = f"not(@{next(_named([attribute], prefixes))})"
    where = "/".join(names or ["self::*"])
    return _Default(etree.XPath(f"{where}[{condition}]", namespaces=prefixes), attribute, text)


def _named(names: Sequence[str], prefixes: dict[str, str]) -> Iterator[str]:
    """Names as XPath has them; their namespaces are entered in ``prefixes``."""
    for name in names:
        namespace, _, local = name.rpartition("}")
        if namespace:
            prefix = f"p{len(prefixes)}"
            prefixes[prefix] = namespace[1:]
            yield f"{prefix}:{local}"
        else:
            yield local
