"""Writes an answer as a document, as its mapping file says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from lxml import etree

from csire_bridge.config.files.marked_yaml import FileProblem
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import MessageNumber
from csire_bridge.domain.message.answers import Answer
from csire_bridge.domain.message.envelope_rules import MessageFacts
from csire_bridge.domain.message.message import Header
from csire_bridge.xml.envelope import TECHNICAL, build_envelope, envelope_texts
from csire_bridge.xml.mapping.convert import Writer, field_types, writer_for
from csire_bridge.xml.mapping.loader import LoadedFile, raise_all
from csire_bridge.xml.mapping.model import Group, Leaf, OutboundFile
from csire_bridge.xml.mapping.places import Follower
from csire_bridge.xml.schema.shapes import Shape
from csire_bridge.xml.security.signature import serialise
from csire_bridge.xml.template import NOT_IN_XML

__all__ = ["OutboundMapping", "compile_outbound"]


@dataclass(frozen=True)
class _Leaf:
    path: str
    tag: str
    rule: Leaf
    write: Writer


@dataclass(frozen=True)
class _Branch:
    tag: str
    children: tuple[_Leaf | _Branch, ...]


@dataclass(frozen=True)
class OutboundMapping:
    """A compiled mapping file: writes documents of one message number."""

    file: str
    number: MessageNumber
    facts: MessageFacts
    namespace: str
    root: str
    payload: _Branch

    @cached_property
    def leaves(self) -> tuple[_Leaf, ...]:
        """The elements of the payload that have a text, in their order."""
        return tuple(_leaves(self.payload))

    @property
    def nsmap(self) -> Mapping[str, str]:
        """The document's own namespace is the default one."""
        return cast("Mapping[str, str]", {None: self.namespace, "t": TECHNICAL})

    def write(self, header: Header, answer: Answer) -> bytes:
        """The document, unsigned; raises ConfigurationError if the file requires a value that the answer lacks."""
        texts = envelope_texts(header)
        for leaf in self.leaves:
            text = self._text(leaf, answer)
            if text is not None:
                texts[leaf.path] = text
        root: etree._Element = etree.Element(f"{{{self.namespace}}}{self.root}", nsmap=self.nsmap)
        build_envelope(root, texts, namespace=self.namespace)
        _append(root, self.payload, texts)
        return serialise(root)

    def _text(self, leaf: _Leaf, answer: Answer) -> str | None:
        value = getattr(answer, leaf.rule.source)
        if value is None or value == "":
            if leaf.rule.default is not None:
                return leaf.rule.default
            if leaf.rule.optional:
                return None
            raise ConfigurationError(
                f"{self.file}: the answer has no {leaf.rule.source}, which message {self.number} needs",
                "give it a `default`, or mark it `optional`",
            )
        try:
            text = leaf.write(value)
        except ValueError as error:
            raise ConfigurationError(f"{self.file}: {leaf.rule.source}: {error}", "complete the table") from error
        text = NOT_IN_XML.sub("?", text)  # a head-end system may say it, and the answer must leave all the same
        return text[: leaf.rule.longest] if leaf.rule.longest else text


def _append(parent: etree._Element, node: _Leaf | _Branch, texts: Mapping[str, str]) -> None:
    if isinstance(node, _Branch):
        branch = etree.SubElement(parent, node.tag)
        for child in node.children:
            _append(branch, child, texts)
    elif node.path in texts:
        etree.SubElement(parent, node.tag).text = texts[node.path]


def _leaves(node: _Leaf | _Branch) -> Iterator[_Leaf]:
    if isinstance(node, _Branch):
        for child in node.children:
            yield from _leaves(child)
    else:
        yield node


def compile_outbound(loaded: LoadedFile, shape: Shape) -> list[OutboundMapping]:
    """Compile an outbound file for documents of ``shape``, one mapping per number.

    Raises ConfigurationError with every problem.
    """
    content = loaded.content
    assert isinstance(content, OutboundFile)  # noqa: S101 - the caller sorts by direction
    problems: list[FileProblem] = []
    children = tuple(_Compiler(loaded, content, shape, problems).payload())
    raise_all(problems)
    payload = _Branch(f"{{{content.namespace}}}Payload", children)
    numbers = [MessageNumber(n) for n in content.message]
    facts = MessageFacts(frozenset(numbers), content.type, inbound=False)
    return [
        OutboundMapping(loaded.marked.name, number, facts, content.namespace, content.root, payload)
        for number in numbers
    ]


class _Compiler:
    def __init__(self, loaded: LoadedFile, content: OutboundFile, shape: Shape, problems: list[FileProblem]) -> None:
        self._loaded, self._content, self._problems = loaded, content, problems
        self._shape = shape
        self._follower = Follower(shape, {"": content.namespace, "t": TECHNICAL})

    def payload(self) -> Iterator[_Leaf | _Branch]:
        shape = self._shape.below.get(self._tag("Payload"))
        if shape is None:
            self._report(("root",), "the schema has no element Payload in it, which is what a mapping file writes")
            return
        yield from self._group(self._content.payload, shape, ("payload",))

    def _group(self, group: Group, shape: Shape, key: tuple[str, ...]) -> Iterator[_Leaf | _Branch]:
        self._check_order(list(group.root), shape, key)
        for name, node in group.root.items():
            here, below = (*key, name), shape.below.get(self._tag(name))
            if below is None:
                nearest = self._follower.nearest(name, shape)
                self._report(here, f"the schema has no {name} there{nearest}")
            elif isinstance(node, Leaf):
                yield from self._leaf(node, below, here)
            elif not below.below:
                self._report(here, "the schema has no elements in it, but a text: say `from` where it comes from")
            else:
                yield _Branch(self._tag(name), tuple(self._group(node, below, here)))

    def _check_order(self, names: list[str], shape: Shape, key: tuple[str, ...]) -> None:
        """Check that every required element is there, in the schema's order."""
        order = {tag: index for index, tag in enumerate(shape.below)}
        written = [tag for name in names if (tag := self._tag(name)) in order]
        for tag, below in shape.below.items():
            if below.least and tag not in written:
                self._report(key, f"the schema needs {self._follower.shown([tag])} there")
        if shape.in_sequence and written != sorted(written, key=order.__getitem__):
            due = ", ".join(self._follower.shown([tag]) for tag in sorted(written, key=order.__getitem__))
            self._report(key, f"the schema has another order: {due}")

    def _leaf(self, leaf: Leaf, shape: Shape, key: tuple[str, ...]) -> Iterator[_Leaf]:
        due, value = _ANSWER_TYPES.get(leaf.source), shape.value
        if due is None:
            known = ", ".join(_ANSWER_TYPES)
            self._report((*key, "from"), f"unknown value {leaf.source}; known are {known}")
            return
        if value is None:
            self._report(key, "the schema has elements in it, and no text")
            return
        if leaf.optional and leaf.default is None and shape.least:
            self._report((*key, "optional"), "the schema needs this element: give it a `default`")
        if leaf.longest and value.longest and leaf.longest > value.longest:
            self._report((*key, "longest"), f"the schema allows {value.longest} characters")
        try:
            write = writer_for(leaf.conversion, leaf.table, due, value)
        except ValueError as error:
            self._report((*key, "table" if leaf.table else "as"), str(error))
            return
        yield _Leaf("/".join(key), self._tag(key[-1]), leaf, write)

    def _tag(self, name: str) -> str:
        return f"{{{self._content.namespace}}}{name}"

    def _report(self, key: tuple[str, ...], text: str) -> None:
        self._problems.append(self._loaded.problem(key, text))


_ANSWER_TYPES = field_types(Answer)
