"""Compiles an inbound mapping file against the schema of its documents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, replace

from lxml import etree

from csire_bridge.config.files.marked_yaml import FileProblem
from csire_bridge.config.files.own_words import nearest
from csire_bridge.domain.identifiers import MessageNumber, MeterNumber
from csire_bridge.domain.message.answers import AnswerKind
from csire_bridge.domain.message.message import (
    OrderRequest,
    RegistryUpdate,
    ResultNotice,
    SpecialNotice,
)
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.xml.envelope import TECHNICAL
from csire_bridge.xml.mapping.checks.coverage import uncovered
from csire_bridge.xml.mapping.checks.places import ALWAYS_KNOWN, Follower, PathRefused, Place
from csire_bridge.xml.mapping.checks.xpath_words import why_no_xpath
from csire_bridge.xml.mapping.convert import Reader, field_types, reader_for, value_of
from csire_bridge.xml.mapping.defaults import Defaults
from csire_bridge.xml.mapping.incoming.expressions import work_out
from csire_bridge.xml.mapping.incoming.fields import Field, Way, values_of
from csire_bridge.xml.mapping.incoming.inbound import InboundMapping, Refusal
from csire_bridge.xml.mapping.loader import LoadedFile, LoadedTechnical, raise_all
from csire_bridge.xml.mapping.model import Conversion, FieldRule, InboundFile, OutboundFile, Pair
from csire_bridge.xml.mapping.outgoing.facts import HEADER_TYPES
from csire_bridge.xml.mapping.technical import HeaderReader, missing_fields
from csire_bridge.xml.schema.shapes import Shape, ValueType

__all__ = ["compile_header", "compile_inbound", "order_kinds"]

_TARGETS: Mapping[str, type] = {
    "order": OrderRequest,
    "result": ResultNotice,
    "registry": RegistryUpdate,
    "special": SpecialNotice,
}
_PREFIX, _ENVELOPE = "m", "t"
_NOT_KNOWN = ValueType(frozenset())
"""Of a path that was refused: then the conversion is only looked at by itself."""
_NAMES = re.compile(r"[\w.-]+(:[\w.-]+)?(/[\w.-]+(:[\w.-]+)?)*")
_LITERALS = re.compile(r"'[^']*'|\"[^\"]*\"")
_PREFIXES = re.compile(r"([A-Za-z_][\w.-]*):(?!:)")


def compile_header(loaded: LoadedFile, technical: LoadedTechnical, shape: Shape) -> HeaderReader:
    """The reader of the header of documents of ``shape``; raises ConfigurationError with every problem."""
    problems: list[FileProblem] = []
    compiled = _Compiler(loaded, loaded.content, shape, problems)
    fields = tuple(compiled.header(technical))
    raise_all(problems)
    return HeaderReader(loaded.facts, Defaults.of(shape), lambda tree, wrong: values_of(fields, tree, {}, wrong))


def compile_inbound(loaded: LoadedFile, shape: Shape, technical: LoadedTechnical | None = None) -> InboundMapping:
    """Compile an inbound file for documents of ``shape``; raise ConfigurationError with every problem.

    Each has its line and key. Every element of such a document must be read by the file or listed as ignored.
    """
    content = loaded.content
    assert isinstance(content, InboundFile)  # noqa: S101 - the caller sorts by direction
    problems: list[FileProblem] = []
    compiled = _Compiler(loaded, content, shape, problems)
    if technical is not None:
        list(compiled.header(technical))  # what it reads needs no line in this file
    kinds = order_kinds(content)
    mapping = InboundMapping(
        file=loaded.marked.name,
        facts=loaded.facts,
        answers={kind: _numbers(content.answers_to(kind)) for kind in kinds},
        target=_TARGETS[content.becomes],
        constants=dict(compiled.constants()),
        kinds=kinds,
        fields=tuple(compiled.fields()),
        kept=tuple(compiled.kept()),
        rules=tuple(compiled.rules()),
        defaults=Defaults.of(shape),
        each=compiled.each,
        partly=content.partly,
        kept_types=tuple(compiled.kept_types.items()),
    )
    problems.extend(compiled.missing(mapping))
    problems.extend(uncovered(loaded, content, compiled.follower, compiled.read, technical))
    raise_all(problems)
    return mapping


def order_kinds(content: InboundFile) -> tuple[OrderKind, ...]:
    """The kinds of order that such a message may become."""
    rule = content.fields.get("kind")
    told = {content.set.get("kind")} | set(rule.table.values() if rule and rule.table else ())
    return tuple(kind for kind in OrderKind if content.becomes == "order" and kind in told)


def _numbers(pair: Pair) -> Mapping[AnswerKind, MessageNumber]:
    return {kind: MessageNumber(number) for kind, number in pair.items()}


class _Compiler:
    def __init__(
        self, loaded: LoadedFile, content: InboundFile | OutboundFile, shape: Shape, problems: list[FileProblem]
    ) -> None:
        self._loaded: LoadedFile | LoadedTechnical = loaded
        self._file, self._problems = content, problems
        self._namespaces = {**ALWAYS_KNOWN, **content.prefixes, _PREFIX: content.namespace, _ENVELOPE: TECHNICAL}
        self.follower = Follower(shape, self._namespaces)
        self.read: set[tuple[str, ...]] = set()
        """The paths of everything that the file reads."""
        self._item: re.Pattern[str] | None = None
        self.each: etree.XPath | None = None
        self._types: dict[str, type] = {}
        self.kept_types: dict[str, ValueType] = {}
        """What the schema says of the facts that the answers repeat."""
        if isinstance(content, InboundFile):
            self._begin(content)

    def _begin(self, content: InboundFile) -> None:
        types = field_types(_TARGETS[content.becomes])
        self._types = {name: kind for name, kind in types.items() if name not in ("kept", "item")}
        if content.becomes == "order":
            self._types["meter_number"] = MeterNumber
        self.each = None if content.each is None else self._each(content.each)

    @property
    def _content(self) -> InboundFile:
        assert isinstance(self._file, InboundFile)  # noqa: S101 - of an outbound file only the header is read
        return self._file

    def header(self, technical: LoadedTechnical) -> Iterator[Field]:
        """The fields of the header, read as the file of the envelope says."""
        ours, prefixes, item = self._loaded, self._namespaces, self._item
        self._loaded, self._item = technical, None
        self._namespaces = {**technical.content.prefixes, **prefixes}
        self.follower = replace(self.follower, prefixes=self._namespaces)
        for name in missing_fields(technical.content, self._file.message):
            self._report(("read",), f"{name} must be read, with `required: true`")
        for name, rule in technical.content.read.items():
            if name in HEADER_TYPES:
                yield self._field(("read", name), name, rule, HEADER_TYPES[name])
            else:
                known = ", ".join(HEADER_TYPES)
                self._report(("read", name), f"unknown field {name}{nearest(name, HEADER_TYPES)}; known are {known}")
        self._loaded, self._namespaces, self._item = ours, prefixes, item
        self.follower = replace(self.follower, prefixes=prefixes)

    def _each(self, text: str) -> etree.XPath | None:
        """The items of a list; from here on, paths into it are those of one item."""
        if self._content.becomes != "order":
            self._report(("each",), "only a message that becomes orders has a list of them")
        if not _NAMES.fullmatch(text):
            self._report(("each",), f"{text}: write the names down to the items, without conditions")
            return None
        path, place = self._xpath(("each",), text), self._place(("each",), text)
        if path is None or place is None:
            return None
        self._item = re.compile(rf"(?<![\w/:.@-]){re.escape(text)}(?![\w:.-])")
        self.follower = Follower(self.follower.root, self._namespaces, place.path)
        rule = self._content.fields.get("process_instance")
        if rule is None or not all(self._item.search(source) for source in rule.sources):
            text = f"each item needs a process instance of its own: read it below {text}"
            self._report(("fields", "process_instance"), text)
        return path

    def constants(self) -> Iterator[tuple[str, object]]:
        for name, text in self._content.set.items():
            if self._known(("set", name), name):
                try:
                    yield name, value_of(self._types[name], text)
                except ValueError as error:
                    self._report(("set", name), str(error))

    def fields(self) -> Iterator[Field]:
        for name, rule in self._content.fields.items():
            if self._known(("fields", name), name):
                yield self._field(("fields", name), name, rule, self._types[name])

    def kept(self) -> Iterator[Field]:
        """What the answers repeat, all of it as text."""
        if self._content.keep and self._content.becomes != "order":
            self._report(("keep",), "what is kept is for answers, and only an order has answers")
            return
        for name, rule in self._content.keep.items():
            yield self._field(("keep", name), name, rule, str)

    def _field(self, key: tuple[str, ...], name: str, rule: FieldRule, due: type) -> Field:
        if rule.path is not None:
            ways = tuple(way for path in rule.path for way in self._ways(key, rule, path, due))
        else:
            ways = tuple(way for value in rule.sources for way in self._worked_out(key, rule, value, due))
        when = self._condition((*key, "when"), rule.when) if rule.when else None
        return Field(name, ways, rule.required, rule.several, when)

    def rules(self) -> Iterator[Refusal]:
        for index, rule in enumerate(self._content.rules):
            when = self._condition(("rules", index, "when"), rule.when)
            if when is not None:
                yield Refusal(when, rule.when, rule.refuse, rule.remedy)

    def missing(self, mapping: InboundMapping) -> Iterator[FileProblem]:
        """Required fields of the target that are neither set nor read by a required rule."""
        rules = self._content.fields
        sure = set(self._content.set) | {name for name, rule in rules.items() if rule.required and rule.when is None}
        either = "meter_number" in sure or {"meter_number", "metering_point"} <= rules.keys()
        by_meter = self._content.becomes == "order" and either
        for field in fields(mapping.target):
            if field.name == "metering_point" and by_meter:
                continue
            if field.default is MISSING and field.name not in sure:
                yield self._loaded.problem(("fields",), f"field {field.name} must be set, or fed with `required: true`")

    def _known(self, key: tuple[str, ...], name: str) -> bool:
        if name in self._types:
            return True
        self._report(key, f"unknown field {name}{nearest(name, self._types)}; known are {', '.join(self._types)}")
        return False

    def _ways(self, key: tuple[str, ...], rule: FieldRule, text: str, due: type) -> Iterator[Way]:
        """The compiled path, after checking that the schema has it and that its value can be converted."""
        path = self._xpath((*key, "path"), text)
        place = None if path is None else self._place((*key, "path"), text)
        if place is not None and place.several and rule.several is None:
            self._report((*key, "path"), f"{text} may stand several times: say with `several` which one counts")
        read = self._reader(key, rule, due, _NOT_KNOWN if place is None else place.shape.value)
        if path is not None and read is not None:
            yield Way(text, path, read[1], read[0])

    def _worked_out(self, key: tuple[str, ...], rule: FieldRule, text: str, due: type) -> Iterator[Way]:
        """The compiled value, after checking that the schema has what it reads."""
        here = (*key, "value")
        if self._xpath(here, text) is None:
            return
        try:
            find, value = work_out(text, self.follower, self._look_at, self._compiled)
        except PathRefused as error:
            self._report(here, f"{text}: {error}")
            return
        read = self._reader(key, rule, due, value)
        if read is not None:
            yield Way(text, find, read[1], read[0])

    def _compiled(self, text: str) -> etree.XPath:
        """The XPath; where the file reads a list, its items are those of the variable ``item``."""
        within = text if self._item is None else self._item.sub("$item", text)
        return etree.XPath(within, namespaces=self._namespaces)

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

    def _reader(
        self, key: tuple[str, ...], rule: FieldRule, due: type, value: ValueType | None
    ) -> tuple[Conversion, Reader] | None:
        if key[0] == "keep" and value is not None:
            self.kept_types.setdefault(key[1], value)
        if value is None:
            self._report((*key, "path"), "there is no text to read: it holds other elements")
            return None
        try:
            return reader_for(rule.conversion, rule.table, due, value)
        except ValueError as error:
            self._report((*key, "table" if rule.table else "as"), str(error))
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
            told = f"the prefix {', '.join(strangers)} is unknown; known are {known}: declare it under `prefixes`"
            self._report(key, told)
            return None
        try:
            path = self._compiled(text)
            root = etree.Element(f"{{{self._file.namespace}}}{self._file.root}")
            found = path(root) if self._item is None else path(root, item=[root])
        except etree.XPathError:
            self._report(key, f"{text}: {why_no_xpath(text)}")
            return None
        if key[-1] == "path" and not isinstance(found, list):
            self._report(key, "not a path: it gives a value and no element")
            return None
        return path

    def _report(self, key: tuple[str | int, ...], text: str) -> None:
        self._problems.append(self._loaded.problem(key, text))
