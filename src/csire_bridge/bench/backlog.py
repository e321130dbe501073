"""Measures what leasing one batch of work costs, with few and with very many open orders in the store."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import text

from csire_bridge.bench.measure import Track
from csire_bridge.bootstrap import system_clock
from csire_bridge.domain.identifiers import MessageId, MessageNumber, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.orders import Order, OrderKind, OrderState
from csire_bridge.domain.work import Lease, WorkStep
from csire_bridge.store.database import Database

__all__ = ["BacklogReport", "measure_backlog"]

_CHUNK = 5000
_STEPS = tuple(WorkStep)


@dataclass(frozen=True)
class BacklogReport:
    """Milliseconds for leasing one batch, the median: the call itself, and the whole transaction with its commit.

    ``ratio`` and ``ratio_with_commit`` compare ``many`` open orders with ``few``.
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


def measure_backlog(url: str, few: int, many: int, batch: int, rounds: int, track: Track) -> BacklogReport:
    """Fill the empty database at ``url`` with open orders, and lease batches with ``few`` and with ``many`` of them."""
    with closing(Database(url)) as database:
        database.upgrade()
        filler = _Filler(database)
        chunks = [min(_CHUNK, many - few - start) for start in range(0, many - few, _CHUNK)]
        filler.add(few)
        small = _lease_many(database, batch, rounds)
        for size in track(chunks, sum(chunks)):
            filler.add(size)
        _settle_down(database)
        large = _lease_many(database, batch, rounds)
    return BacklogReport(
        few,
        many,
        batch,
        rounds,
        small[0],
        large[0],
        large[0] / small[0],
        small[1],
        large[1],
        large[1] / small[1],
    )


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


def _lease_many(database: Database, batch: int, rounds: int) -> tuple[float, float]:
    """Milliseconds for a lease, without and with its transaction; what was leased is given back as it was."""
    timings = list(_timings(database, batch, rounds + 3))[3:]
    return _median(timings, lambda pair: pair[0]), _median(timings, lambda pair: pair[1])


def _timings(database: Database, batch: int, rounds: int) -> Iterator[tuple[float, float]]:
    for turn in range(rounds):
        now = system_clock()
        lease = Lease.starting(f"bench-{turn}", now, timedelta(minutes=5))
        begun = time.perf_counter()
        with database.transaction() as tx:
            before = time.perf_counter()
            items = tx.work.lease(_STEPS, now, lease, batch)
            after = time.perf_counter()
        committed = time.perf_counter()
        if len(items) != batch:
            raise ValueError(f"only {len(items)} pieces of work were due, but a batch has {batch}")
        yield (after - before) * 1000, (committed - begun) * 1000
        with database.transaction() as tx:
            tx.work.postpone_all([(item, now - timedelta(seconds=turn), None) for item in items])


def _median(timings: Sequence[tuple[float, float]], part: Callable[[tuple[float, float]], float]) -> float:
    return median(map(part, timings))


def _settle_down(database: Database) -> None:
    """What the database does by itself in the long run: statistics for its planner."""
    with database.transaction() as tx:
        tx.connection.execute(text("ANALYZE"))
