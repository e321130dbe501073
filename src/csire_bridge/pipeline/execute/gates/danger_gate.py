"""What the gates ask of cuts because of danger, and of the orders that bring the supply back after one.

A cut because of danger passes the law's bans, complaints, protections, the operator's rules and the cap. It does not
pass a hold that says that the supply must stay on for an emergency, and not a doubt about the meter: it must not cut
off another household.
"""

from __future__ import annotations

from collections.abc import Sequence

from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.metering_point.guards import Stop, StopScope
from csire_bridge.domain.order.order import Order, OrderKind
from csire_bridge.domain.order.requests.operators_own import is_danger_cut, is_danger_end
from csire_bridge.domain.order.requests.related import RelatedOrder
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["held_by_stop", "in_the_way", "needs_people", "stays_off"]


def needs_people(order: Order, point: MeteringPoint | None) -> str | None:
    """Why a cut because of danger can only be made on site; None if it can be made remotely, and for other orders."""
    if not is_danger_cut(order):
        return None
    if point is None or point.meter is None:
        return "no meter is known at the metering point: people on site must cut the supply"
    if point.has_contactor is not True:
        return "the meter has no contactor: people on site must cut the supply"
    return None


def stays_off(tx: Transaction, order: Order) -> str | None:
    """Why the supply does not come back after danger, because it was cut for another reason too; None where it does."""
    if not is_danger_end(order):
        return None
    other = tx.danger_cuts.other_reason_to_stay_off(order.metering_point)
    return None if other is None else f"the danger is gone, and the supply stays off because of order {other}"


def held_by_stop(tx: Transaction, order: Order, stop: Stop) -> bool:
    """Whether the stop switch holds back the order, whose movement it stops.

    The switch against disconnections is thrown against runaway orders, and a cut because of danger has a person's name:
    it goes. Where everything is stopped, it goes if that person said so, knowing of the switch.
    """
    if not is_danger_cut(order):
        return True
    if stop.scope is not StopScope.EVERYTHING:
        return False
    cut = tx.danger_cuts.of_orders([order.key]).get(order.key)
    return cut is None or not cut.despite_stop


def in_the_way(order: Order, others: Sequence[RelatedOrder]) -> list[RelatedOrder]:
    """Those of the other orders at a meter whose commands the order waits for.

    A cut because of danger waits for commands that are open, because two at a time leave the contactor uncertain. Of
    those that have ended and may still reach the meter, it waits for connections only: they would undo it.
    """
    if not is_danger_cut(order):
        return list(others)
    return [other for other in others if other.open or other.kind is OrderKind.RECONNECT]
