"""Builds every answer once at start and validates it, so that mapping errors are found before a meter switches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from lxml import etree

from csire_bridge.config.files.marked_yaml import FileProblem
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ConfigurationError, Problem
from csire_bridge.domain.identifiers import Eic, MessageId
from csire_bridge.domain.message.answers import Answer
from csire_bridge.domain.message.envelope_rules import process_of
from csire_bridge.domain.message.message import Header
from csire_bridge.xml.mapping.loader import LoadedFile
from csire_bridge.xml.mapping.outgoing.outbound import OutboundMapping
from csire_bridge.xml.security.signature import parse_back

__all__ = ["Ends", "Judge", "sample_header", "unwritable"]

_PARTY = Eic("10XPL-TSO------P")


@dataclass(frozen=True, slots=True)
class Ends:
    """Who writes answers and who gets them, and in which market role."""

    own: Eic = _PARTY
    hub: Eic = _PARTY
    role: str = "CK0082"


class Judge(Protocol):
    """Validates documents by their schemas."""

    def decide(self, tree: etree._Element) -> bool: ...
    def explain(self, tree: etree._Element) -> tuple[Problem, ...]: ...


def unwritable(
    mapping: OutboundMapping, loaded: LoadedFile, answers: Iterable[Answer], judge: Judge, ends: Ends
) -> Iterator[FileProblem]:
    """Problems in the documents that the file makes of these answers between the ``ends``; each once."""
    header = sample_header(mapping, ends)
    told: set[FileProblem] = set()
    for answer in answers:
        for problem in _faults(mapping, loaded, header, answer, judge):
            if problem not in told:
                told.add(problem)
                yield problem


def _faults(
    mapping: OutboundMapping, loaded: LoadedFile, header: Header, answer: Answer, judge: Judge
) -> Iterator[FileProblem]:
    facts = ", ".join(
        f"{name} {value}" for name, value in (("outcome", answer.outcome), ("reason", answer.reason)) if value
    )
    try:
        root = parse_back(mapping.write(header, answer))
    except ConfigurationError as error:
        yield loaded.problem(("payload",), f"the answer with {facts or 'no code'} can't be written: {error.text}")
        return
    if not judge.decide(root):
        for problem in judge.explain(root):
            text = f"the answer with {facts or 'no code'} makes a document that its schema refuses: {problem.text}"
            yield loaded.problem(_key(problem.path or ""), text)


def _key(path: str) -> list[str]:
    """The key of the mapping file that writes the element at a path such as ``/Root/Payload/Data/Name``."""
    names = [step.rpartition(":")[2].partition("[")[0] for step in path.split("/")]
    return ["payload", *names[names.index("Payload") + 1 :]] if "Payload" in names else ["root"]


def sample_header(mapping: OutboundMapping, ends: Ends) -> Header:
    """The header of an answer that is only tried."""
    message = MessageId.new()
    return Header(
        message_id=message,
        answers=message,
        message_type=mapping.facts.message_type,
        number=mapping.number,
        process=process_of(mapping.number) or "",
        timestamp=datetime.now(UTC).astimezone(WARSAW),
        physical_sender=ends.own,
        juridical_sender=ends.own,
        physical_recipient=ends.hub,
        juridical_recipient=ends.hub,
        sender_role=ends.role,
        retroactive_token=None,
    )
