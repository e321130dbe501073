"""Wrapping: what was signed stays whole, but stands elsewhere, and a forged copy stands where readers look."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from itertools import product

from lxml import etree

__all__ = ["FALSE", "TRUE", "forged", "wrapped_documents", "wrapped_envelopes"]

TRUE, FALSE = b"590243856287817706", b"590015710563817868"
"""The metering point in the good message, and another one."""

DS = "http://www.w3.org/2000/09/xmldsig#"
SIGNATURE = f"{{{DS}}}Signature"
_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-"
WSSE, WSU = f"{_OASIS}secext-1.0.xsd", f"{_OASIS}utility-1.0.xsd"
WSU_ID = f"{{{WSU}}}Id"
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_WRAPPER = "{urn:x}Wrapper"

Element = etree._Element


def forged(element: Element) -> Element:
    """A copy that says something else."""
    return etree.fromstring(etree.tostring(element, with_tail=False).replace(TRUE, FALSE))


def _into_wrapper(parent: Element, original: Element) -> None:
    etree.SubElement(parent, _WRAPPER).append(original)


# --- a bare document


def wrapped_documents(message: bytes) -> Iterator[tuple[str, bytes]]:
    """Every place of the original document in a forged one, times every place of the signature, times ids."""
    for (place, put), where, name in product(
        _DOCUMENT_PLACES.items(), ("inside", "outside", "both"), (None, "Id", "ID")
    ):
        original = etree.fromstring(message)
        signature = original.find(SIGNATURE)
        assert signature is not None
        outer = forged(original)
        for other in outer.findall(SIGNATURE):
            outer.remove(other)
        if where != "inside":
            outer.append(copy.deepcopy(signature) if where == "both" else signature)
        if name:
            original.set(name, "signed")
            outer.set(name, "signed")
        put(outer, original)
        yield f"wrapped: original {place}, signature {where}, id {name}", etree.tostring(outer)


def _in_object(outer: Element, original: Element) -> None:
    signature = outer.find(SIGNATURE)
    if signature is None:
        signature = etree.SubElement(outer, SIGNATURE)
    etree.SubElement(signature, f"{{{DS}}}Object").append(original)


_DOCUMENT_PLACES: Mapping[str, Callable[[Element, Element], None]] = {
    "as last child": lambda outer, original: outer.append(original),
    "as first child": lambda outer, original: outer.insert(0, original),
    "in the header": lambda outer, original: outer[0].append(original),
    "in the payload": lambda outer, original: outer[2].append(original),
    "in a wrapper": _into_wrapper,
    "in Object": _in_object,
}


# --- an envelope


def wrapped_envelopes(message: bytes) -> Iterator[tuple[str, bytes]]:
    """Every place of the original Body, Timestamp, token and reference to it, times every trick with the forged id."""
    for part, (place, put), (trick, mark) in product(_PARTS, _ENVELOPE_PLACES.items(), _ID_TRICKS.items()):
        root = etree.fromstring(message)
        if part.encode() not in message:
            continue
        original = _part(root, part)
        fake = forged(original) if part == "Body" else copy.deepcopy(original)
        fake.tail = None
        if part == "Timestamp":
            fake[1].text = "2026-11-23T09:09:00.000Z"
        parent = original.getparent()
        assert parent is not None
        parent.replace(original, fake)
        put(root, fake, original)
        mark(fake, original)
        yield f"wrapped: original {part} {place}, {trick}", etree.tostring(root)
    yield from _wrapped_whole(message)


def _wrapped_whole(message: bytes) -> Iterator[tuple[str, bytes]]:
    for place, index in product(("Body", "Header"), (0, -1)):
        outer, inner = forged(etree.fromstring(message)), etree.fromstring(message)
        for security in outer.findall(f".//{{{WSSE}}}Security"):
            security.clear()
        _part(outer, place).insert(index, inner)
        yield f"wrapped: whole envelope in {place} at {index}", etree.tostring(outer)
        for security in outer[0].findall(f"{{{WSSE}}}Security"):
            outer[0].remove(security)
        yield f"wrapped: whole envelope in {place} at {index}, no other Security", etree.tostring(outer)


_PARTS = ("Body", "Timestamp", "BinarySecurityToken", "SecurityTokenReference")


def _part(root: Element, local: str) -> Element:
    return next(e for e in root.iter(etree.Element) if etree.QName(e).localname == local)


def _security(root: Element) -> Element:
    return _part(root, "Security")


def _object(root: Element) -> Element:
    return etree.SubElement(_part(_security(root), "Signature"), f"{{{DS}}}Object")


_ENVELOPE_PLACES: Mapping[str, Callable[[Element, Element, Element], None]] = {
    "in Header": lambda root, fake, original: root[0].append(original),
    "in a wrapper in Header": lambda root, fake, original: _into_wrapper(root[0], original),
    "in Security": lambda root, fake, original: _security(root).append(original),
    "in a wrapper in Security": lambda root, fake, original: _into_wrapper(_security(root), original),
    "in Object": lambda root, fake, original: _object(root).append(original),
    "in KeyInfo": lambda root, fake, original: _part(root, "KeyInfo").append(original),
    "before the forged one": lambda root, fake, original: fake.addprevious(original),
    "after the forged one": lambda root, fake, original: fake.addnext(original),
    "in the forged one": lambda root, fake, original: fake.append(original),
    "in a wrapper in the forged one": lambda root, fake, original: _into_wrapper(fake, original),
    "at the end of the envelope": lambda root, fake, original: root.append(original),
    "at the start of the envelope": lambda root, fake, original: root.insert(0, original),
    "in a wrapper at the end of the envelope": lambda root, fake, original: _into_wrapper(root, original),
    "in the Body's payload": lambda root, fake, original: _into_wrapper(_part(root, "Body")[0], original),
}


def _no_id(fake: Element, original: Element) -> None:
    fake.attrib.pop(WSU_ID, "")


def _other_id(fake: Element, original: Element) -> None:
    fake.set(WSU_ID, "other")


def _as(name: str) -> Callable[[Element, Element], None]:
    def mark(fake: Element, original: Element) -> None:
        fake.set(name, fake.attrib.pop(WSU_ID, "none"))

    return mark


def _original_as_plain_id(fake: Element, original: Element) -> None:
    original.set("Id", original.attrib.pop(WSU_ID, "none"))


def _swapped(fake: Element, original: Element) -> None:
    original.set(WSU_ID, "other")


_ID_TRICKS: Mapping[str, Callable[[Element, Element], None]] = {
    "same wsu:Id": lambda fake, original: None,
    "no id": _no_id,
    "other wsu:Id": _other_id,
    "Id": _as("Id"),
    "ID": _as("ID"),
    "id": _as("id"),
    "xml:id": _as(XML_ID),
    "original with plain Id": _original_as_plain_id,
    "id only on the forged one": _swapped,
}
