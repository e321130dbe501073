"""What a mapping file makes of a sample, field by field, for the people who write such files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml import etree

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import Problem
from csire_bridge.domain.message.answers import Answer, AnswerKind, possible_answers
from csire_bridge.domain.message.message import OrderRequest
from csire_bridge.xml.mapping.incoming.inbound import InboundMapping

__all__ = ["Line", "answers_to", "read_lines"]


@dataclass(frozen=True)
class Line:
    """One field: its value in words (None: the sample does not have it), what is wrong with it, and its place.

    ``item`` is the place in a list, 0 in a message that asks for one thing.
    """

    field: str
    value: str | None
    problem: Problem | None
    path: str
    item: int = 0


def read_lines(mapping: InboundMapping, tree: etree._Element) -> Iterator[Line]:
    """What the mapping reads from a document that its schema has accepted."""
    for item, fields in mapping.looked_up(tree):
        for field, outcome in fields:
            problem = outcome if isinstance(outcome, Problem) else None
            value = None if outcome is None or problem else str(outcome)
            path = problem.path if problem and problem.path else ", ".join(way.text for way in field.ways)
            yield Line(field.name, value, problem, path, item)


def answers_to(request: OrderRequest, kind: AnswerKind, clock: Clock) -> Iterator[Answer]:
    """Each answer of a kind that the order of a request may need, with short texts and everything told."""
    facts = {
        name: getattr(request, name)
        for name in (
            *("disconnection_kind", "reconnection_reason", "requested_date", "effective_date", "supplier"),
            *("tariff_group", "contracted_power", "end_reason", "kept"),
        )
    }
    shown: set[object] = set()
    for answer in possible_answers(request.kind, kind, [facts]):
        code = answer.outcome or answer.reason
        if code not in shown and answer.meter is not None:
            shown.add(code)
            now = clock()
            yield replace(
                answer,
                process_instance=request.process_instance or answer.process_instance,
                metering_point=request.metering_point,
                asked_at=now,
                executed_at=answer.executed_at and now,
                attempted_at=now if kind is AnswerKind.REJECTED else None,
                description="a description",
            )
