"""Interlocks: reasons why a contactor must not be moved, checked just before each command.

A household must never be cut off by mistake, so an unknown point, meter or contactor forbids every movement. The flags
come from message 3.1.1.1 (characteristics of the metering point), where they are
optional: a flag that was never told does not protect.

A hold against a disconnection is answered with "cannot". A hold against a connection (an emergency suspension) makes
it wait: it is still to be carried out, once a named person has released the hold. So does registered danger (PL-278,
Energy Law art. 6b(4) and (5)): the operator had to cut the supply, and it comes back once a named person has lifted it.
It never stands against a disconnection.

A complaint stands against every disconnection; the answer names the law's rule where the rule concerns its kind.

A cut because of danger passes all protections of the household but one: a hold that says that the supply must stay on
for an emergency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.law.complaints import complaint_rule
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.order.order import DisconnectionKind, Order, OrderKind, RejectionReason
from csire_bridge.domain.order.requests.operators_own import is_danger_cut

__all__ = [
    "DANGER",
    "At",
    "Interlock",
    "against",
    "danger",
    "holding_back",
    "interlock",
    "protection",
    "supply_must_stay",
]

DANGER = "danger is registered at the metering point (PL-278); a person lifts it with `danger lift`"


@dataclass(frozen=True, slots=True)
class Interlock:
    """Why an order can't be carried out; the words go to the hub."""

    reason: RejectionReason
    text: str


@dataclass(frozen=True, slots=True)
class At:
    """The moment (UTC) at which an order is looked at, and the law; only the words of an interlock depend on them."""

    now: datetime
    law: LawPolicy


def interlock(
    order: Order, point: MeteringPoint | None, holds: Sequence[Hold] = (), at: At | None = None
) -> Interlock | None:
    """Return the permanent reason against carrying out ``order`` at ``point``, or None if the contactor may be moved.

    ``holds`` are those that hold now. ``at`` adds to the words what stands of a complaint, and the law's rule.
    """
    if point is None:
        return Interlock(RejectionReason.OTHER, "the metering point is not known to the operator")
    if point.meter is None:
        return Interlock(RejectionReason.NOT_POSSIBLE, "no meter is known at the metering point")
    if point.has_contactor is not True:
        return Interlock(RejectionReason.NOT_POSSIBLE, "the meter at the metering point has no contactor")
    return protection(order, point, holds, at)


def protection(
    order: Order, point: MeteringPoint, holds: Sequence[Hold] = (), at: At | None = None
) -> Interlock | None:
    """Return what protects the household from disconnection, remote or on site; None for other orders."""
    if order.kind is OrderKind.DISCONNECT:
        return _protected(order, point) or _protected_by(holds, order, at)
    return None


def holding_back(order: Order, holds: Sequence[Hold]) -> Hold | None:
    """The hold for which a connection waits; None when there is none."""
    return against(order, holds) if order.kind is OrderKind.RECONNECT else None


def danger(order: Order, point: MeteringPoint) -> bool:
    """Whether a connection waits because the need to cut the supply was registered, and nobody has lifted it."""
    return order.kind is OrderKind.RECONNECT and point.danger_registered is True


def against(order: Order, holds: Sequence[Hold]) -> Hold | None:
    """The first of the holds that stands against the order; None when none does."""
    found = (hold for hold in holds if hold.kind.stops is order.kind.contactor_action)
    return next((h for h in found if h.kind is HoldKind.EMERGENCY_SUPPLY or not is_danger_cut(order)), None)


def _protected_by(holds: Sequence[Hold], order: Order, at: At | None) -> Interlock | None:
    hold = against(order, holds)
    if hold is None:
        return None
    if is_danger_cut(order):  # the hub is not told of it, so it may name the person
        return Interlock(RejectionReason.NOT_POSSIBLE, supply_must_stay(hold))
    why = _complaint(hold, order, at) if at is not None and hold.complaint is not None else hold.kind
    return Interlock(RejectionReason.NOT_POSSIBLE, f"the metering point is protected from disconnection: {why}")


def _complaint(hold: Hold, order: Order, at: At) -> str:
    """What stands of the hold's complaint, with the rule that was in force when it was lodged."""
    if hold.complaint is None:
        return hold.kind
    rule = complaint_rule(at.law, hold.complaint.lodged, order)
    return "; ".join([hold.complaint.words(at.now), *([rule.words] if rule else [])])


def supply_must_stay(hold: Hold) -> str:
    """What a person reads whose cut because of danger is refused for ``hold``."""
    return f"hold {hold.key} of {hold.by} says that the supply must stay on for an emergency: {hold.why}"


def _protected(order: Order, point: MeteringPoint) -> Interlock | None:
    if order.disconnection_kind is DisconnectionKind.DEBT and point.can_be_suspended is False:
        return Interlock(RejectionReason.NOT_POSSIBLE, "the metering point must not be suspended for debt")
    return None
