"""Writes an answer as a document, as its mapping file says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from lxml import etree

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import MessageNumber
from csire_bridge.domain.message.answers import Answer
from csire_bridge.domain.message.envelope_rules import MessageFacts
from csire_bridge.domain.message.message import Header
from csire_bridge.xml.envelope import build_envelope, envelope_texts
from csire_bridge.xml.mapping.convert import Writer
from csire_bridge.xml.mapping.outgoing.facts import Condition, Fact, Telling
from csire_bridge.xml.security.signature import serialise
from csire_bridge.xml.template import NOT_IN_XML

__all__ = ["Missing", "OutboundMapping", "Part", "Text"]


@dataclass(frozen=True, slots=True)
class Text:
    """Where the text of an element or attribute comes from: a fact with its writer, or a constant.

    ``default`` stands in the place of a fact that is not told; without it, an ``optional`` one is left out.
    """

    fact: Fact | None = None
    write: Writer = str
    constant: str | None = None
    default: str | None = None
    optional: bool = False
    longest: int | None = None
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """An element, with its attributes and its text or the elements below it.

    An ``optional`` one is left out if no fact in it is told.
    """

    tag: str
    attributes: tuple[tuple[str, Text], ...] = ()
    text: Text | None = None
    below: tuple[Part, ...] = ()
    optional: bool = False
    when: Condition | None = None

    def facts(self) -> Iterator[str]:
        """The names of the facts that are written here and below."""
        for text in (self.text, *(text for _, text in self.attributes)):
            if text is not None and text.fact is not None:
                yield text.fact.name
        for part in self.below:
            yield from part.facts()


class Missing(Exception):
    """A fact that must be written was not told, or can't be; the message says which, ``remedy`` what to do."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(text)
        self.remedy = remedy
        self.told = False
        """Whether another fact beside it is told, so that its block can't be left out."""


@dataclass(frozen=True)
class OutboundMapping:
    """A compiled mapping file: writes documents of one message number.

    ``uses`` are the names of the facts that it writes or asks for. ``document`` is the whole, with the payload in it,
    if the file names an envelope; without one, it is that of CSIRE.
    """

    file: str
    number: MessageNumber
    facts: MessageFacts
    namespace: str
    root: str
    prefixes: Mapping[str | None, str]
    payload: Part
    uses: frozenset[str]
    document: Part | None = None

    def write(self, header: Header, answer: Answer) -> bytes:
        """The document, unsigned; raises ConfigurationError if the file requires a value that the answer lacks."""
        nsmap = cast("dict[str, str]", self.prefixes)
        root: etree._Element = etree.Element(f"{{{self.namespace}}}{self.root}", nsmap=nsmap)
        telling = Telling(header, answer)
        try:
            if self.document is None:
                build_envelope(root, envelope_texts(header), namespace=self.namespace)
                _append(root, self.payload, telling)
            else:
                _fill(root, self.document, telling)
        except Missing as missing:
            text = f"{self.file}: {missing}, which message {self.number} needs"
            raise ConfigurationError(text, missing.remedy) from missing
        return serialise(root)


def _append(parent: etree._Element, part: Part, telling: Telling) -> bool:
    """Write a part below ``parent``; return whether a fact is told in it. Raises Missing."""
    if part.when is not None and not part.when(telling):
        return False
    if part.text is not None:
        return _append_text(parent, part, part.text, telling)
    element = etree.SubElement(parent, part.tag)
    told, missing = False, None
    try:
        told = _fill(element, part, telling)
    except Missing as found:
        missing = found
    if part.optional and not (told or (missing is not None and missing.told)):
        parent.remove(element)
        return False
    if missing is not None:
        raise missing
    return told


def _fill(element: etree._Element, part: Part, telling: Telling) -> bool:
    """Write what stands in an element; return whether a fact is told. Raises Missing once everything was looked at."""
    told, missing = False, None
    try:
        told = _write_attributes(element, part, telling)
    except Missing as found:
        missing = found
    for child in part.below:
        try:
            told |= _append(element, child, telling)
        except Missing as found:
            missing = missing or found
            told |= found.told
    if missing is not None:
        missing.told = told
        raise missing
    return told


def _append_text(parent: etree._Element, part: Part, text: Text, telling: Telling) -> bool:
    written, told = _written(text, telling)
    if written is None:
        return False
    element = etree.SubElement(parent, part.tag)
    element.text = written
    return _write_attributes(element, part, telling) or told


def _write_attributes(element: etree._Element, part: Part, telling: Telling) -> bool:
    told_any = False
    for name, text in part.attributes:
        written, told = _written(text, telling)
        if written is not None:
            element.set(name, written)
        told_any |= told
    return told_any


def _written(text: Text, telling: Telling) -> tuple[str | None, bool]:
    """The text, None where it is left out; and whether it is a fact that is told."""
    if text.when is not None and not text.when(telling):
        return None, False
    if text.fact is None:
        return text.constant, False
    value = text.fact.look_up(telling)
    if value is None or value == "":
        if text.default is None and not text.optional:
            name = text.fact.name
            raise Missing(f"the answer has no {name}", "give it a `default`, or mark it `optional`")
        return text.default, False
    try:
        found = text.write(value)
    except ValueError as error:
        raise Missing(f"{text.fact.name}: {error}", "complete the table") from error
    found = NOT_IN_XML.sub("?", found)  # a head-end system may say it, and the answer must leave all the same
    return found[: text.longest] if text.longest else found, True
