"""By when an order must be carried out: the clocks of the law and the operator's own terms. The strictest drives.

A clock of the law can be made stricter by a term of the operator, never looser. All clocks count from the message's own
timestamp or from its receipt (``CountFrom``), or from the start of the date that the order asks for, where that is
later. A clock that starts ``UNDELIVERED`` runs once a command could not be delivered, and counts from there as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.law.model import ClockStart, LawClock
from csire_bridge.domain.order.deadlines import CountFrom, Term, class_of, order_class
from csire_bridge.domain.order.facts import OrderFacts, start_date
from csire_bridge.domain.order.order import DisconnectionKind, Order, OrderKind, ReconnectionReason

__all__ = ["OWN_TERM", "Clock", "Deadlines", "clocks_of", "deadline_of", "nearer", "too_near", "with_deadline"]

OWN_TERM = "own-term"
"""The name of the clock that is the operator's own term."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that runs for an order: the ``rule`` (or ``OWN_TERM``), from when it counts, and its end (both UTC).

    ``words`` say what it is, with its source.
    """

    rule: str
    words: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Deadlines:
    """``terms`` are the operator's own, by order class (``order_class``), or by kind for all of its classes that are
    not named; None: no term. ``clocks`` are those of the law that are applied, whenever they hold.

    ``near``: with less time left than this, an order should become field work.
    """

    terms: Mapping[str, Term | None]
    near: timedelta
    count_from: CountFrom
    clocks: tuple[LawClock, ...]

    def own_term(self, kind: OrderKind, detail: DisconnectionKind | ReconnectionReason | None) -> Term | None:
        """The operator's own term for such orders; None when there is none."""
        own = order_class(kind, detail)
        return self.terms.get(own if own in self.terms else kind.value)

    def term_of(self, kind: OrderKind, detail: DisconnectionKind | ReconnectionReason | None, day: date) -> Term | None:
        """A term that such orders have from receipt on, on a Polish day, by the operator or by law; None: they have
        none."""
        receipt = (c.within for c in self._running(order_class(kind, detail), day, undelivered=False))
        return self.own_term(kind, detail) or next(receipt, None)

    def _running(self, own: str, day: date, *, undelivered: bool) -> Iterator[LawClock]:
        for clock in self.clocks:
            runs = undelivered or clock.starts is ClockStart.RECEIPT
            if runs and own in clock.orders and clock.holds_on(day):
                yield clock

    def of(self, order: OrderFacts, begin: datetime, *, undelivered: bool) -> Iterator[Clock]:
        """The clocks of ``order`` that count from ``begin`` (UTC); ``undelivered``: a command could not be
        delivered."""
        detail = order.disconnection_kind or order.reconnection_reason
        if term := self.own_term(order.kind, detail):
            yield Clock(OWN_TERM, f"the operator's own term: {term}", begin, term.after(begin))
        if self.clocks:
            day = begin.astimezone(WARSAW).date()
            for clock in self._running(class_of(order), day, undelivered=undelivered):
                yield Clock(clock.name, clock.words, begin, clock.within.after(begin))


def clocks_of(
    order: OrderFacts, deadlines: Deadlines, received_at: datetime | None = None, *, undelivered: bool = False
) -> list[Clock]:
    """The clocks that run for ``order``, the strictest first.

    ``received_at`` (UTC; None: not known) is when we received it; ``undelivered``: a command could not be delivered.
    """
    begin = order.registered_at
    if deadlines.count_from is CountFrom.RECEIPT and received_at is not None:
        begin = received_at
    date = start_date(order)
    running = deadlines.of(order, max(begin, date) if date else begin, undelivered=undelivered)
    return sorted(running, key=lambda clock: clock.until)


def deadline_of(
    order: OrderFacts, deadlines: Deadlines, received_at: datetime | None = None, *, undelivered: bool = False
) -> datetime | None:
    """By when (UTC) ``order`` must be carried out: the end of its strictest clock; None when none runs."""
    running = clocks_of(order, deadlines, received_at, undelivered=undelivered)
    return running[0].until if running else None


def with_deadline(order: Order, deadlines: Deadlines) -> Order:
    """The order with its deadline, and the moments (UTC) at which people are warned; none where no clock runs."""
    deadline = deadline_of(order, deadlines, order.received_at, undelivered=order.undelivered_at is not None)
    if deadline is None:
        return replace(order, deadline=None, half_time=None, four_fifths=None)
    whole = max(deadline - order.registered_at, timedelta(0))
    begin = deadline - whole
    return replace(order, deadline=deadline, half_time=begin + whole / 2, four_fifths=begin + whole * 4 / 5)


def nearer(one: Order, other: Order) -> dict[str, datetime | None]:
    """The earlier deadline of two orders, with its warning times."""
    due = [order for order in (one, other) if order.deadline is not None]
    first = min(due, key=lambda order: order.deadline or order.registered_at, default=one)
    return {"half_time": first.half_time, "four_fifths": first.four_fifths, "deadline": first.deadline}


def too_near(deadline: datetime | None, moment: datetime, deadlines: Deadlines) -> bool:
    """Whether an order that would be sent at ``moment`` (now, or when it has waited) has too little time left then."""
    return deadline is not None and deadline - moment < deadlines.near
