"""The envelope as a mapping: the header of a message, read and written as a file says.

Without such a file a message has the envelope of CSIRE (``xml/envelope.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from csire_bridge.domain.errors import Problem, RuleBroken
from csire_bridge.domain.message.envelope_rules import MessageFacts, process_of
from csire_bridge.domain.message.message import Header
from csire_bridge.domain.message.refusals import Claims
from csire_bridge.xml.mapping.defaults import Defaults
from csire_bridge.xml.mapping.model import Group, TechnicalFile

__all__ = ["ALWAYS_TOLD", "HeaderReader", "missing_fields", "payload_names"]

ALWAYS_TOLD = ("message_id", "timestamp", "physical_sender", "physical_recipient")
"""What every envelope must say; the rest follows from these, or from the message's file."""
_FOLLOWS = {"juridical_sender": "physical_sender", "juridical_recipient": "physical_recipient"}
Values = Callable[[etree._Element, list[Problem]], Mapping[str, object]]
"""The values of the header's fields; what is wrong with them is added to the list."""


def payload_names(content: TechnicalFile) -> list[str]:
    """The names that the file has for the element of the payload."""
    return list(_marked(content.write))


def _marked(group: Group) -> Iterator[str]:
    for name, node in group.nodes.items():
        if node == "payload":
            yield name
        elif isinstance(node, Group):
            yield from _marked(node)


@dataclass(frozen=True)
class HeaderReader:
    """Reads the header of documents of one root element, as the file of their envelope says."""

    facts: MessageFacts
    defaults: Defaults
    values: Values

    def read(self, tree: etree._Element) -> Header:
        """The header of a document that its schema has accepted; raises RuleBroken with every problem."""
        problems: list[Problem] = []
        told = dict(self.values(self.defaults.filled(tree), problems))
        if problems:
            raise RuleBroken(problems)
        return Header(**self._complete(told))

    def claims(self, tree: etree._Element) -> Claims:
        """What a document says of itself, as far as it can be read; for people who look at a refused one."""
        told = self.values(tree, [])
        found = {name: told.get(name) for name in ("physical_sender", "number", "message_id")}
        sender, number, message_id = (None if one is None else str(one) for one in found.values())
        return Claims(sender=sender, number=number or self._only_number(), message_id=message_id)

    def _only_number(self) -> str | None:
        return next(iter(self.facts.numbers)) if len(self.facts.numbers) == 1 else None

    def _complete(self, told: dict[str, Any]) -> dict[str, Any]:
        """The header's fields, with what follows from others, and from the message's file."""
        told.setdefault("number", self._only_number())
        told.setdefault("message_type", self.facts.message_type)
        told.setdefault("process", process_of(told["number"]) or "")
        for name, other in _FOLLOWS.items():
            told.setdefault(name, told[other])
        return {"answers": None, "sender_role": "", "retroactive_token": None, **told}


def missing_fields(content: TechnicalFile, numbers: Sequence[str]) -> Iterator[str]:
    """Fields that must be read with ``required: true`` and are not."""
    needed = (*ALWAYS_TOLD, *(() if len(numbers) == 1 else ("number",)))
    for name in needed:
        rule = content.read.get(name)
        if rule is None or not rule.required or rule.when is not None:
            yield name
