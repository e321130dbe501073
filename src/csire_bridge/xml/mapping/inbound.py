"""Reads a validated document into a request, as its mapping file says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import cast

from lxml import etree

from csire_bridge.config.files.marked_yaml import FileProblem
from csire_bridge.config.files.own_words import nearest
from csire_bridge.domain.bounds import out_of_bounds
from csire_bridge.domain.errors import Problem, ProblemCode, RuleBroken
from csire_bridge.domain.identifiers import MessageNumber, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.answers import AnswerKind
from csire_bridge.domain.message.envelope_rules import MessageFacts
from csire_bridge.domain.message.message import (
    OrderList,
    OrderRequest,
    RegistryUpdate,
    Request,
    ResultNotice,
    SpecialNotice,
)
from csire_bridge.domain.order.kept import LONGEST_KEPT, RELEASE, Kept
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.xml.envelope import TECHNICAL
from csire_bridge.xml.mapping.convert import PROBLEM_OF, Reader, field_types, reader_for, value_of
from csire_bridge.xml.mapping.coverage import uncovered
from csire_bridge.xml.mapping.defaults import Defaults
from csire_bridge.xml.mapping.expressions import Finder, work_out
from csire_bridge.xml.mapping.facts import HEADER_TYPES
from csire_bridge.xml.mapping.loader import LoadedFile, LoadedTechnical, raise_all
from csire_bridge.xml.mapping.model import Conversion, FieldRule, InboundFile, OutboundFile, Pair, Several
from csire_bridge.xml.mapping.places import ALWAYS_KNOWN, XSI, Follower, PathRefused, Place
from csire_bridge.xml.mapping.technical import HeaderReader, missing_fields
from csire_bridge.xml.mapping.xpath_words import why_no_xpath
from csire_bridge.xml.schema.shapes import Shape, ValueType

__all__ = ["Field", "InboundMapping", "PointOf", "compile_header", "compile_inbound", "no_registry", "order_kinds"]

_TARGETS: Mapping[str, type] = {
    "order": OrderRequest,
    "result": ResultNotice,
    "registry": RegistryUpdate,
    "special": SpecialNotice,
}
_PREFIX, _ENVELOPE = "m", "t"
_NOT_KNOWN = ValueType(frozenset())
"""Of a path that was refused: then the conversion is only looked at by itself."""
_MOST_ITEMS = 1000
_NAMES = re.compile(r"[\w.-]+(:[\w.-]+)?(/[\w.-]+(:[\w.-]+)?)*")
_Item = Mapping[str, list[etree._Element]]
"""The item of a list that is read, as XPath's variable ``item``; empty where there is no list."""
PointOf = Callable[[MeterNumber, MeteringPointCode | None], MeteringPointCode]
"""The point of an order that names a meter, and perhaps a point."""


def no_registry(meter: MeterNumber, named: MeteringPointCode | None) -> MeteringPointCode:
    """A point of zeros if none is named, where a file is looked at without a registry."""
    return named or MeteringPointCode("0" * 18)


_NIL, _TRUE = f"{{{XSI}}}nil", ("true", "1")
_LITERALS = re.compile(r"'[^']*'|\"[^\"]*\"")
_PREFIXES = re.compile(r"([A-Za-z_][\w.-]*):(?!:)")


@dataclass(frozen=True)
class _Way:
    """One of the places from which a field is read, or one of the values that are worked out, with its conversion."""

    text: str
    find: Finder
    read: Reader
    conversion: Conversion


@dataclass(frozen=True)
class Field:
    """One field of what is read, and the ways in which it is found, in their order."""

    name: str
    ways: tuple[_Way, ...]
    required: bool
    several: Several | None
    when: Finder | None


@dataclass(frozen=True)
class _Refusal:
    when: Finder
    condition: str
    text: str
    remedy: str


@dataclass(frozen=True)
class InboundMapping:
    """A compiled mapping file: reads documents of one root element."""

    file: str
    facts: MessageFacts
    answers: Mapping[OrderKind, Mapping[AnswerKind, MessageNumber]]
    target: type
    constants: Mapping[str, object]
    kinds: tuple[OrderKind, ...]
    fields: tuple[Field, ...]
    kept: tuple[Field, ...]
    rules: tuple[_Refusal, ...]
    defaults: Defaults
    each: etree.XPath | None = None
    partly: bool = False
    kept_types: tuple[tuple[str, ValueType], ...] = ()

    def read(self, tree: etree._Element, point_of: PointOf = no_registry) -> Request:
        """Read ``tree``; raise RuleBroken with every problem found, each with its path in the document.

        ``point_of`` finds or checks the point of an order that names its meter; it raises RuleBroken.
        """
        tree = self.defaults.filled(tree)
        if self.each is None:
            return self._one(tree, {}, {}, point_of)
        return self._list(tree, cast("list[etree._Element]", self.each(tree)), point_of)

    def looked_up(self, tree: etree._Element) -> Iterator[tuple[int, Iterator[tuple[Field, object]]]]:
        """Each field with its value, None, or the problem with it; for each item of a list, from 1 (0: no list)."""
        tree = self.defaults.filled(tree)
        items = [] if self.each is None else cast("list[etree._Element]", self.each(tree))
        places: list[tuple[int, _Item]] = [(place, {"item": [item]}) for place, item in enumerate(items, 1)]
        for place, item in places or [(0, {})]:
            yield place, ((field, _outcome(field, tree, item)) for field in (*self.fields, *self.kept))

    def _list(self, tree: etree._Element, items: list[etree._Element], point_of: PointOf) -> OrderList:
        """The orders of a list, and what is wrong with the other items."""
        if not 1 <= len(items) <= _MOST_ITEMS:
            text = f"the message has {len(items)} items, and 1 to {_MOST_ITEMS} are taken in one"
            raise RuleBroken([Problem(ProblemCode.CONDITION, text, "send as many as that in a message")])
        orders: dict[ProcessInstanceId | None, OrderRequest] = {}
        refused: list[Problem] = []
        for place, item in enumerate(items, 1):
            try:
                order = cast(OrderRequest, self._one(tree, {"item": [item]}, {"item": place}, point_of))
            except RuleBroken as broken:
                refused += [replace(one, text=f"item {place}: {one.text}") for one in broken.problems]
                continue
            first = orders.setdefault(order.process_instance, order)
            if first is not order:
                text = f"item {place}: it has the process instance of item {first.item}, which counts"
                refused.append(Problem(ProblemCode.PROCESS_REUSED, text, "give each item a process instance"))
        return OrderList(tuple(orders.values()), tuple(refused), self.partly)

    def _one(self, tree: etree._Element, item: _Item, more: Mapping[str, object], point_of: PointOf) -> Request:
        problems = [self._refused(rule) for rule in self.rules if _holds(rule.when, tree, item)]
        values: dict[str, object] = {**self.constants, **_values(self.fields, tree, item, problems), **more}
        if self.kept or (self.facts.release and self.target is OrderRequest):
            values["kept"] = _kept(_values(self.kept, tree, item, problems), self.facts.release)
        if problems:
            raise RuleBroken(problems)
        meter = values.pop("meter_number", None) if self.target is OrderRequest else None
        if meter is None and self.target is OrderRequest and "metering_point" not in values:
            text = "the order names neither a metering point nor a meter"
            raise RuleBroken([Problem(ProblemCode.MISSING, text, "send the order with its metering point")])
        if meter is not None:
            named = cast("MeteringPointCode | None", values.get("metering_point"))
            values["metering_point"] = point_of(cast(MeterNumber, meter), named)
        reading = cast(Request, self.target(**values))
        problems = [Problem(ProblemCode.VALUE, text, "send a valid value") for _, text in out_of_bounds(reading)]
        if problems:
            raise RuleBroken(problems)
        return reading

    def _refused(self, rule: _Refusal) -> Problem:
        return Problem(ProblemCode.CONDITION, rule.text, rule.remedy, path=rule.condition)


class _FieldError(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def _values(rules: Sequence[Field], tree: etree._Element, item: _Item, problems: list[Problem]) -> dict[str, object]:
    """The value of each field that the document has; what is wrong with the others is added to ``problems``."""
    values: dict[str, object] = {}
    for field in rules:
        try:
            value = _value(field, tree, item)
        except _FieldError as error:
            problems.append(error.problem)
        else:
            if value is not None:
                values[field.name] = value
    return values


def _outcome(field: Field, tree: etree._Element, item: _Item) -> object:
    try:
        return _value(field, tree, item)
    except _FieldError as error:
        return error.problem


def _kept(texts: Mapping[str, object], release: str | None) -> Kept | None:
    told = {name: str(text)[:LONGEST_KEPT] for name, text in texts.items()}
    return Kept.of(told | ({RELEASE: release} if release else {})) if told or release else None


def _holds(condition: Finder, tree: etree._Element, item: _Item) -> bool:
    return bool(condition(tree, **item))


def _value(field: Field, tree: etree._Element, item: _Item) -> object | None:
    """The field's value: of the first way that finds a text. None if the document does not have it."""
    if field.when is not None and not _holds(field.when, tree, item):
        return None
    empty: _Way | None = None
    for way in field.ways:
        text = _text(field, way, tree, item)
        if text:
            return _converted(way, text)
        if text is not None and empty is None:
            empty = way
    if empty is not None:
        return _converted(empty, "")
    if field.required:
        path = field.ways[0].text
        text = f"{path} is missing, but needed here"
        raise _FieldError(Problem(ProblemCode.MISSING, text, "send the message with this element", path=path))
    return None


def _text(field: Field, way: _Way, tree: etree._Element, item: _Item) -> str | None:
    """What is written there; None if nothing is there, or if it says that it has no value (``xsi:nil``)."""
    try:
        found = way.find(tree, **item)
    except (ValueError, ArithmeticError) as error:
        raise _FieldError(_invalid(way, error)) from error
    if not isinstance(found, list):
        return cast("str | None", found)
    if not found:
        return None
    one = _the_one(field, found, way)
    if isinstance(one, str):
        return one
    return one.text or (None if one.get(_NIL) in _TRUE else "")


def _the_one(field: Field, found: list[etree._Element | str], way: _Way) -> etree._Element | str:
    """The value that counts of those found; raises _FieldError if the mapping file does not say which."""
    if len(found) > 1 and field.several not in (Several.FIRST, Several.LAST):
        text = f"{way.text} stands {len(found)} times, and nobody knows which one counts"
        raise _FieldError(Problem(ProblemCode.CONDITION, text, "send the message with one of them", path=way.text))
    return found[-1 if field.several is Several.LAST else 0]


def _converted(way: _Way, text: str) -> object:
    try:
        return way.read(text)
    except (ValueError, ArithmeticError) as error:
        raise _FieldError(_invalid(way, error)) from error


def _invalid(way: _Way, error: Exception) -> Problem:
    text = "it is divided by zero" if isinstance(error, ZeroDivisionError) else str(error)
    return Problem(PROBLEM_OF.get(way.conversion, ProblemCode.VALUE), text, "send a valid value", path=way.text)


def compile_header(loaded: LoadedFile, technical: LoadedTechnical, shape: Shape) -> HeaderReader:
    """The reader of the header of documents of ``shape``; raises ConfigurationError with every problem."""
    problems: list[FileProblem] = []
    compiled = _Compiler(loaded, loaded.content, shape, problems)
    fields = tuple(compiled.header(technical))
    raise_all(problems)
    return HeaderReader(loaded.facts, Defaults.of(shape), lambda tree, wrong: _values(fields, tree, {}, wrong))


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

    def rules(self) -> Iterator[_Refusal]:
        for index, rule in enumerate(self._content.rules):
            when = self._condition(("rules", index, "when"), rule.when)
            if when is not None:
                yield _Refusal(when, rule.when, rule.refuse, rule.remedy)

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

    def _ways(self, key: tuple[str, ...], rule: FieldRule, text: str, due: type) -> Iterator[_Way]:
        """The compiled path, after checking that the schema has it and that its value can be converted."""
        path = self._xpath((*key, "path"), text)
        place = None if path is None else self._place((*key, "path"), text)
        if place is not None and place.several and rule.several is None:
            self._report((*key, "path"), f"{text} may stand several times: say with `several` which one counts")
        read = self._reader(key, rule, due, _NOT_KNOWN if place is None else place.shape.value)
        if path is not None and read is not None:
            yield _Way(text, path, read[1], read[0])

    def _worked_out(self, key: tuple[str, ...], rule: FieldRule, text: str, due: type) -> Iterator[_Way]:
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
            yield _Way(text, find, read[1], read[0])

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
