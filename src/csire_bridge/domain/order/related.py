"""Related orders: other orders at the same meter or metering point, with which an order must not collide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.identifiers import CorrelationId, MeterNumber
from csire_bridge.domain.order.order import OrderKind, OrderState

__all__ = ["CommandedOrder", "Reconnections", "RelatedOrder"]


@dataclass(frozen=True, slots=True)
class CommandedOrder:
    """The columns of an order needed to match an event: the meter of its latest command, and its state.

    ``told``: an event was matched before.
    """

    key: int
    state: OrderState
    meter: MeterNumber
    correlation_id: CorrelationId
    told: bool


@dataclass(frozen=True, slots=True)
class RelatedOrder:
    """Another order at the same meter. ``open``: its command may still move the contactor. Times are UTC.

    ``may_run_until`` is the end of a command that may still run although its order is done.
    """

    key: int
    kind: OrderKind
    meter: MeterNumber
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
