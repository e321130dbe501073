"""Checks, before anything is done at a meter, that it certainly is the meter of the order's metering point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.meter.installations import Installation, misplaced
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import Order
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["doubts", "doubts_of"]


def doubts(
    tx: Transaction, orders: Sequence[Order], points: Mapping[MeteringPointCode, MeteringPoint], now: datetime
) -> dict[int, str]:
    """For orders that must not continue, by their keys: why the meter that ``points`` name may be another household's.

    A child order counts from the registration of its parent.
    """
    known: dict[MeteringPointCode, list[Installation]] = {}
    codes = {order.metering_point for order in orders}
    around = tx.points.installations(sorted(codes), now)
    meters: dict[str, list[Installation]] = {}
    for installation in around:
        meters.setdefault(installation.meter.value, []).append(installation)
    for installation in around:
        if installation.metering_point in codes:
            known.setdefault(installation.metering_point, []).extend(meters[installation.meter.value])
    parents = tx.orders.get_many([order.parent for order in orders if order.parent is not None])
    found: dict[int, str] = {}
    for order in orders:
        point = points.get(order.metering_point)
        if point is not None and point.meter is not None:
            first = parents[order.parent] if order.parent is not None else order
            text = misplaced(point.code, point.meter, first.registered_at, known.get(point.code, ()))
            if text is not None:
                found[order.key] = text
    return found


def doubts_of(tx: Transaction, order: Order, now: datetime) -> str | None:
    """The same for one order; None if its meter is certain, or if no meter is known."""
    points = tx.points.of([order.metering_point], now)
    return doubts(tx, [order], points, now).get(order.key)
