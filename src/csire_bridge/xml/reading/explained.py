"""A document element by element, with what each is called and means; read in slices, however large it is.

The document may be hostile: it goes through the one hardened parser, and whatever that refuses is told as the reason
why it can't be explained. Long values are cut, and say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import cast

from lxml import etree

from csire_bridge.domain.errors import Unreadable
from csire_bridge.xml.parser import parse
from csire_bridge.xml.reading.names import Names, Words
from csire_bridge.xml.reading.signature_facts import SignatureFacts, signature_facts

__all__ = [
    "LONGEST_VALUE",
    "MOST_BYTES",
    "ExplainedDocument",
    "ExplainedElement",
    "TextSlice",
    "explained",
    "is_security",
    "own_text",
    "text_slice",
    "walk",
]

MOST_BYTES = 32 * 1024 * 1024
"""Larger documents are shown as text only."""
LONGEST_VALUE = 500
"""Characters of a value that are told; of a longer one the beginning."""
_AROUND = ("http://www.w3.org/2000/09/xmldsig#", "http://docs.oasis-open.org/wss/")
_NO_WORDS = Words()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedElement:
    """One element. ``number`` counts from 1 in the order of the document, ``depth`` from 0.

    ``path`` says where it stands, with ``[2]`` for the second of its name. ``value`` is its own text, cut after
    ``LONGEST_VALUE`` characters; ``length`` is that of the whole. ``means`` are the words of a code. ``security``: it
    belongs to a signature. ``line`` counts in the bytes as received.
    """

    number: int
    depth: int
    path: str
    name: str
    words: Words
    value: str | None
    length: int
    means: Words
    attributes: tuple[tuple[str, str], ...]
    security: bool
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedDocument:
    """A slice of a document. ``total`` counts its elements, ``next`` is where the next slice begins (None: the end).

    ``problem`` says why it can't be explained, if it can't; then there are no elements.
    """

    root: Words
    root_name: str
    namespace: str
    total: int
    elements: tuple[ExplainedElement, ...]
    next: int | None
    signature: SignatureFacts | None
    problem: str | None


def explained(raw: bytes, names: Names, *, after: int = 0, limit: int = 200) -> ExplainedDocument:
    """``limit`` elements of a document, beginning after the one with the number ``after``."""
    try:
        root = parse(raw, MOST_BYTES)
    except Unreadable as error:
        return _unexplained("; ".join(problem.text for problem in error.problems))
    name = etree.QName(root)
    there = islice(enumerate(walk(root), 1), after, after + limit)
    shown = tuple(_element(number, found, names) for number, found in there)
    total = sum(1 for _ in root.iter("*"))
    end = after + len(shown)
    return ExplainedDocument(
        root=names.of_element(name.namespace or "", name.localname),
        root_name=name.localname,
        namespace=name.namespace or "",
        total=total,
        elements=shown,
        next=end if end < total else None,
        signature=signature_facts(root),
        problem=None,
    )


def _unexplained(why: str) -> ExplainedDocument:
    return ExplainedDocument(
        root=_NO_WORDS, root_name="", namespace="", total=0, elements=(), next=None, signature=None, problem=why
    )


def _element(number: int, place: tuple[etree._Element, int, str], names: Names) -> ExplainedElement:
    element, depth, path = place
    name = etree.QName(element)
    namespace, text = name.namespace or "", own_text(element)
    return ExplainedElement(
        number=number,
        depth=depth,
        path=path,
        name=name.localname,
        words=names.of_element(namespace, name.localname),
        value=text[:LONGEST_VALUE] if text or not len(element) else None,
        length=len(text),
        means=names.of_code(namespace, name.localname, text) if text else _NO_WORDS,
        attributes=tuple(_attributes(element)),
        security=is_security(namespace),
        line=cast("int | None", element.sourceline),
    )


def own_text(element: etree._Element) -> str:
    """The text of an element before its first child, without blanks around it."""
    return (element.text or "").strip()


def is_security(namespace: str) -> bool:
    """Whether elements of a namespace belong to signatures."""
    return namespace.startswith(_AROUND)


def _attributes(element: etree._Element) -> Iterator[tuple[str, str]]:
    for key, value in element.attrib.items():
        yield etree.QName(key).localname, str(value)[:LONGEST_VALUE]


def walk(root: etree._Element) -> Iterator[tuple[etree._Element, int, str]]:
    """Each element with its depth and path, in the order of the document."""
    stack: list[tuple[etree._Element, int, str]] = [(root, 0, f"/{etree.QName(root).localname}")]
    while stack:
        element, depth, path = stack.pop()
        yield element, depth, path
        below: list[tuple[etree._Element, int, str]] = []
        seen: dict[str, int] = {}
        for child in element.iterchildren("*"):
            name = etree.QName(child).localname
            seen[name] = seen.get(name, 0) + 1
            place = f"{path}/{name}" + (f"[{seen[name]}]" if seen[name] > 1 else "")
            below.append((child, depth + 1, place))
        stack += reversed(below)


@dataclass(frozen=True, slots=True)
class TextSlice:
    """A piece of stored bytes as text. ``start`` and ``next`` count bytes; ``next`` is None at the end.

    ``exact``: the piece is UTF-8; else what is not stands as a replacement character.
    """

    text: str
    start: int
    next: int | None
    total: int
    exact: bool


def text_slice(raw: bytes, start: int = 0, size: int = 16 * 1024) -> TextSlice:
    """The text of up to ``size`` bytes from ``start`` on; no character is cut in two."""
    end = min(len(raw), start + size)
    while end < len(raw) and end > start and raw[end] & 0xC0 == 0x80:  # the middle of a character
        end -= 1
    end = end if end > start else min(len(raw), start + size)
    piece = raw[start:end]
    text = piece.decode("utf-8", "replace")
    return TextSlice(text, start, end if end < len(raw) else None, len(raw), "\ufffd" not in text)
