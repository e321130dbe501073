"""The law's rules about complaints: until when one must be decided, and when the supply must be back."""

from __future__ import annotations

from datetime import date, datetime

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.law.model import ClockStart, ComplaintBlock, LawClock
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.order.deadlines import class_of, order_class
from csire_bridge.domain.order.facts import OrderFacts
from csire_bridge.domain.order.order import OrderKind, ReconnectionReason

__all__ = ["complaint_rule", "decide_by", "supply_back_by"]


def complaint_rule(law: LawPolicy, lodged: datetime, order: OrderFacts) -> ComplaintBlock | None:
    """The rule by which a complaint lodged at ``lodged`` (UTC) blocks ``order``; None where none concerns its kind.

    A rule that the operator has loosened is not named.
    """
    own = class_of(order)
    rule = _block(law, lodged)
    return rule if rule is not None and own in rule.orders else None


def decide_by(law: LawPolicy, lodged: datetime) -> datetime | None:
    """When (UTC) a complaint lodged at ``lodged`` (UTC) begins to count as upheld, unless it was decided before.

    None: no rule holds on that day, or the operator has loosened it.
    """
    rule = _block(law, lodged)
    return rule.decide_within.after(lodged) if rule else None


def supply_back_by(law: LawPolicy, lodged: datetime) -> datetime | None:
    """By when (UTC) the supply must be back after a complaint about a cut; None: no clock of the law says so."""
    own = order_class(OrderKind.RECONNECT, ReconnectionReason.COMPLAINT)
    clocks = (clock for clock in law.book.on(LawClock, _day(lodged)) if clock.starts is ClockStart.RECEIPT)
    return min((clock.within.after(lodged) for clock in clocks if own in clock.orders), default=None)


def _block(law: LawPolicy, lodged: datetime) -> ComplaintBlock | None:
    rules = law.book.on(ComplaintBlock, _day(lodged))
    return next((rule for rule in rules if rule.name not in law.loosened), None)


def _day(moment: datetime) -> date:
    return moment.astimezone(WARSAW).date()
