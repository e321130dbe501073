"""The result of a simulation, from the database: the five buckets, ends, deadlines, and why orders were late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from sqlalchemy import Connection, select

from csire_bridge.domain.operations.statistics import Bucket, count_buckets, percentile
from csire_bridge.domain.order.order import FINAL_STATES, NEEDS_OPERATOR, Order, OrderKind, OrderState, WaitsFor
from csire_bridge.domain.order.requests.sources import source_of
from csire_bridge.domain.rules.timeline import Timeline, plan
from csire_bridge.lab.simulation.law import LawOutcome, lawful_at, point_index
from csire_bridge.lab.simulation.play import Play
from csire_bridge.pipeline.execute.gates.rule_cache import RuleBook
from csire_bridge.store.sql.row_mapper import from_rows
from csire_bridge.store.tables import order_events, orders

__all__ = ["IN_TIME", "KindOutcome", "Late", "Outcomes", "Spread", "every_order", "outcomes"]

IN_TIME = timedelta(minutes=15)


class Late(StrEnum):
    """Why an order at a reachable meter was not carried out within 15 minutes; the first that fits."""

    CAP = "waited for the hourly cap"
    METER = "waited for another command at the meter"
    BUTTON = "the customer had to press the button"
    REPEATED = "took several commands"
    GIVEN_UP = "was left to people"
    REST = "took its time"


@dataclass(frozen=True, slots=True)
class Spread:
    """Execution times in seconds: the five buckets, and percentiles where there is anything."""

    count: int
    buckets: dict[Bucket, int]
    p50: float | None
    p90: float | None
    p99: float | None

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Spread:
        """The spread of ``seconds`` in any order."""
        ordered = sorted(seconds)
        points = [percentile(ordered, share) if ordered else None for share in (50, 90, 99)]
        return cls(len(ordered), count_buckets(ordered), *points)


@dataclass
class KindOutcome:
    """All orders of one kind; those that are steps of others are left out.

    ``ends`` counts states at the end. ``due`` are orders at reachable meters that should have been carried out: done,
    left to people, or still open; ``in_time`` are those of them that were, within 15 minutes of the moment that the
    rules allow. ``deadlines`` are orders with a deadline that was past at the end or met, ``deadlines_met`` the latter.
    """

    kind: OrderKind
    orders: int = 0
    ends: Counter[OrderState] = field(default_factory=Counter)
    registered: list[float] = field(default_factory=list)
    allowed: list[float] = field(default_factory=list)
    reachable: list[float] = field(default_factory=list)
    due: int = 0
    in_time: int = 0
    deadlines: int = 0
    deadlines_met: int = 0
    late: Counter[Late] = field(default_factory=Counter)
    waited_for_cap: int = 0

    @property
    def share_in_time(self) -> float | None:
        """The share of ``in_time``; None where nothing was due."""
        return self.in_time / self.due if self.due else None


def every_order(connection: Connection) -> Iterator[Order]:
    """All orders, oldest first, a few at a time."""
    rows = connection.execution_options(yield_per=1000).execute(select(orders).order_by(orders.c.key))
    yield from from_rows(Order, rows)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of each kind of order, in the order in which kinds are listed, and what the law changed."""

    kinds: Sequence[KindOutcome]
    law: LawOutcome


def outcomes(play: Play) -> Outcomes:
    """Count every order once."""
    with play.database.reading() as connection:
        reader = _Reader(play, connection)
        for order in every_order(connection):
            reader.add(order)
    return Outcomes([found for found in reader.kinds.values() if found.orders], reader.law)


class _Reader:
    def __init__(self, play: Play, connection: Connection) -> None:
        self._play = play
        self._outages = play.scenario.outages
        with play.database.read_transaction() as tx:
            self._timeline: Timeline = RuleBook().timeline(tx.rule_sets)
        self._cap = _waited(connection, WaitsFor.CAP)
        self._meter = _waited(connection, WaitsFor.METER)
        self.kinds = {kind: KindOutcome(kind) for kind in OrderKind}
        self.law = LawOutcome()

    def add(self, order: Order) -> None:
        """Count an order."""
        if order.parent is not None:
            return
        self.law.add(self._play, order, self._timeline)
        found = self.kinds[order.kind]
        found.orders += 1
        found.ends[order.state] += 1
        found.waited_for_cap += order.key in self._cap
        allowed = self._allowed(order)
        self._deadline(order, found)
        done = order.executed_at if order.state is OrderState.DONE else None
        if done is not None:
            found.registered.append(_seconds(order.registered_at, done))
            found.allowed.append(_seconds(allowed, done))
        if self._counts(order, allowed):
            found.due += 1
            if done is not None:
                found.reachable.append(_seconds(allowed, done))
            if done is not None and done - allowed <= IN_TIME:
                found.in_time += 1
            else:
                found.late[self._why_late(order)] += 1

    def _counts(self, order: Order, allowed: datetime) -> bool:
        """Whether it should have been carried out at a meter that could be reached."""
        wanted = order.state not in FINAL_STATES or order.state is OrderState.DONE
        return wanted and not self._outages.touch(point_index(order), allowed, allowed + IN_TIME)

    def _allowed(self, order: Order) -> datetime:
        """The first moment (UTC) at which the operator's rules, the law, and the order's own date let it be sent."""
        law = partial(lawful_at, self._play, order)
        planned = plan(order, self._timeline, order.registered_at, source_of(order), law).at
        counts = self._play.orders.steps.last_day_counts and order.kind is OrderKind.AGREEMENT_END
        return max(planned, order.registered_at) + timedelta(days=1 if counts else 0)

    def _deadline(self, order: Order, found: KindOutcome) -> None:
        deadline = self._play.policy.deadline_of(order)
        if deadline is None or (order.state in FINAL_STATES and order.state is not OrderState.DONE):
            return
        met = order.state is OrderState.DONE and order.executed_at is not None and order.executed_at <= deadline
        if met or deadline < self._play.clock():
            found.deadlines += 1
            found.deadlines_met += met

    def _why_late(self, order: Order) -> Late:
        reasons = (
            (order.key in self._cap, Late.CAP),
            (order.state in NEEDS_OPERATOR, Late.GIVEN_UP),
            (self._pressed(order), Late.BUTTON),
            (order.attempts > 1, Late.REPEATED),
            (order.key in self._meter, Late.METER),
        )
        return next((late for fits, late in reasons if fits), Late.REST)

    def _pressed(self, order: Order) -> bool:
        """Whether a customer's button ended the order, or is still waited for."""
        moves = self._play.head_end.movements.get(order.meter, []) if order.meter else []
        return order.state is OrderState.ARMED or any(m.order is None and m.at == order.executed_at for m in moves)


def _waited(connection: Connection, reason: WaitsFor) -> set[int]:
    """Orders that waited for it at some time, and the orders of which those are steps.

    Only the history shows it: an order no longer has its reason for waiting once it continues.
    """
    query = (
        select(orders.c.key, orders.c.parent)
        .join(order_events, order_events.c.order == orders.c.key)
        .where(order_events.c.text.like(_TOLD[reason]))
    )
    return {key for row in connection.execute(query) for key in row if key is not None}


_TOLD = {WaitsFor.CAP: "waits: % disconnections were given within the hour;%", WaitsFor.METER: "waits: % meter %"}


def _seconds(begin: datetime, end: datetime) -> float:
    """A meter's clock slightly behind ours must not make it negative."""
    return max(0.0, (end - begin).total_seconds())
