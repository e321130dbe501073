"""Reads a validated document into a request, as its mapping file says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

from lxml import etree

from csire_bridge.domain.bounds import out_of_bounds
from csire_bridge.domain.errors import Problem, ProblemCode, RuleBroken
from csire_bridge.domain.identifiers import MessageNumber, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.answers import AnswerKind
from csire_bridge.domain.message.envelope_rules import MessageFacts
from csire_bridge.domain.message.message import (
    OrderList,
    OrderRequest,
    Request,
)
from csire_bridge.domain.order.kept import LONGEST_KEPT, RELEASE, Kept
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.xml.mapping.defaults import Defaults
from csire_bridge.xml.mapping.incoming.expressions import Finder
from csire_bridge.xml.mapping.incoming.fields import Field, Item, holds, outcome_of, values_of
from csire_bridge.xml.schema.shapes import ValueType

__all__ = ["InboundMapping", "PointOf", "Refusal", "no_registry"]

_MOST_ITEMS = 1000
PointOf = Callable[[MeterNumber, MeteringPointCode | None], MeteringPointCode]
"""The point of an order that names a meter, and perhaps a point."""


def no_registry(meter: MeterNumber, named: MeteringPointCode | None) -> MeteringPointCode:
    """A point of zeros if none is named, where a file is looked at without a registry."""
    return named or MeteringPointCode("0" * 18)


@dataclass(frozen=True)
class Refusal:
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
    rules: tuple[Refusal, ...]
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
        places: list[tuple[int, Item]] = [(place, {"item": [item]}) for place, item in enumerate(items, 1)]
        for place, item in places or [(0, {})]:
            yield place, ((field, outcome_of(field, tree, item)) for field in (*self.fields, *self.kept))

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

    def _one(self, tree: etree._Element, item: Item, more: Mapping[str, object], point_of: PointOf) -> Request:
        problems = [self._refused(rule) for rule in self.rules if holds(rule.when, tree, item)]
        values: dict[str, object] = {**self.constants, **values_of(self.fields, tree, item, problems), **more}
        if self.kept or (self.facts.release and self.target is OrderRequest):
            values["kept"] = _kept(values_of(self.kept, tree, item, problems), self.facts.release)
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

    def _refused(self, rule: Refusal) -> Problem:
        return Problem(ProblemCode.CONDITION, rule.text, rule.remedy, path=rule.condition)


def _kept(texts: Mapping[str, object], release: str | None) -> Kept | None:
    told = {name: str(text)[:LONGEST_KEPT] for name, text in texts.items()}
    return Kept.of(told | ({RELEASE: release} if release else {})) if told or release else None
