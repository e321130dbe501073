"""Measures what leasing one batch of work costs, with few and with very many open orders in the store."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import text

from csire_bridge.domain.errors import OurFault
from csire_bridge.domain.identifiers import MessageId, MessageNumber, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.domain.work import Lease, WorkStep
from csire_bridge.lab.shared.measure import Track, ratio
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import Database

__all__ = ["BacklogReport", "measure_backlog"]

_CHUNK = 5000
_STEPS = tuple(WorkStep)
_WARM_UP = 3


@dataclass(frozen=True)
class BacklogReport:
    """Milliseconds for leasing one batch, the median: the call itself, and the whole transaction with its commit.

    ``ratio`` and ``ratio_with_commit`` are the medians of the pairs' ratios, of ``many`` open orders to ``few``.
    """

    few: int
    many: int
    batch: int
    rounds: int
    few_ms: float
    many_ms: float
    ratio: float
    few_with_commit_ms: float
    many_with_commit_ms: float
    ratio_with_commit: float


def measure_backlog(
    few_url: str, many_url: str, few: int, many: int, batch: int, rounds: int, track: Track
) -> BacklogReport:
    """Fill two empty databases with open orders, and lease batches from one and the other in turns.

    Raises OurFault when fewer than a batch are due.
    """
    with closing(Database(few_url)) as little, closing(Database(many_url)) as large:
        _fill(little, [few])
        _fill(large, track([min(_CHUNK, many - start) for start in range(0, many, _CHUNK)], many))
        pairs = list(_pairs(little, large, batch, rounds))[_WARM_UP:]
    few_ms, many_ms = ([pair[side].lease for pair in pairs] for side in (0, 1))
    few_whole, many_whole = ([pair[side].whole for pair in pairs] for side in (0, 1))
    return BacklogReport(
        few,
        many,
        batch,
        rounds,
        median(few_ms),
        median(many_ms),
        ratio(many_ms, few_ms),
        median(few_whole),
        median(many_whole),
        ratio(many_whole, few_whole),
    )


def _fill(database: Database, sizes: Iterable[int]) -> None:
    database.upgrade()
    filler = _Filler(database)
    for size in sizes:
        filler.add(size)
    _settle_down(database)


class _Filler:
    """Writes registered orders with their work: a third is due, the rest waits for some day of the coming month."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._random = random.Random(4)  # noqa: S311 - the same backlog each time, no secret
        self._now = system_clock()
        self._count = 0

    def add(self, count: int) -> None:
        orders = [self._order(self._count + index) for index in range(count)]
        self._count += count
        with self._database.transaction() as tx:
            keys = tx.orders.add(orders, self._now)
            dues = [order.not_before for order in orders]
            tx.work.add(WorkStep.EXECUTE, keys, dues, priority=[order.priority for order in orders])

    def _order(self, number: int) -> Order:
        return Order(
            key=0,
            kind=OrderKind.RECONNECT if number % 10 == 0 else OrderKind.DISCONNECT,
            state=OrderState.REGISTERED,
            metering_point=MeteringPointCode(f"590{number:015d}"),
            process_instance=ProcessInstanceId.new(),
            source_message=MessageId.new(),
            source_number=MessageNumber("8.1.1.5"),
            registered_at=self._now,
            not_before=self._due(),
            version=1,
        )

    def _due(self) -> datetime:
        if self._random.random() < 1 / 3:
            return self._now - timedelta(seconds=self._random.uniform(0, 3600))
        return self._now + timedelta(days=self._random.uniform(1, 30))


@dataclass(frozen=True, slots=True)
class _Timing:
    """Milliseconds of a lease, and of the transaction that it is in."""

    lease: float
    whole: float


def _pairs(little: Database, large: Database, batch: int, rounds: int) -> Iterator[tuple[_Timing, _Timing]]:
    """The pairs of measurements; which of the two comes first alternates."""
    for turn in range(rounds + _WARM_UP):
        if turn % 2:
            second = _timed(large, batch, turn)
            yield _timed(little, batch, turn), second
        else:
            yield _timed(little, batch, turn), _timed(large, batch, turn)


def _timed(database: Database, batch: int, turn: int) -> _Timing:
    """Time one lease; what was leased is given back as it was."""
    now = system_clock()
    lease = Lease.starting(f"bench-{turn}", now, timedelta(minutes=5))
    begun = time.perf_counter()
    with database.transaction() as tx:
        before = time.perf_counter()
        items = tx.work.lease(_STEPS, now, lease, batch)
        after = time.perf_counter()
    committed = time.perf_counter()
    if len(items) != batch:
        raise OurFault(f"only {len(items)} pieces of work were due, but a batch has {batch}", "take more orders")
    with database.transaction() as tx:
        tx.work.reschedule_all([(item, now - timedelta(seconds=turn), None) for item in items])
    return _Timing((after - before) * 1000, (committed - begun) * 1000)


def _settle_down(database: Database) -> None:
    """Update the planner's statistics, as the database does by itself in the long run."""
    with database.transaction() as tx:
        tx.connection.execute(text("ANALYZE"))
