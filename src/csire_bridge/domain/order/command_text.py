"""The text that is sent with a command: a template with named fields.

``{meter}`` is a field, ``{description:40}`` one that is cut to 40 characters, ``{{`` and ``}}`` are braces. Attributes,
indexes and formats are not allowed. A field without a value is written as ``-``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.order.order import Order

__all__ = ["LONGEST_TEXT", "TEXT_FIELDS", "OrderText", "render"]

LONGEST_TEXT = 250
"""Characters that go out with a command (String250 of the hub's schemas)."""


@dataclass(frozen=True, slots=True)
class _Field:
    read: Callable[[Order], object]
    longest: int


TEXT_FIELDS: Mapping[str, _Field] = {
    "metering_point": _Field(lambda order: order.metering_point, 18),
    "meter": _Field(lambda order: order.meter, 20),
    "kind": _Field(lambda order: order.kind.value, 20),
    "disconnection_kind": _Field(lambda order: order.disconnection_kind and order.disconnection_kind.value, 16),
    "reconnection_reason": _Field(lambda order: order.reconnection_reason and order.reconnection_reason.value, 32),
    "supplier": _Field(lambda order: order.supplier, 16),
    "process_instance": _Field(lambda order: order.process_instance, 36),
    "source_message": _Field(lambda order: order.source_message, 36),
    "source_number": _Field(lambda order: order.source_number, 16),
    "registered_at": _Field(lambda order: f"{order.registered_at.astimezone(WARSAW):%Y-%m-%d %H:%M}", 16),
    "requested_date": _Field(lambda order: order.requested_date and order.requested_date.isoformat(), 10),
    "effective_date": _Field(lambda order: order.effective_date and order.effective_date.isoformat(), 10),
    "tariff_group": _Field(lambda order: order.tariff_group, 10),
    "description": _Field(lambda order: order.description, 250),
}
"""The fields that a template may name. Moments are Polish time."""

_PART = re.compile(r"(?P<brace>\{\{|\}\})|\{(?P<name>[a-z_]+)(?::(?P<cut>[0-9]{1,3}))?\}|(?P<text>[^{}]+)|(?P<wrong>.)")


@dataclass(frozen=True, slots=True)
class OrderText:
    """A template that was checked: (field or None, its longest, fixed text) in order."""

    template: str
    parts: tuple[tuple[str | None, int, str], ...]

    @classmethod
    def parse(cls, template: str) -> OrderText:
        """Read a template; raise ValueError that says what is wrong and where."""
        if not template.isprintable():
            raise ValueError("the text must be one line of printable characters")
        parts = tuple(_part(match) for match in _PART.finditer(template))
        longest = sum(longest for _, longest, _ in parts)
        if longest > LONGEST_TEXT:
            raise ValueError(
                f"the text may become {longest} characters long, and {LONGEST_TEXT} go out: "
                "shorten it, or cut a field, as in {description:40}"
            )
        return cls(template, parts)

    def render(self, order: Order) -> str:
        """The text for ``order``: one line, never above ``LONGEST_TEXT`` characters."""
        return "".join(text if name is None else _value(name, longest, order) for name, longest, text in self.parts)


def render(template: str, order: Order) -> str:
    """The text that ``template`` makes for ``order``; raises ValueError for a template that ``OrderText`` refuses."""
    return OrderText.parse(template).render(order)


def _part(match: re.Match[str]) -> tuple[str | None, int, str]:
    name = match["name"]
    if match["wrong"]:
        raise ValueError(f"a lone {match['wrong']} at character {match.start() + 1}: write {{field}}, or {{{{ and }}}}")
    if name is None:
        text = match["text"] or match["brace"][0]
        return None, len(text), text
    if name not in TEXT_FIELDS:
        raise ValueError(f"unknown field {{{name}}}; known are {', '.join(TEXT_FIELDS)}")
    longest = TEXT_FIELDS[name].longest
    cut = int(match["cut"]) if match["cut"] else longest
    if cut < 1:
        raise ValueError(f"the field {{{name}}} is cut to nothing")
    return name, min(cut, longest), ""


def _value(name: str, longest: int, order: Order) -> str:
    value = str(TEXT_FIELDS[name].read(order) or "-")
    return "".join(c if c.isprintable() else " " for c in value)[:longest]
