"""Step 3: the schema of the message's namespace decides, then the business rules of the envelope."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from lxml import etree

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import NotValid, Problem, ProblemCode, RuleBroken
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.message.envelope_rules import (
    Limits,
    check_agreement,
    check_parties,
    check_release,
    check_timestamp,
)
from csire_bridge.domain.message.message import Header
from csire_bridge.xml.mapping.book import MappingBook
from csire_bridge.xml.schema.catalogue import SchemaCatalogue

__all__ = ["Validator"]


class Validator:
    """Judges documents by schema and envelope."""

    def __init__(
        self,
        catalogue: SchemaCatalogue,
        book: MappingBook,
        own: Eic,
        limits: Limits,
        held: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """``held`` is the only release of the standard that a sender may use, by its EIC code."""
        self._held = held
        self._catalogue = catalogue
        self._book = book
        self._own = own
        self._limits = limits

    def check_schema(self, tree: etree._Element, received: etree._Element) -> None:
        """Raise NotValid with every error, its line in the received bytes, its path and a plain reason."""
        if not self._catalogue.decide(tree):
            raise NotValid(self._catalogue.explain(received) or (_unexplained(),))

    def read_header(self, tree: etree._Element) -> Header:
        """The envelope of a document that its schema has accepted; raises NotValid or RuleBroken."""
        return self._book.header(tree)

    def check_envelope(
        self, tag: str, header: Header, now: datetime, *, at_rest: bool = False, judge_age: bool = True
    ) -> None:
        """Raise RuleBroken with every broken rule. ``judge_age`` is whether a message may be too old.

        ``at_rest`` is for a file that somebody looks at: its age is not judged, and a message of ours may be
        addressed to somebody else.
        """
        facts = self._book.facts(tag)
        problems = list(check_agreement(header, facts))
        problems += check_parties(header, self._own if facts.inbound or not at_rest else None)
        problems += check_timestamp(header, self._limits, now, judge_age=judge_age and not at_rest)
        if facts.inbound and not at_rest:
            problems += check_release(header, facts, now.astimezone(WARSAW).date(), self._held)
        if problems:
            raise RuleBroken(problems)


def _unexplained() -> Problem:
    return Problem(
        ProblemCode.OTHER_SCHEMA, "the document does not follow its schema", "compare it with the published schema"
    )
