"""From a validated document to what it asks for, as its mapping file says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import cast

from lxml import etree

from csire_bridge.domain.answers import AnswerKind
from csire_bridge.domain.bounds import out_of_bounds
from csire_bridge.domain.errors import Problem, ProblemCode, RuleBroken
from csire_bridge.domain.identifiers import MessageNumber
from csire_bridge.domain.messages import OrderRequest, Reading, RegistryUpdate, ResultNotice, SpecialNotice
from csire_bridge.domain.rules import MessageFacts
from csire_bridge.marked_yaml import FileProblem
from csire_bridge.xml.mapping.convert import PROBLEM_OF, Reader, field_types, reader_for, value_of
from csire_bridge.xml.mapping.loader import LoadedFile, raise_all
from csire_bridge.xml.mapping.model import FieldRule, InboundFile

__all__ = ["InboundMapping", "compile_inbound"]

_TARGETS: Mapping[str, type] = {
    "order": OrderRequest,
    "result": ResultNotice,
    "registry": RegistryUpdate,
    "special": SpecialNotice,
}
_PREFIX = "m"
_LITERALS = re.compile(r"'[^']*'|\"[^\"]*\"")
_PREFIXES = re.compile(r"([A-Za-z_][\w.-]*):(?!:)")


@dataclass(frozen=True)
class _Field:
    name: str
    rule: FieldRule
    paths: tuple[etree.XPath, ...]
    when: etree.XPath | None
    read: Reader


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

    def read(self, tree: etree._Element) -> Reading:
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
        reading = cast(Reading, self.target(**values))
        problems = [Problem(ProblemCode.VALUE, text, "send a value that holds") for _, text in out_of_bounds(reading)]
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
    """The field's value; None where the document does not tell it."""
    if field.when is not None and not _holds(field.when, tree):
        return None
    for path in field.paths:
        found = cast("list[etree._Element | str]", path(tree))  # text for an attribute or text()
        if found:
            return _converted(field, found[0], path)
    if field.rule.required:
        raise _FieldError(
            Problem(
                ProblemCode.MISSING,
                f"{field.paths[0].path} is missing, but needed here",
                "send the message with this element",
                path=field.paths[0].path,
            )
        )
    return None


def _converted(field: _Field, element: etree._Element | str, path: etree.XPath) -> object:
    text = (element if isinstance(element, str) else element.text or "").strip()
    try:
        return field.read(text)
    except (ValueError, ArithmeticError) as error:
        code = PROBLEM_OF.get(field.rule.conversion, ProblemCode.VALUE)
        raise _FieldError(Problem(code, str(error), "send a value that holds", path=path.path)) from error


def compile_inbound(loaded: LoadedFile) -> InboundMapping:
    """Compile an inbound file; raise ConfigurationError with every problem, each with line and key."""
    content = loaded.content
    assert isinstance(content, InboundFile)  # noqa: S101 - the caller sorts by direction
    problems: list[FileProblem] = []
    compiled = _Compiler(loaded, content, problems)
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
    raise_all(problems)
    return mapping


class _Compiler:
    def __init__(self, loaded: LoadedFile, content: InboundFile, problems: list[FileProblem]) -> None:
        self._loaded, self._content, self._problems = loaded, content, problems
        self._namespaces = {_PREFIX: content.namespace}
        self._types = field_types(_TARGETS[content.becomes])

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
            paths = [self._xpath((*key, "path"), path) for path in rule.path]
            when = self._xpath((*key, "when"), rule.when) if rule.when else None
            try:
                reader = reader_for(rule.conversion, rule.table, self._types[name])
            except ValueError as error:
                self._report((*key, "table" if rule.table else "as"), str(error))
                continue
            yield _Field(name, rule, tuple(p for p in paths if p is not None), when, reader)

    def rules(self) -> Iterator[_Refusal]:
        for index, rule in enumerate(self._content.rules):
            when = self._xpath(("rules", index, "when"), rule.when)
            if when is not None:
                yield _Refusal(when, rule.refuse, rule.remedy)

    def missing(self, mapping: InboundMapping) -> Iterator[FileProblem]:
        """Fields that the target can't do without must be set, or fed by a required rule."""
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

    def _xpath(self, key: tuple[str | int, ...], text: str) -> etree.XPath | None:
        """Compile and try an XPath: an unknown prefix or function would else show at the first message only."""
        strangers = sorted(set(_PREFIXES.findall(_LITERALS.sub("", text))) - {_PREFIX})
        if strangers:
            self._report(key, f"not an XPath: the prefix {', '.join(strangers)} is unknown, only {_PREFIX} is known")
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
