"""What one order counts for, as counts with names: counts of orders add up to those of days, months and years. Pure.

An order counts on the Polish day on which it was registered; each of its clocks counts on the day on which it began.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.figures.durations import class_of_seconds
from csire_bridge.domain.identifiers import Eic, MessageId
from csire_bridge.domain.law.clock_counts import ClockFate, fate_of
from csire_bridge.domain.law.clocks import Deadlines, clocks_of
from csire_bridge.domain.operations.statistics import Executed, bucket_of
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import (
    FINAL_STATES,
    DisconnectionKind,
    NotDelivered,
    OrderKind,
    OrderState,
    ReconnectionReason,
    RejectionReason,
)
from csire_bridge.domain.order.requests.sources import source_of

__all__ = ["Cell", "CountedOrder", "Counts", "Name", "name_of", "parts_of", "tally"]

Counts = Counter[str]


class Name(StrEnum):
    """What is counted. Those that end in a colon have more after it: a number, or a name."""

    ORDERS = "orders"
    OPEN = "open"
    DONE = "done"
    CANNOT = "cannot"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    LIMITED = "limited"
    IN_TIME = "in-time"
    TRIED = "tried"
    FIRST = "first"
    BUCKET = "bucket:"
    TIME = "time:"
    HOUR = "hour:"
    EXECUTED = "executed:"
    REASON = "reason:"
    UNDELIVERED = "undelivered:"
    CLOCK = "clock:"


_ENDS = {
    OrderState.DONE: Name.DONE,
    OrderState.REJECTED: Name.CANNOT,
    OrderState.WITHDRAWN: Name.WITHDRAWN,
    OrderState.SUPERSEDED: Name.SUPERSEDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedOrder:
    """What figures need of an order. Moments are UTC; the fields are those of ``Order``."""

    kind: OrderKind
    state: OrderState
    registered_at: datetime
    disconnection_kind: DisconnectionKind | None = None
    reconnection_reason: ReconnectionReason | None = None
    supplier: Eic | None = None
    requested_date: date | None = None
    effective_date: date | None = None
    source_message: MessageId | None = None
    parent: int | None = None
    attempts: int = 0
    executed_at: datetime | None = None
    received_at: datetime | None = None
    deadline: datetime | None = None
    cannot_reason: RejectionReason | None = None
    undelivered_at: datetime | None = None
    undelivered_why: NotDelivered | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """What counts are kept for: a Polish day (or the first day of a month), and whose orders of which kind.

    ``supplier`` is empty where no supplier asked.
    """

    day: date
    kind: OrderKind
    source: OrderSource
    supplier: str

    @property
    def month(self) -> Cell:
        """The cell of its month."""
        return Cell(self.day.replace(day=1), self.kind, self.source, self.supplier)


def name_of(name: Name, *more: object) -> str:
    """The full name of a count."""
    return name + ":".join(map(str, more))


def parts_of(counts: Mapping[str, int], name: Name) -> dict[str, int]:
    """The counts whose names begin with ``name``, by what comes after it."""
    return {full.removeprefix(name): count for full, count in counts.items() if full.startswith(name)}


def tally(orders: Iterable[CountedOrder], deadlines: Deadlines, now: datetime) -> dict[Cell, Counts]:
    """The counts of all ``orders`` at ``now`` (UTC); they are gone through once, and none of them is kept."""
    found: dict[Cell, Counts] = {}
    for order in orders:
        local = order.registered_at.astimezone(WARSAW)
        whose = source_of(order), str(order.supplier or "")
        counts = found.setdefault(Cell(local.date(), order.kind, *whose), Counter())
        counts[Name.ORDERS] += 1
        counts[name_of(Name.HOUR, local.weekday() * 24 + local.hour)] += 1
        counts[_ENDS.get(order.state, Name.OPEN)] += 1
        _count_execution(order, counts)
        _count_failure(order, counts)
        for day, rule, fate in _clocks(order, deadlines, now):
            found.setdefault(Cell(day, order.kind, *whose), Counter())[name_of(Name.CLOCK, rule, fate)] += 1
    return found


def _count_execution(order: CountedOrder, counts: Counts) -> None:
    if order.state is not OrderState.DONE or order.executed_at is None:
        return
    executed = Executed(order.kind, order.registered_at, order.executed_at, order.deadline)
    counts[name_of(Name.BUCKET, bucket_of(executed.seconds).name)] += 1
    counts[name_of(Name.TIME, class_of_seconds(executed.seconds))] += 1
    counts[name_of(Name.EXECUTED, order.executed_at.astimezone(WARSAW).hour)] += 1
    if executed.in_time is not None:
        counts[Name.LIMITED] += 1
        counts[Name.IN_TIME] += executed.in_time


def _count_failure(order: CountedOrder, counts: Counts) -> None:
    if order.undelivered_why is not None:
        counts[name_of(Name.UNDELIVERED, order.undelivered_why)] += 1
    if order.state not in FINAL_STATES:
        return
    if order.attempts:
        counts[Name.TRIED] += 1
        counts[Name.FIRST] += order.state is OrderState.DONE and order.attempts == 1
    if order.state is OrderState.REJECTED and order.cannot_reason is not None:
        counts[name_of(Name.REASON, order.cannot_reason)] += 1


def _clocks(order: CountedOrder, deadlines: Deadlines, now: datetime) -> Iterable[tuple[date, str, ClockFate]]:
    undelivered = order.undelivered_at is not None
    for clock in clocks_of(order, deadlines, order.received_at, undelivered=undelivered):
        fate = fate_of(clock, order.state, order.executed_at, now)
        yield clock.since.astimezone(WARSAW).date(), clock.rule, fate
