"""Related orders: other orders at the same meter or metering point, with which an order must not collide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.identifiers import CorrelationId, MeteringPointCode, MeterNumber
from csire_bridge.domain.meter.contactor import HeadEndEvent
from csire_bridge.domain.meter.evidence import as_fine_as
from csire_bridge.domain.order.order import OrderKind, OrderState
from csire_bridge.domain.order.outcome.supply import Sighting, claimed, leads_to

__all__ = ["CommandedOrder", "Reconnections", "RelatedOrder", "has_run"]


@dataclass(frozen=True, slots=True)
class CommandedOrder:
    """The columns of an order needed to match an event: the meter of its latest command, and its state.

    ``told``: an event was matched before.
    """

    key: int
    state: OrderState
    metering_point: MeteringPointCode
    meter: MeterNumber
    correlation_id: CorrelationId
    told: bool


@dataclass(frozen=True, slots=True)
class RelatedOrder:
    """Another order at the same meter. ``open``: its command may still move the contactor. Times are UTC.

    ``may_run_until`` is the end of the command ``correlation_id``, which may still run although its order is done.
    """

    key: int
    kind: OrderKind
    meter: MeterNumber
    correlation_id: CorrelationId | None
    registered_at: datetime
    submitted_at: datetime | None
    recalled_at: datetime | None
    may_run_until: datetime | None
    open: bool


@dataclass(frozen=True, slots=True)
class Reconnections:
    """The connections asked for at one point: the moment of the ``newest`` (UTC), and whether one is due and open.

    A connection that waits because danger is registered is not ``open``: it never holds up a disconnection. ``newest``
    is None where the only one is the operator's own, after danger: it is older or newer than nothing.
    """

    newest: datetime | None
    open: bool


def has_run(order: RelatedOrder, event: HeadEndEvent | None, known: Sighting | None) -> bool:
    """Whether an event that came after the order was done proves that its command ran, and so can't run later.

    The event reports the movement that the command asks for, from after the command was given; and the contactor was
    last seen in the state which that leads to, at the event's moment or later. ``event`` is the one that tells most of
    the order's latest command. It is the same proof as for an open order (decision 34): told, and read.
    """
    if event is None or known is None or order.submitted_at is None or event.correlation_id != order.correlation_id:
        return False
    moved = claimed(event)
    if moved is None or not leads_to(order.kind, moved) or not leads_to(order.kind, known.state):
        return False
    return as_fine_as(order.submitted_at, event.occurred_at) <= event.occurred_at <= known.last_seen_at
