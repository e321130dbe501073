"""From the facts of an answer to a document, as its mapping file says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from lxml import etree

from csire_bridge.domain.answers import Answer
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import MessageNumber
from csire_bridge.domain.messages import Header
from csire_bridge.domain.rules import MessageFacts
from csire_bridge.marked_yaml import FileProblem
from csire_bridge.xml.envelope import TECHNICAL, build_envelope, envelope_texts
from csire_bridge.xml.mapping.convert import Writer, field_types, writer_for
from csire_bridge.xml.mapping.loader import LoadedFile, raise_all
from csire_bridge.xml.mapping.model import Group, Leaf, OutboundFile
from csire_bridge.xml.signature import serialise
from csire_bridge.xml.template import NOT_IN_XML, Template

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
    templates: dict[tuple[str, ...], Template[str]] = field(default_factory=dict, compare=False, repr=False)
    """What was written before, by the elements that it has."""

    @cached_property
    def leaves(self) -> tuple[_Leaf, ...]:
        """The elements of the payload that have a text, in their order."""
        return tuple(_leaves(self.payload))

    @property
    def nsmap(self) -> Mapping[str, str]:
        """The document's own namespace is the default one."""
        return cast("Mapping[str, str]", {None: self.namespace, "t": TECHNICAL})

    def write(self, header: Header, answer: Answer) -> bytes:
        """The document, unsigned; raises ConfigurationError when the file asks for what the answer lacks."""
        texts = envelope_texts(header)
        for leaf in self.leaves:
            text = self._text(leaf, answer)
            if text is not None:
                texts[leaf.path] = text
        kind = tuple(texts)
        template = self.templates.get(kind)
        if template is None:
            template = self.templates[kind] = Template.written(kind, self._written)
        return template.fill(texts)

    def _written(self, texts: Mapping[str, str]) -> bytes:
        """The document with these texts, element by element."""
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


def compile_outbound(loaded: LoadedFile) -> list[OutboundMapping]:
    """Compile an outbound file, one mapping per number; raise ConfigurationError with every problem."""
    content = loaded.content
    assert isinstance(content, OutboundFile)  # noqa: S101 - the caller sorts by direction
    problems: list[FileProblem] = []
    children = tuple(_compile(loaded, content.namespace, content.payload, ("payload",), problems))
    raise_all(problems)
    payload = _Branch(f"{{{content.namespace}}}Payload", children)
    numbers = [MessageNumber(n) for n in content.message]
    facts = MessageFacts(frozenset(numbers), content.type, inbound=False)
    return [
        OutboundMapping(loaded.marked.name, number, facts, content.namespace, content.root, payload)
        for number in numbers
    ]


def _compile(
    loaded: LoadedFile, namespace: str, group: Group, key: tuple[str, ...], problems: list[FileProblem]
) -> Iterator[_Leaf | _Branch]:
    for name, node in group.root.items():
        tag, here = f"{{{namespace}}}{name}", (*key, name)
        if not isinstance(node, Leaf):
            yield _Branch(tag, tuple(_compile(loaded, namespace, node, here, problems)))
            continue
        due = _ANSWER_TYPES.get(node.source)
        if due is None:
            problems.append(
                loaded.problem((*here, "from"), f"unknown value {node.source}; known are {', '.join(_ANSWER_TYPES)}")
            )
            continue
        try:
            yield _Leaf("/".join(here), tag, node, writer_for(node.conversion, node.table, due))
        except ValueError as error:
            problems.append(loaded.problem((*here, "table" if node.table else "as"), str(error)))


_ANSWER_TYPES = field_types(Answer)
