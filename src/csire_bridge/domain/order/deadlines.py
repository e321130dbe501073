"""Terms such as ``1 working day``, the classes of orders that can have one, and how much of an order's time is over.

Which terms hold, by law or by the operator's own decision, is in ``domain/law/clocks.py``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from csire_bridge.domain.calendar.working_days import after_days, after_working_days
from csire_bridge.domain.order.facts import OrderFacts
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind, ReconnectionReason

__all__ = [
    "CountFrom",
    "Standing",
    "Term",
    "Unit",
    "class_of",
    "known_class",
    "order_class",
    "order_classes",
    "standing",
]


class Unit(StrEnum):
    """What a term counts in."""

    WORKING_DAYS = "working day"
    DAYS = "day"
    HOURS = "hour"


_SHAPE = re.compile(r"([1-9][0-9]{0,2}) (working day|day|hour)s?\Z")


@dataclass(frozen=True, slots=True)
class Term:
    """A period such as ``1 working day``, ``3 days``, ``12 hours``; days are those of the Polish calendar."""

    count: int
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a term; raise ValueError."""
        match = _SHAPE.match(text.strip())
        if not match:
            raise ValueError(f"{text!r} is no term such as 1 working day, 3 days or 12 hours")
        return cls(int(match[1]), Unit(match[2]))

    def after(self, moment: datetime) -> datetime:
        """The end (UTC) of the term that begins at ``moment``; in a clock-change night, the earlier possible moment."""
        match self.unit:
            case Unit.WORKING_DAYS:
                return after_working_days(moment, self.count)
            case Unit.DAYS:
                return after_days(moment, self.count, later=False)
            case Unit.HOURS:
                return moment + timedelta(hours=self.count)

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'s' if self.count > 1 else ''}"


class CountFrom(StrEnum):
    """The start of a term: the message's own timestamp (the strict interpretation), or its receipt by us."""

    MESSAGE = "message"
    RECEIPT = "receipt"


def order_class(kind: OrderKind, detail: DisconnectionKind | ReconnectionReason | None) -> str:
    """Kind and detail as settings name them, such as ``disconnect-prepaid``."""
    return f"{kind}-{detail}" if detail else kind.value


def class_of(order: OrderFacts) -> str:
    """The class of an order, by its kind and detail."""
    return order_class(order.kind, order.disconnection_kind or order.reconnection_reason)


def known_class(text: str) -> str:
    """The name of a class, as a file says it; raises ValueError where there is no such class."""
    if text not in order_classes():
        raise ValueError(f"no orders are called {text!r}; known are {', '.join(order_classes())}")
    return text


def order_classes() -> list[str]:
    """Every name that a term can be set for."""
    details = {OrderKind.DISCONNECT: DisconnectionKind, OrderKind.RECONNECT: ReconnectionReason}
    return [name for kind in OrderKind for name in (kind.value, *(f"{kind}-{d}" for d in details.get(kind, ())))]


class Standing(StrEnum):
    """How much of an order's time has gone by."""

    ON_TIME = "on time"
    HALF = "half of the time is over"
    FOUR_FIFTHS = "four fifths of the time are over"
    PAST = "the deadline is past"


def standing(deadline: datetime, registered_at: datetime, now: datetime) -> Standing:
    """How much of its time an order has used at ``now`` (all UTC); nights and days off count too."""
    if now > deadline:
        return Standing.PAST
    gone, whole = now - registered_at, deadline - registered_at
    if gone * 5 >= whole * 4:
        return Standing.FOUR_FIFTHS
    return Standing.HALF if gone * 2 >= whole else Standing.ON_TIME
