"""All mapping files together, checked against each other and against the schemas at start-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from lxml import etree

from csire_bridge.domain.answers import AnswerKind
from csire_bridge.domain.errors import ConfigurationError, NotValid, Problem, ProblemCode
from csire_bridge.domain.identifiers import MessageNumber
from csire_bridge.domain.orders import OrderKind
from csire_bridge.domain.rules import MessageFacts
from csire_bridge.xml.mapping.inbound import InboundMapping, compile_inbound
from csire_bridge.xml.mapping.loader import LoadedFile, load_file, merged_files, raise_all
from csire_bridge.xml.mapping.model import InboundFile
from csire_bridge.xml.mapping.outbound import OutboundMapping, compile_outbound

__all__ = ["MappingBook"]


class _Catalogue(Protocol):
    def root_names(self, namespace: str) -> frozenset[str]: ...


class MappingBook:
    """Finds the mapping of a document by its root element, and of an answer by its number."""

    def __init__(self, search_path: Sequence[Path], catalogue: _Catalogue) -> None:
        """Load every file; raise ConfigurationError that lists everything wrong in all of them."""
        self._inbound: dict[str, InboundMapping] = {}
        self._outbound: dict[MessageNumber, OutboundMapping] = {}
        self._facts: dict[str, MessageFacts] = {}
        answering: list[LoadedFile] = []
        failures = [text for file in merged_files(search_path) if (text := self._try(file, catalogue, answering))]
        failures += self._unanswerable(answering)
        if failures:
            raise ConfigurationError("\n".join(failures), "correct the mapping files; see docs/mappings.md")

    def _try(self, file: Path, catalogue: _Catalogue, answering: list[LoadedFile]) -> str | None:
        try:
            loaded = load_file(file)
            self._add(loaded, catalogue)
            answering.append(loaded)
        except ConfigurationError as error:
            return error.text
        return None

    def _add(self, loaded: LoadedFile, catalogue: _Catalogue) -> None:
        content = loaded.content
        tag = f"{{{content.namespace}}}{content.root}"
        if content.root not in catalogue.root_names(content.namespace):
            raise_all([loaded.problem(("root",), f"no schema declares the element {tag}")])
        if tag in self._facts:
            raise_all([loaded.problem(("root",), f"another mapping file already reads {tag}")])
        if isinstance(content, InboundFile):
            self._inbound[tag] = compiled = compile_inbound(loaded)
            self._facts[tag] = compiled.facts
        else:
            compiled_all = compile_outbound(loaded)
            twice = [mapping.number for mapping in compiled_all if mapping.number in self._outbound]
            if twice:
                text = f"another mapping file already builds message {', '.join(twice)}"
                raise_all([loaded.problem(("message",), text)])
            for mapping in compiled_all:
                self._outbound[mapping.number] = mapping
                self._facts[tag] = mapping.facts

    def _unanswerable(self, answering: Sequence[LoadedFile]) -> list[str]:
        return [
            str(loaded.problem(("answers", kind), f"no outbound mapping file builds message {number}"))
            for loaded in answering
            if isinstance(loaded.content, InboundFile)
            for kind, number in loaded.content.answers.items()
            if number not in self._outbound
        ]

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
        """Every outbound mapping by message number."""
        return self._outbound

    def facts(self, tag: str) -> MessageFacts:
        """What is known of the messages with this root element; raises NotValid for an unknown one."""
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

    def answers(self, number: MessageNumber) -> Mapping[AnswerKind, MessageNumber]:
        """Which message answers an order that came with message ``number``; empty where none does."""
        for mapping in self._inbound.values():
            if number in mapping.facts.numbers:
                return mapping.answers
        return {}

    def answers_to(self, kind: OrderKind) -> Mapping[AnswerKind, MessageNumber]:
        """Which message answers an order of that kind, where the message that asks for it never came."""
        for mapping in self._inbound.values():
            if mapping.constants.get("kind") is kind and mapping.answers:
                return mapping.answers
        return {}


def _unknown(tag: str) -> Problem:
    return Problem(
        ProblemCode.UNKNOWN_MESSAGE,
        f"the root element {tag} belongs to no message that is known here",
        "send a message of the published standard",
        path="/",
    )
