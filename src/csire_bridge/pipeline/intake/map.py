"""Step 4: the mapping file of the message number turns the XML tree into a request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from lxml import etree

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import Problem, ProblemCode, RuleBroken
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.message.envelope_rules import Limits
from csire_bridge.domain.message.message import OrderList, OrderRequest, Request
from csire_bridge.xml.mapping.book import MappingBook
from csire_bridge.xml.mapping.incoming.inbound import no_registry

__all__ = ["Mapper", "PointsOfMeter"]

PointsOfMeter = Callable[[MeterNumber], Sequence[MeteringPointCode]]
"""All points at which a meter is known to be."""


class Mapper:
    """Reads documents by their mapping files."""

    def __init__(self, book: MappingBook, limits: Limits, points: PointsOfMeter | None = None) -> None:
        """``points`` finds the point of an order that names a meter only; without a registry none is looked up."""
        self._book = book
        self._limits = limits
        self._points = points

    def with_registry(self, points: PointsOfMeter) -> Mapper:
        """The same, with a registry of points."""
        return Mapper(self._book, self._limits, points)

    def read(self, tree: etree._Element, now: datetime) -> Request:
        """What the document asks for; raises NotValid or RuleBroken."""
        reading = self._book.reader(str(tree.tag)).read(tree, self._point_of)
        if isinstance(reading, OrderRequest):
            problems = list(self._wrong_dates(reading, now))
            if problems:
                raise RuleBroken(problems)
        return self._checked(reading, now) if isinstance(reading, OrderList) else reading

    def _checked(self, listed: OrderList, now: datetime) -> OrderList:
        """The list without the items that are wrong; raises RuleBroken if one is and all are wanted, or all are."""
        wrong = {order.item: list(self._wrong_dates(order, now)) for order in listed.orders}
        good = tuple(order for order in listed.orders if not wrong[order.item])
        told = [replace(p, text=f"item {item}: {p.text}") for item, problems in wrong.items() for p in problems]
        problems = [*listed.refused, *told]
        if problems and (not listed.partly or not good):
            raise RuleBroken(problems)
        return OrderList(good, tuple(problems), listed.partly)

    def _wrong_dates(self, request: OrderRequest, now: datetime) -> Iterator[Problem]:
        last: date = (now + self._limits.horizon).astimezone(WARSAW).date()
        for name, day in (("requested date", request.requested_date), ("effective date", request.effective_date)):
            if day is not None and day > last:
                yield Problem(
                    ProblemCode.DATE_HORIZON,
                    f"the {name} {day} lies beyond {last}, the last day for which orders are taken",
                    "send the message again when the day is nearer",
                )

    def _point_of(self, meter: MeterNumber, named: MeteringPointCode | None) -> MeteringPointCode:
        """The point of a meter; raises RuleBroken if our registry knows the meter elsewhere, or not where."""
        if self._points is None:
            return no_registry(meter, named)
        points = self._points(meter)
        if named is not None and (not points or named in points):
            return named  # a meter that is new to us: the gates before the command look again
        if named is not None:
            text = f"the order names the meter {meter}, which is not known at its metering point, but elsewhere"
            remedy = "send the point and the meter that belong together"
            raise RuleBroken([Problem(ProblemCode.METER_MISMATCH, text, remedy)])
        if len(points) == 1:
            return points[0]
        known = f"at {len(points)} points" if points else "at no point"
        text = f"the order names no metering point, and the meter {meter} is known {known}"
        remedy = "send the order with its metering point"
        raise RuleBroken([Problem(ProblemCode.UNKNOWN_POINT, text, remedy)])
