"""All mapping files together, checked against each other and against the schemas at start-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol, TypeVar

from lxml import etree

from csire_bridge.config.files.own_words import nearest
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ConfigurationError, NotValid, Problem, ProblemCode
from csire_bridge.domain.identifiers import MessageNumber
from csire_bridge.domain.message.answers import Answer, AnswerKind, answer_of, possible_answers
from csire_bridge.domain.message.envelope_rules import MessageFacts
from csire_bridge.domain.message.message import Header
from csire_bridge.domain.message.refusals import Claims
from csire_bridge.domain.order.deadlines import class_of
from csire_bridge.domain.order.order import Order, OrderKind
from csire_bridge.domain.order.requests.operators_own import is_operators_own
from csire_bridge.xml.envelope import read_claims, read_header
from csire_bridge.xml.mapping.incoming.inbound import InboundMapping
from csire_bridge.xml.mapping.incoming.inbound_compiler import compile_header, compile_inbound, order_kinds
from csire_bridge.xml.mapping.loader import LoadedFile, LoadedTechnical, load_file, merged_files, raise_all
from csire_bridge.xml.mapping.model import InboundFile, OutboundFile
from csire_bridge.xml.mapping.outgoing.facts import kept_names
from csire_bridge.xml.mapping.outgoing.outbound import OutboundMapping
from csire_bridge.xml.mapping.outgoing.outbound_compiler import compile_outbound
from csire_bridge.xml.mapping.outgoing.rehearsal import Ends, Judge, unwritable
from csire_bridge.xml.mapping.outgoing.requests import possible_requests
from csire_bridge.xml.mapping.technical import HeaderReader
from csire_bridge.xml.schema.shapes import Shapes

__all__ = ["MappingBook"]

_A = TypeVar("_A")
_R = TypeVar("_R")
_ANYBODY = Ends()


class _Catalogue(Judge, Protocol):
    def namespaces(self) -> Mapping[str, str]: ...
    def root_names(self, namespace: str) -> frozenset[str]: ...
    def shapes(self, namespaces: Iterable[str]) -> Shapes: ...


class MappingBook:
    """Finds the mapping of a document by its root element, and of an answer by its number."""

    def __init__(
        self, search_path: Sequence[Path], catalogue: _Catalogue, ends: Ends = _ANYBODY, draft: Path | None = None
    ) -> None:
        """Load every file; raise ConfigurationError that lists everything wrong in all of them.

        ``ends`` are the parties of our answers. ``draft`` is a file that stands in the place of the
        one of its name, or beside all others.
        """
        self._inbound: dict[str, InboundMapping] = {}
        self._outbound: dict[MessageNumber, dict[str | None, OutboundMapping]] = {}
        self._started: dict[str, MessageNumber] = {}
        self._facts: dict[str, MessageFacts] = {}
        self._readers: dict[str, str] = {}
        failures: list[str] = []
        found = [loaded for file in merged_files(search_path, draft) if (loaded := _tried(load_file, file, failures))]
        files = [loaded for loaded in found if isinstance(loaded, LoadedFile)]
        self._technical = {one.content.technical: one for one in found if isinstance(one, LoadedTechnical)}
        self._headers: dict[str, HeaderReader] = {}
        known = {f.content.namespace for f in files if f.content.root in catalogue.root_names(f.content.namespace)}
        shapes = catalogue.shapes(known)
        add = partial(self._add, catalogue, shapes)
        answering = [loaded for loaded in files if _tried(add, loaded, failures)]
        failures += dict.fromkeys(self._unanswerable(answering))
        if not failures:
            failures += self._unwritable(answering, catalogue, ends)
        if failures:
            raise ConfigurationError("\n".join(failures), "correct the mapping files; see docs/mappings.md")

    def _add(self, catalogue: _Catalogue, shapes: Shapes, loaded: LoadedFile) -> LoadedFile:
        content = loaded.content
        tag = f"{{{content.namespace}}}{content.root}"
        if content.root not in catalogue.root_names(content.namespace):
            raise_all([loaded.problem(("root",), f"no schema declares the element {tag}{_near(content, catalogue)}")])
        if tag in self._facts:
            other = self._readers[tag]
            raise_all([loaded.problem(("root",), f"another mapping file already reads {tag}: {other}")])
        self._readers[tag] = loaded.marked.name
        shape = shapes.of(content.namespace, content.root)
        technical = self._envelope_of(loaded)
        if technical is not None:
            self._headers[tag] = compile_header(loaded, technical, shape)
        if isinstance(content, InboundFile):
            self._inbound[tag] = compiled = compile_inbound(loaded, shape, technical)
            self._facts[tag] = compiled.facts
        else:
            twice = [n for n in map(MessageNumber, content.message) if content.release in self._outbound.get(n, {})]
            if twice:
                other = self._outbound[twice[0]][content.release].file
                text = f"another mapping file already builds message {', '.join(twice)}: {other}"
                raise_all([loaded.problem(("message",), text)])
            self._start(loaded, content)
            for mapping in compile_outbound(loaded, shape, technical):
                self._outbound.setdefault(mapping.number, {})[content.release] = mapping
                self._facts[tag] = mapping.facts
        return loaded

    def _envelope_of(self, loaded: LoadedFile) -> LoadedTechnical | None:
        """The file of the envelope that a file names; None for that of CSIRE."""
        name = loaded.content.technical
        if name is None:
            return None
        if name not in self._technical:
            known = ", ".join(sorted(self._technical)) or "none"
            text = f"no file describes the envelope {name}{nearest(name, self._technical)}; there are {known}"
            raise_all([loaded.problem(("technical",), text)])
        return self._technical[name]

    def header(self, tree: etree._Element) -> Header:
        """The header of a document that its schema has accepted; raises NotValid, RuleBroken."""
        reader = self._headers.get(str(tree.tag))
        return read_header(tree) if reader is None else reader.read(tree)

    def claims(self, tree: etree._Element) -> Claims:
        """What a document says of itself, for people who look at a refused one."""
        reader = self._headers.get(str(tree.tag))
        return read_claims(tree) if reader is None else reader.claims(tree)

    def _start(self, loaded: LoadedFile, content: OutboundFile) -> None:
        """Note of which orders the message tells, if the operator starts it."""
        if content.tells is None:
            return
        known = self._started.get(content.tells, content.message[0])
        if known != content.message[0] or len(content.message) > 1:
            raise_all([loaded.problem(("tells",), f"one message tells of {content.tells}, not several")])
        self._started[content.tells] = MessageNumber(content.message[0])

    def _unanswerable(self, answering: Sequence[LoadedFile]) -> Iterator[str]:
        """Answers that nobody builds, or that repeat what the file of their request does not keep."""
        for loaded, content, kind, answer, number in _answers_due(answering):
            by_kind = any(isinstance(key, OrderKind) for key in content.answers)
            key = ("answers", kind, answer) if by_kind else ("answers", answer)
            writer = self._answering(number, content.release)
            if writer is None:
                yield str(loaded.problem(key, self._nobody_builds(number, content.release)))
                continue
            for name in sorted(kept_names(writer.uses)):
                if name not in content.keep:
                    known = ", ".join(content.keep) or "nothing"
                    text = f"message {number} repeats kept.{name}, and this file keeps {known}: enter it under `keep`"
                    yield str(loaded.problem(key, text))

    def _unwritable(self, answering: Sequence[LoadedFile], catalogue: Judge, ends: Ends) -> Iterator[str]:
        """Problems with answers that orders may need: each variant is built once at start, before any meter
        switches."""
        files = {loaded.marked.name: loaded for loaded in answering}
        writers: dict[str, OutboundMapping] = {}
        due: dict[tuple[str, OrderKind, AnswerKind], list[Mapping[str, Any]]] = {}
        for _, content, kind, answer, number in _answers_due(answering):
            kept = dict(self._inbound[f"{{{content.namespace}}}{content.root}"].kept_types)
            writer = self._answering(number, content.release)
            assert writer is not None  # noqa: S101 - looked for before
            writers[f"{writer.file} {number}"] = writer
            told = possible_requests(content, kept, writer.uses)
            due.setdefault((f"{writer.file} {number}", kind, answer), []).extend(told)
        for tells, number in self._started.items():
            for writer in self._outbound[number].values():
                writers[f"{writer.file} {number}"] = writer
                due.setdefault((f"{writer.file} {number}", _kind_of(tells), AnswerKind.DONE), []).append({})
        for (name, kind, answer), requests in sorted(due.items(), key=itemgetter(0)):
            different = [one for index, one in enumerate(requests) if one not in requests[:index]]
            answers = possible_answers(kind, answer, different)
            for problem in unwritable(writers[name], files[writers[name].file], answers, catalogue, ends):
                yield str(problem)

    @property
    def namespaces(self) -> frozenset[str]:
        """The namespace of every message that is known."""
        return frozenset(etree.QName(tag).namespace or "" for tag in self._facts)

    @property
    def inbound(self) -> Mapping[str, InboundMapping]:
        """Every inbound mapping by the tag of its root element."""
        return self._inbound

    @property
    def outbound(self) -> Mapping[MessageNumber, OutboundMapping]:
        """The newest outbound mapping of each message number."""
        return {number: _newest(releases.values()) for number, releases in self._outbound.items()}

    def writer(self, number: MessageNumber, answer: Answer) -> OutboundMapping:
        """What writes an answer: the release of its request, else the one in service when it happened.

        Raises KeyError for a number that nobody builds.
        """
        found = self._answering(number, answer.kept.release if answer.kept else None)
        if found is not None:
            return found
        at = answer.executed_at or answer.attempted_at or answer.asked_at
        day = at.astimezone(WARSAW).date() if at else None
        there = list(self._outbound[number].values())
        return _newest([one for one in there if day and one.facts.in_service(day)] or there)

    def _answering(self, number: MessageNumber, release: str | None) -> OutboundMapping | None:
        """What writes answers to requests of that release; a file that names no release writes them for all."""
        there = self._outbound.get(number, {})
        return there.get(release) or there.get(None)

    def _nobody_builds(self, number: MessageNumber, release: str | None) -> str:
        there = ", ".join(str(one) for one in self._outbound.get(number, {}))
        if not there:
            return f"no outbound mapping file builds message {number}"
        wanted = f"in release {release}" if release else "without a `release`"
        return f"no outbound mapping file builds message {number} {wanted}; there is {there}"

    def facts(self, tag: str) -> MessageFacts:
        """The standard's facts about messages with this root element; raises NotValid for an unknown one."""
        try:
            return self._facts[tag]
        except KeyError:
            raise NotValid([_unknown(tag)]) from None

    def reader(self, tag: str) -> InboundMapping:
        """The mapping that reads documents with this root element; raises NotValid for one that we never receive."""
        mapping = self._inbound.get(tag)
        if mapping is not None:
            return mapping
        facts = self.facts(tag)
        raise NotValid(
            [
                Problem(
                    ProblemCode.WRONG_DIRECTION,
                    f"message {', '.join(sorted(facts.numbers))} goes from the operator to the hub, not the other way",
                    "send only messages that are meant for the operator",
                )
            ]
        )

    def answers(
        self, number: MessageNumber, kind: OrderKind, release: str | None = None
    ) -> Mapping[AnswerKind, MessageNumber]:
        """The number of the message that answers an order of ``kind`` from message ``number`` of that release; empty
        if none does."""
        found = [mapping for mapping in self._inbound.values() if number in mapping.facts.numbers]
        same = [mapping for mapping in found if mapping.facts.release == release] or found
        return same[0].answers.get(kind, {}) if same else {}

    def answers_to(self, kind: OrderKind) -> Mapping[AnswerKind, MessageNumber]:
        """The number of the message that answers an order of that kind, if no request message came.

        Empty if requests for such orders have different answers, so that it is not known which one is due.
        """
        found = [mapping.answers[kind] for mapping in self._inbound.values() if kind in mapping.answers]
        return found[0] if found and all(answers == found[0] for answers in found) else {}

    def answer_due(self, order: Order) -> tuple[MessageNumber, Answer] | None:
        """The answer that is due to the hub for ``order`` in its present state, with its message number.

        Of an order of the operator's own the hub is told once it is done; it has not asked for it. None where there is
        none. Raises ValueError like ``answer_of``.
        """
        answer = answer_of(order)
        if answer is None:
            return None
        if is_operators_own(order):
            started = self._started.get(class_of(order))
            return (started, answer) if started and answer.kind is AnswerKind.DONE else None
        number = order.source_number
        release = order.kept.release if order.kept else None
        known = self.answers(number, order.kind, release) if number else self.answers_to(order.kind)
        due = known.get(answer.kind)
        return (due, answer) if due else None


def _answers_due(
    files: Sequence[LoadedFile],
) -> Iterator[tuple[LoadedFile, InboundFile, OrderKind, AnswerKind, MessageNumber]]:
    """Each answer that an inbound file names, for each kind of order that it may become."""
    for loaded in files:
        content = loaded.content
        if isinstance(content, InboundFile):
            for kind in order_kinds(content):
                for answer, number in content.answers_to(kind).items():
                    yield loaded, content, kind, answer, MessageNumber(number)


def _newest(mappings: Iterable[OutboundMapping]) -> OutboundMapping:
    """The one that is in service from the latest day on."""
    return max(mappings, key=lambda one: (one.facts.first or date.min, one.facts.release or ""))


def _tried(do: Callable[[_A], _R], about: _A, failures: list[str]) -> _R | None:
    """The result; None if it fails, and then the error is collected with the others."""
    try:
        return do(about)
    except ConfigurationError as error:
        failures.append(error.text)
        return None


def _near(content: InboundFile | OutboundFile, catalogue: _Catalogue) -> str:
    """A hint at the root element or namespace that may be meant."""
    roots = catalogue.root_names(content.namespace)
    if not roots:
        known = sorted(catalogue.namespaces())
        return f": no schema has the namespace {content.namespace}{nearest(content.namespace, known)}"
    return f"; the namespace has {', '.join(sorted(roots))}{nearest(content.root, roots)}"


def _kind_of(order_class: str) -> OrderKind:
    """The kind of orders of a class, such as ``disconnect-danger``."""
    return next(kind for kind in OrderKind if order_class.startswith(f"{kind}-"))


def _unknown(tag: str) -> Problem:
    return Problem(
        ProblemCode.UNKNOWN_MESSAGE,
        f"the root element {tag} belongs to no message that is known here",
        "send a message of the published standard",
        path="/",
    )
