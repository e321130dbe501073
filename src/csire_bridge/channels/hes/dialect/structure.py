"""What a schema names, and in which order: by it messages are freed of all that is not read, and paths are checked.

The few forms of schemas that describe messages are read: sequence, choice and all of elements, with a type or a
reference; extension of a type. Whatever else stands in a type makes the element's content unknown, and it is left as it
is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from csire_bridge.domain.errors import ConfigurationError

__all__ = ["Named", "named_by", "reduced"]

_XS = "{http://www.w3.org/2001/XMLSchema}"
_GROUPS = frozenset({f"{_XS}{name}" for name in ("sequence", "choice", "all")})
_KEPT = frozenset({f"{_XS}annotation"})
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


@dataclass
class Named:
    """An element: its children by tag in the schema's order, and its attributes. Not ``known``: anything may be in it.

    ``value``: it has text.
    """

    children: dict[str, Named] = field(default_factory=dict)
    attributes: set[str] = field(default_factory=set)
    known: bool = True
    value: bool = False


def reduced(element: etree._Element, named: Named) -> etree._Element:
    """The element with what the schema names, in the schema's order; everything else is left out."""
    if not named.known:
        return element
    for name in [name for name in element.attrib if name not in named.attributes]:
        del element.attrib[name]
    places = {tag: place for place, tag in enumerate(named.children)}
    children = [child for child in element.iterchildren(etree.Element) if child.tag in places]
    for child in children:
        reduced(child, named.children[child.tag])
    element[:] = sorted(children, key=lambda child: places[child.tag])
    return element


def named_by(file: Path) -> Mapping[str, Named]:
    """The root elements that a schema declares, with those that it imports; raises ConfigurationError."""
    reader = _Reader()
    reader.read(file.resolve())
    return reader.roots()


class _Reader:
    def __init__(self) -> None:
        self._files: set[Path] = set()
        self._elements: dict[str, tuple[etree._Element, str]] = {}
        self._types: dict[str, tuple[etree._Element, str]] = {}
        self._built: dict[tuple[etree._Element, str], Named] = {}

    def read(self, file: Path) -> None:
        """Note the elements and types of a file, and of the files that it names."""
        if file in self._files:
            return
        self._files.add(file)
        schema = _parsed(file)
        target = schema.get("targetNamespace", "")
        qualified = target if schema.get("elementFormDefault") == "qualified" else ""
        for declared, kept in ((f"{_XS}element", self._elements), (f"{_XS}complexType", self._types)):
            for one in schema.iterchildren(declared):
                kept[_tag(target, one.get("name", ""))] = one, qualified
        for other in schema.iterchildren(f"{_XS}import", f"{_XS}include"):
            if location := other.get("schemaLocation"):
                self.read((file.parent / location).resolve())

    def roots(self) -> Mapping[str, Named]:
        return {tag: self._element(*found) for tag, found in self._elements.items()}

    def _element(self, element: etree._Element, qualified: str) -> Named:
        inner = element.find(f"{_XS}complexType")
        if inner is not None:
            return self._type(inner, qualified)
        name = element.get("type")
        if name is None:
            return Named(known=element.find(f"{_XS}simpleType") is not None, value=True)
        found = self._types.get(_resolved(element, name))
        return Named(value=True) if found is None else self._type(*found)

    def _type(self, kind: etree._Element, qualified: str) -> Named:
        if (kind, qualified) in self._built:
            return self._built[kind, qualified]
        named = self._built[kind, qualified] = Named()
        self._fill(named, kind, qualified)
        return named

    def _fill(self, named: Named, holder: etree._Element, qualified: str) -> None:
        for part in holder.iterchildren(etree.Element):
            if part.tag in _GROUPS:
                for tag, child in self._members(named, part, qualified):
                    named.children.setdefault(tag, child)
            elif part.tag == f"{_XS}attribute":
                named.attributes.add(part.get("name", ""))
            elif part.tag in (f"{_XS}simpleContent", f"{_XS}complexContent"):
                self._extended(named, part, qualified)
            elif part.tag not in _KEPT:
                named.known = False

    def _extended(self, named: Named, content: etree._Element, qualified: str) -> None:
        named.value = content.tag == f"{_XS}simpleContent"
        extension = content.find(f"{_XS}extension")
        if extension is None:
            named.known = False
            return
        base = self._types.get(_resolved(extension, extension.get("base", "")))
        if base is not None:
            self._fill(named, *base)
        self._fill(named, extension, qualified)

    def _members(self, above: Named, group: etree._Element, qualified: str) -> Iterator[tuple[str, Named]]:
        for part in group.iterchildren(etree.Element):
            if part.tag in _GROUPS:
                yield from self._members(above, part, qualified)
            elif part.tag == f"{_XS}element" and (reference := part.get("ref")):
                tag = _resolved(part, reference)
                if tag in self._elements:
                    yield tag, self._element(*self._elements[tag])
            elif part.tag == f"{_XS}element":
                yield _tag(qualified, part.get("name", "")), self._element(part, qualified)
            elif part.tag not in _KEPT:
                above.known = False


def _resolved(element: etree._Element, name: str) -> str:
    prefix, _, local = name.rpartition(":")
    return _tag(element.nsmap.get(prefix or None) or "", local)


def _tag(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}" if namespace else name


def _parsed(file: Path) -> etree._Element:
    parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)
    try:
        return etree.parse(str(file), parser).getroot()
    except (OSError, etree.LxmlError) as error:
        raise ConfigurationError(f"the schema {file} can't be used: {error}", "correct the schema") from error
