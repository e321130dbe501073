"""By when an order must be carried out, and how near that is.

Prepaid disconnections and reconnections after a top-up have one working day from receipt (Dz.U. 2022 poz. 788,
par. 14(4)); a household's complaint has three days (Energy Law art. 6c). No published limit was found for others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from csire_bridge.domain.calendar.working_days import after_days, after_working_days
from csire_bridge.domain.order.facts import OrderFacts, start_date
from csire_bridge.domain.order.order import DisconnectionKind, Order, OrderKind, ReconnectionReason

__all__ = [
    "DEFAULT_TERMS",
    "CountFrom",
    "Deadlines",
    "Standing",
    "Term",
    "Unit",
    "deadline_of",
    "order_class",
    "order_classes",
    "standing",
    "too_near",
    "with_deadline",
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


DEFAULT_TERMS: Mapping[str, Term] = MappingProxyType(
    {
        "disconnect-prepaid": Term(1, Unit.WORKING_DAYS),
        "reconnect-prepaid-topped-up": Term(1, Unit.WORKING_DAYS),
        "reconnect-complaint": Term(3, Unit.DAYS),
    }
)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Terms by order class (``order_class``), or by kind for all of its classes that are not named; None: no term.

    ``near``: with less time left than this, an order should become field work.
    """

    terms: Mapping[str, Term | None]
    near: timedelta
    count_from: CountFrom

    def term_of(self, kind: OrderKind, detail: DisconnectionKind | ReconnectionReason | None) -> Term | None:
        """The term of such orders; None when they have none."""
        own = order_class(kind, detail)
        return self.terms.get(own if own in self.terms else kind.value)


def order_class(kind: OrderKind, detail: DisconnectionKind | ReconnectionReason | None) -> str:
    """Kind and detail as settings name them, such as ``disconnect-prepaid``."""
    return f"{kind}-{detail}" if detail else kind.value


def order_classes() -> list[str]:
    """Every name that a term can be set for."""
    details = {OrderKind.DISCONNECT: DisconnectionKind, OrderKind.RECONNECT: ReconnectionReason}
    return [name for kind in OrderKind for name in (kind.value, *(f"{kind}-{d}" for d in details.get(kind, ())))]


def deadline_of(order: OrderFacts, deadlines: Deadlines, received_at: datetime | None = None) -> datetime | None:
    """By when (UTC) ``order`` must be carried out; None when nothing is said.

    It counts from registration, which is the message's own timestamp; by ``CountFrom.RECEIPT`` from ``received_at``
    (UTC), where that is known; or from the start of the date that the order asks for, where that is later.
    """
    term = deadlines.term_of(order.kind, order.disconnection_kind or order.reconnection_reason)
    if term is None:
        return None
    begin = order.registered_at
    if deadlines.count_from is CountFrom.RECEIPT and received_at is not None:
        begin = received_at
    date = start_date(order)
    return term.after(max(begin, date) if date else begin)


def with_deadline(order: Order, deadlines: Deadlines, received_at: datetime | None = None) -> Order:
    """The order with its deadline, and the moments (UTC) at which people are warned; none where it has no term."""
    deadline = deadline_of(order, deadlines, received_at)
    if deadline is None:
        return replace(order, deadline=None, half_time=None, four_fifths=None)
    whole = max(deadline - order.registered_at, timedelta(0))
    begin = deadline - whole
    return replace(order, deadline=deadline, half_time=begin + whole / 2, four_fifths=begin + whole * 4 / 5)


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


def too_near(deadline: datetime | None, moment: datetime, deadlines: Deadlines) -> bool:
    """Whether an order that would be sent at ``moment`` (now, or when it has waited) has too little time left then."""
    return deadline is not None and deadline - moment < deadlines.near
