"""Reads a validated document into a request, as its mapping file says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import cast

from lxml import etree

from csire_bridge.config.files.marked_yaml import FileProblem
from csire_bridge.domain.bounds import out_of_bounds
from csire_bridge.domain.errors import Problem, ProblemCode, RuleBroken
from csire_bridge.domain.identifiers import MessageNumber
from csire_bridge.domain.message.answers import AnswerKind
from csire_bridge.domain.message.envelope_rules import MessageFacts
from csire_bridge.domain.message.message import OrderRequest, RegistryUpdate, Request, ResultNotice, SpecialNotice
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.xml.envelope import TECHNICAL
from csire_bridge.xml.mapping.convert import PROBLEM_OF, Reader, field_types, reader_for, value_of
from csire_bridge.xml.mapping.coverage import uncovered
from csire_bridge.xml.mapping.loader import LoadedFile, raise_all
from csire_bridge.xml.mapping.model import FieldRule, InboundFile, Several
from csire_bridge.xml.mapping.places import Follower, PathRefused, Place
from csire_bridge.xml.schema.shapes import Shape, ValueType

__all__ = ["InboundMapping", "compile_inbound"]

_TARGETS: Mapping[str, type] = {
    "order": OrderRequest,
    "result": ResultNotice,
    "registry": RegistryUpdate,
    "special": SpecialNotice,
}
_PREFIX, _ENVELOPE = "m", "t"
_NOT_KNOWN = ValueType(frozenset())
"""Of a path that was refused: then the conversion is only looked at by itself."""
_LITERALS = re.compile(r"'[^']*'|\"[^\"]*\"")
_PREFIXES = re.compile(r"([A-Za-z_][\w.-]*):(?!:)")


@dataclass(frozen=True)
class _Way:
    """One of the paths from which a field is read, with its conversion."""

    path: etree.XPath
    read: Reader


@dataclass(frozen=True)
class _Field:
    name: str
    rule: FieldRule
    ways: tuple[_Way, ...]
    when: etree.XPath | None


@dataclass(frozen=True)
class _Refusal:
    when: etree.XPath
    text: str
    remedy: str


@dataclass(frozen=True)
class InboundMapping:
    """A compiled mapping file: reads documents of one root element."""

    file: str
    facts: MessageFacts
    answers: Mapping[AnswerKind, MessageNumber]
    target: type
    constants: Mapping[str, object]
    fields: tuple[_Field, ...]
    rules: tuple[_Refusal, ...]

    @property
    def kinds(self) -> tuple[OrderKind, ...]:
        """The kinds of order that such a message may become."""
        kind = self.constants.get("kind")
        if self.target is not OrderRequest:
            return ()
        return (kind,) if isinstance(kind, OrderKind) else tuple(OrderKind)

    def read(self, tree: etree._Element) -> Request:
        """Read ``tree``; raise RuleBroken with every problem found, each with its path in the document."""
        problems = [self._refused(rule) for rule in self.rules if _holds(rule.when, tree)]
        values: dict[str, object] = dict(self.constants)
        for field in self.fields:
            try:
                value = _value(field, tree)
            except _FieldError as error:
                problems.append(error.problem)
            else:
                if value is not None:
                    values[field.name] = value
        if problems:
            raise RuleBroken(problems)
        reading = cast(Request, self.target(**values))
        problems = [Problem(ProblemCode.VALUE, text, "send a valid value") for _, text in out_of_bounds(reading)]
        if problems:
            raise RuleBroken(problems)
        return reading

    def _refused(self, rule: _Refusal) -> Problem:
        return Problem(ProblemCode.CONDITION, rule.text, rule.remedy, path=rule.when.path)


class _FieldError(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def _holds(condition: etree.XPath, tree: etree._Element) -> bool:
    return bool(condition(tree))


def _value(field: _Field, tree: etree._Element) -> object | None:
    """The field's value; None if the document does not have it."""
    if field.when is not None and not _holds(field.when, tree):
        return None
    for way in field.ways:
        found = cast("list[etree._Element | str]", way.path(tree))  # text for an attribute or text()
        if found:
            return _converted(field, _the_one(field, found, way), way)
    if field.rule.required:
        path = field.ways[0].path.path
        text = f"{path} is missing, but needed here"
        raise _FieldError(Problem(ProblemCode.MISSING, text, "send the message with this element", path=path))
    return None


def _the_one(field: _Field, found: list[etree._Element | str], way: _Way) -> etree._Element | str:
    """The value that counts of those found; raises _FieldError if the mapping file does not say which."""
    if len(found) > 1 and field.rule.several not in (Several.FIRST, Several.LAST):
        path = way.path.path
        text = f"{path} stands {len(found)} times, and nobody knows which one counts"
        raise _FieldError(Problem(ProblemCode.CONDITION, text, "send the message with one of them", path=path))
    return found[-1 if field.rule.several is Several.LAST else 0]


def _converted(field: _Field, element: etree._Element | str, way: _Way) -> object:
    try:
        return way.read(element if isinstance(element, str) else element.text or "")
    except (ValueError, ArithmeticError) as error:
        code = PROBLEM_OF.get(field.rule.conversion, ProblemCode.VALUE)
        raise _FieldError(Problem(code, str(error), "send a valid value", path=way.path.path)) from error


def compile_inbound(loaded: LoadedFile, shape: Shape) -> InboundMapping:
    """Compile an inbound file for documents of ``shape``; raise ConfigurationError with every problem.

    Each has its line and key. Every element of such a document must be read by the file or listed as ignored.
    """
    content = loaded.content
    assert isinstance(content, InboundFile)  # noqa: S101 - the caller sorts by direction
    problems: list[FileProblem] = []
    compiled = _Compiler(loaded, content, shape, problems)
    mapping = InboundMapping(
        file=loaded.marked.name,
        facts=MessageFacts(frozenset(MessageNumber(n) for n in content.message), content.type, inbound=True),
        answers={kind: MessageNumber(number) for kind, number in content.answers.items()},
        target=_TARGETS[content.becomes],
        constants=dict(compiled.constants()),
        fields=tuple(compiled.fields()),
        rules=tuple(compiled.rules()),
    )
    problems.extend(compiled.missing(mapping))
    problems.extend(uncovered(loaded, content, compiled.follower, compiled.read))
    raise_all(problems)
    return mapping


class _Compiler:
    def __init__(self, loaded: LoadedFile, content: InboundFile, shape: Shape, problems: list[FileProblem]) -> None:
        self._loaded, self._content, self._problems = loaded, content, problems
        self._namespaces = {**content.prefixes, _PREFIX: content.namespace, _ENVELOPE: TECHNICAL}
        self._types = field_types(_TARGETS[content.becomes])
        self.follower = Follower(shape, self._namespaces)
        self.read: set[tuple[str, ...]] = set()
        """The paths of everything that the file reads."""

    def constants(self) -> Iterator[tuple[str, object]]:
        for name, text in self._content.set.items():
            if self._known(("set", name), name):
                try:
                    yield name, value_of(self._types[name], text)
                except ValueError as error:
                    self._report(("set", name), str(error))

    def fields(self) -> Iterator[_Field]:
        for name, rule in self._content.fields.items():
            key = ("fields", name)
            if not self._known(key, name):
                continue
            ways = tuple(way for path in rule.path for way in self._ways(name, rule, path))
            when = self._condition((*key, "when"), rule.when) if rule.when else None
            yield _Field(name, rule, ways, when)

    def rules(self) -> Iterator[_Refusal]:
        for index, rule in enumerate(self._content.rules):
            when = self._condition(("rules", index, "when"), rule.when)
            if when is not None:
                yield _Refusal(when, rule.refuse, rule.remedy)

    def missing(self, mapping: InboundMapping) -> Iterator[FileProblem]:
        """Required fields of the target that are neither set nor read by a required rule."""
        rules = self._content.fields
        sure = set(self._content.set) | {name for name, rule in rules.items() if rule.required and rule.when is None}
        for field in fields(mapping.target):
            if field.default is MISSING and field.name not in sure:
                yield self._loaded.problem(("fields",), f"field {field.name} must be set, or fed with `required: true`")

    def _known(self, key: tuple[str, ...], name: str) -> bool:
        if name in self._types:
            return True
        self._report(key, f"unknown field; known are {', '.join(self._types)}")
        return False

    def _ways(self, name: str, rule: FieldRule, text: str) -> Iterator[_Way]:
        """The compiled paths, after checking that the schema has them and that their values can be converted."""
        key = ("fields", name)
        path = self._xpath((*key, "path"), text)
        place = None if path is None else self._place((*key, "path"), text)
        if place is not None and place.several and rule.several is None:
            self._report((*key, "path"), f"{text} may stand several times: say with `several` which one counts")
        value = _NOT_KNOWN if place is None else place.shape.value
        read = self._reader((*key, "table" if rule.table else "as"), name, rule, value)
        if path is not None and read is not None:
            yield _Way(path, read)

    def _place(self, key: tuple[str | int, ...], text: str) -> Place | None:
        """The place of a path in the schema; None if it is not exactly one."""
        try:
            places = self.follower.path(text, self._look_at)
        except PathRefused as error:
            self._report(key, f"{text}: {error}")
            return None
        for place in places:
            self._look_at(place)
        if len({place.path for place in places}) > 1:
            self._report(key, f"{text} may stand several times, in several places: write each of them as a path")
            return None
        return places[0]

    def _reader(self, key: tuple[str, ...], name: str, rule: FieldRule, value: ValueType | None) -> Reader | None:
        if value is None:
            self._report((*key[:-1], "path"), "there is no text to read: it holds other elements")
            return None
        if value.default is not None:
            self._report((*key[:-1], "path"), f"the schema has the default {value.default!r}, which is not read")
        try:
            return reader_for(rule.conversion, rule.table, self._types[name], value)
        except ValueError as error:
            self._report(key, str(error))
            return None

    def _condition(self, key: tuple[str | int, ...], text: str) -> etree.XPath | None:
        condition = self._xpath(key, text)
        if condition is not None:
            try:
                self.follower.condition(text, self._look_at)
            except PathRefused as error:
                self._report(key, f"{text}: {error}")
        return condition

    def _look_at(self, place: Place) -> None:
        if place.named:
            self.read.add(place.path)

    def _xpath(self, key: tuple[str | int, ...], text: str) -> etree.XPath | None:
        """Compile and try an XPath, so that an unknown prefix or function is found at start, not at the first
        message."""
        strangers = sorted(set(_PREFIXES.findall(_LITERALS.sub("", text))) - self._namespaces.keys())
        if strangers:
            known = ", ".join(self._namespaces)
            self._report(key, f"not an XPath: the prefix {', '.join(strangers)} is unknown; known are {known}")
            return None
        try:
            path = etree.XPath(text, namespaces=self._namespaces)
            found = path(etree.Element(f"{{{self._content.namespace}}}{self._content.root}"))
        except etree.XPathError as error:
            self._report(key, f"not an XPath: {error}")
            return None
        if key[-1] == "path" and not isinstance(found, list):
            self._report(key, "not a path: it gives a value and no element")
            return None
        return path

    def _report(self, key: tuple[str | int, ...], text: str) -> None:
        self._problems.append(self._loaded.problem(key, text))
