"""How many clocks were kept and missed in each month, for each rule. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.law.clocks import Clock, Deadlines, clocks_of
from csire_bridge.domain.order.order import FINAL_STATES, DisconnectionKind, OrderKind, OrderState, ReconnectionReason

__all__ = ["ClockCount", "ClockFate", "TimedOrder", "count_clocks", "fate_of"]


class ClockFate(StrEnum):
    """What became of a clock. ``DROPPED``: its order ended without being carried out, so nothing was due any more."""

    KEPT = "kept"
    MISSED = "missed"
    RUNNING = "running"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOrder:
    """What clocks need to know of an order. Moments are UTC; the fields are those of ``Order``."""

    kind: OrderKind
    state: OrderState
    registered_at: datetime
    disconnection_kind: DisconnectionKind | None = None
    reconnection_reason: ReconnectionReason | None = None
    supplier: Eic | None = None
    requested_date: date | None = None
    effective_date: date | None = None
    executed_at: datetime | None = None
    received_at: datetime | None = None
    undelivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClockCount:
    """The clocks of one rule that began to count in one Polish month (``YYYY-MM``)."""

    month: str
    rule: str
    kept: int
    missed: int
    running: int
    dropped: int


def fate_of(clock: Clock, state: OrderState, executed_at: datetime | None, now: datetime) -> ClockFate:
    """What has become of a clock by ``now`` (UTC): one that is past its end is missed, whether or not its order is
    open."""
    if state is OrderState.DONE:
        return ClockFate.KEPT if executed_at is not None and executed_at <= clock.until else ClockFate.MISSED
    if state in FINAL_STATES:
        return ClockFate.DROPPED
    return ClockFate.MISSED if now > clock.until else ClockFate.RUNNING


def count_clocks(orders: Iterable[TimedOrder], deadlines: Deadlines, now: datetime) -> list[ClockCount]:
    """For each month and rule, in order; ``orders`` are gone through once, and none of them is kept."""
    counts: dict[tuple[str, str], Counter[ClockFate]] = {}
    for order in orders:
        undelivered = order.undelivered_at is not None
        for clock in clocks_of(order, deadlines, order.received_at, undelivered=undelivered):
            place = clock.since.astimezone(WARSAW).strftime("%Y-%m"), clock.rule
            counts.setdefault(place, Counter())[fate_of(clock, order.state, order.executed_at, now)] += 1
    return [ClockCount(*place, *(found[fate] for fate in ClockFate)) for place, found in sorted(counts.items())]
