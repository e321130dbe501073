"""Requests in the form that a dialect wants: its order of elements, and constants that it adds.

It is applied once for each kind of request, to the template that zeep has rendered by our contract.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from csire_bridge.channels.hes.dialect.file_model import RequestPart
from csire_bridge.channels.hes.dialect.structure import Named
from csire_bridge.config.files.own_words import nearest
from csire_bridge.xml.parser import parse

__all__ = ["RequestForm", "mistakes_in"]


@dataclass(frozen=True)
class RequestForm:
    """``order`` gives the names of an element's children in their order, ``add`` a text for each Parent/Name."""

    order: Mapping[str, tuple[str, ...]]
    add: Mapping[str, str]

    def applied(self, request: bytes) -> bytes:
        """The request in this form; unchanged where the form asks for nothing."""
        if not self.order and not self.add:
            return request
        root = parse(request)
        for path, text in self.add.items():
            parent_name, _, name = path.partition("/")
            for parent in _called(root, parent_name):
                added = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}")
                added.text = text
        for name, children in self.order.items():
            places = {child: place for place, child in enumerate(children)}
            for parent in _called(root, name):
                parent[:] = sorted(parent, key=lambda child: places.get(etree.QName(child).localname, len(places)))
        return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _called(root: etree._Element, name: str) -> list[etree._Element]:
    return list(root.iter(f"{{*}}{name}"))


def mistakes_in(part: RequestPart, request: Named) -> Iterator[tuple[tuple[str, str], str]]:
    """What is wrong in ``part``, as key and text; ``request`` is what our contract names."""
    known = _by_name(request)
    added: dict[str, set[str]] = {}
    for path in part.add:
        parent, _, name = path.partition("/")
        if not name or "/" in name:
            yield ("add", path), f"{path} names no place: write Parent/Name, such as Header/Revision"
        elif parent not in known:
            yield ("add", path), f"requests have no element {parent}{nearest(parent, known)}"
        elif name in known[parent]:
            yield ("add", path), f"{name} in {parent} is written by the bridge, and can't be added"
        added.setdefault(parent, set()).add(name)
    for parent, children in part.order.items():
        if parent not in known:
            yield ("order", parent), f"requests have no element {parent} with others in it{nearest(parent, known)}"
            continue
        own = known[parent] | added.get(parent, set())
        for child in children:
            if child not in own:
                yield ("order", parent), f"{parent} has no {child} in requests{nearest(child, own)}"
        if left := sorted(own - set(children)):
            yield ("order", parent), f"{', '.join(left)} can stand in {parent}, too: say where"


def _by_name(request: Named) -> dict[str, set[str]]:
    """The names of each element's children, by its own name."""
    found: dict[str, set[str]] = {}
    for tag, named in request.children.items():
        if named.children:
            found.setdefault(_local(tag), set()).update(map(_local, named.children))
            for name, children in _by_name(named).items():
                found.setdefault(name, set()).update(children)
    return found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
