"""What the answers to a message may have to repeat of it, as its inbound file reads it; for the rehearsal at start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from csire_bridge.domain.identifiers import Eic, MessageId
from csire_bridge.domain.message.answers import Answer
from csire_bridge.domain.order.kept import LONGEST_KEPT, Kept
from csire_bridge.domain.order.requests.operators_own import OPERATORS_OWN
from csire_bridge.xml.mapping.convert import field_types, value_of
from csire_bridge.xml.mapping.model import FieldRule, InboundFile
from csire_bridge.xml.mapping.outgoing.facts import KEPT
from csire_bridge.xml.schema.shapes import ValueType

__all__ = ["possible_requests"]

_TYPES = field_types(Answer)
_SAMPLES: Mapping[type, Sequence[object]] = {
    date: (date(2024, 2, 29),),
    datetime: (datetime(2026, 10, 25, 0, 30, 0, 999999, tzinfo=UTC),),
    Decimal: (Decimal("12.5000"), Decimal(0)),
    Eic: (Eic("10XPL-TSO------P"),),
    MessageId: (MessageId("00000000-0000-4000-8000-000000000001"),),
    str: ("x", "G11"),
}
_SHAPES = ("1", "x", "A1", "01", "0001", "2026/000001", "2026-01-01", "00000000-0000-4000-8000-000000000001")


def possible_requests(
    content: InboundFile, kept_types: Mapping[str, ValueType], uses: Iterable[str]
) -> Iterator[Mapping[str, Any]]:
    """The facts of requests that the file reads, as far as the answer ``uses`` them.

    All of them, none of those that may be missing, and each missing alone; and each value that one of them may have.
    """
    kept = sorted(name.removeprefix(KEPT) for name in uses if name.startswith(KEPT))
    rules = {name: content.fields.get(name) for name in sorted(uses) if name in _OF_THE_REQUEST}
    values = {name: _values(name, rule, content) for name, rule in rules.items()}
    values |= {KEPT + name: _with_none(_kept_samples(kept_types.get(name)), content.keep.get(name)) for name in kept}
    values["request"] = _SAMPLES[MessageId]
    first = {name: one[0] for name, one in values.items()}
    yield _told(first)
    yield _told({name: one[-1] for name, one in values.items()})
    for name, possible in values.items():
        for value in possible[1:]:
            yield _told({**first, name: value})


_OF_THE_REQUEST = frozenset(
    {
        "disconnection_kind",
        "reconnection_reason",
        "requested_date",
        "effective_date",
        "supplier",
        "tariff_group",
        "contracted_power",
        "end_reason",
    }
)


def _values(name: str, rule: FieldRule | None, content: InboundFile) -> Sequence[object]:
    """The values that a field of the request may have; the last one is None if it may be missing."""
    kind = _TYPES[name]
    if name in content.set:
        return (value_of(kind, content.set[name]),)
    if rule is None:
        return (None,)
    if rule.table:
        return _with_none([value_of(kind, text) for text in dict.fromkeys(rule.table.values())], rule)
    if issubclass(kind, Enum):
        return _with_none([one for one in kind if str(one) not in _OWN], rule)
    return _with_none(_SAMPLES[kind], rule)


_OWN = frozenset(one.partition("-")[2] for one in OPERATORS_OWN)


def _kept_samples(value: ValueType | None) -> Sequence[object]:
    """Texts that the request may have there: the shortest and the longest one that its type allows."""
    if value is None or value.accepts is None:
        return ("x", "1" * LONGEST_KEPT)
    if value.codes is not None:
        return tuple(sorted(value.codes)[:3])
    longest = min(value.longest or LONGEST_KEPT, LONGEST_KEPT)
    found = [text for text in (*_SHAPES, "1" * longest) if value.accepts(text)]
    return (found[0], found[-1]) if found else ("1",)


def _with_none(values: Sequence[object], rule: FieldRule | None) -> Sequence[object]:
    sure = rule is not None and rule.required and rule.when is None
    return values if sure else [*values, None]


def _told(values: Mapping[str, object]) -> Mapping[str, Any]:
    kept = {name.removeprefix(KEPT): str(value) for name, value in values.items() if name.startswith(KEPT) and value}
    plain = {name: value for name, value in values.items() if not name.startswith(KEPT)}
    return {**plain, "kept": Kept.of(kept) if kept else None}
