"""Step 4: the mapping file of the message number turns the XML tree into a request."""

from __future__ import annotations

from datetime import date, datetime

from lxml import etree

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import Problem, ProblemCode, RuleBroken
from csire_bridge.domain.message.envelope_rules import Limits
from csire_bridge.domain.message.message import OrderRequest, Request
from csire_bridge.xml.mapping.book import MappingBook

__all__ = ["Mapper"]


class Mapper:
    """Reads documents by their mapping files."""

    def __init__(self, book: MappingBook, limits: Limits) -> None:
        self._book = book
        self._limits = limits

    def read(self, tree: etree._Element, now: datetime) -> Request:
        """What the document asks for; raises NotValid or RuleBroken."""
        reading = self._book.reader(str(tree.tag)).read(tree)
        if isinstance(reading, OrderRequest):
            self._check_dates(reading, now)
        return reading

    def _check_dates(self, request: OrderRequest, now: datetime) -> None:
        last: date = (now + self._limits.horizon).astimezone(WARSAW).date()
        problems = [
            Problem(
                ProblemCode.DATE_HORIZON,
                f"the {name} {day} lies beyond {last}, the last day for which orders are taken",
                "send the message again when the day is nearer",
            )
            for name, day in (("requested date", request.requested_date), ("effective date", request.effective_date))
            if day is not None and day > last
        ]
        if problems:
            raise RuleBroken(problems)
