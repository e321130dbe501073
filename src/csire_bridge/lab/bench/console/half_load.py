"""The writes of a worker at half of its rate, meanwhile: orders come, change their states, and get their histories."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from sqlalchemy import delete

from csire_bridge.domain.identifiers import MessageId, MessageNumber, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.domain.work import WorkStep
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import Database
from csire_bridge.store.tables import work

__all__ = ["half_load"]

_BATCH = 32
_POINTS = 500_000_000


@contextmanager
def half_load(database: Database, orders_per_second: float) -> Iterator[list[int]]:
    """Write in a thread until the block ends; the list tells how many orders were written."""
    ended, written = Event(), [0]

    def write() -> None:
        due = time.monotonic()
        while not ended.wait(max(0.0, due - time.monotonic())):
            due = max(due + _BATCH / orders_per_second, time.monotonic() - 1)
            _batch(database, written[0])
            written[0] += _BATCH

    thread = Thread(target=write, name="half-load")
    thread.start()
    try:
        yield written
    finally:
        ended.set()
        thread.join()


def _batch(database: Database, begin: int) -> None:
    now = system_clock()
    made = [_order(begin + number) for number in range(_BATCH)]
    with database.transaction() as tx:
        keys = tx.orders.add(made, now)
        tx.work.add(WorkStep.EXECUTE, keys, [now] * _BATCH, priority=[order.priority for order in made])
    with database.transaction() as tx:
        for order in tx.orders.get_many(keys).values():
            tx.orders.move(order, OrderState.WITHDRAWN, now, "written by the bench")
        tx.connection.execute(delete(work).where(work.c.subject.in_(keys), work.c.step == WorkStep.EXECUTE.value))


def _order(number: int) -> Order:
    now = system_clock()
    return Order(
        key=0,
        kind=OrderKind.DISCONNECT,
        state=OrderState.REGISTERED,
        metering_point=MeteringPointCode(f"590{_POINTS + number:015d}"),
        process_instance=ProcessInstanceId.new(),
        source_message=MessageId.new(),
        source_number=MessageNumber("8.1.1.5"),
        registered_at=now,
        not_before=now,
        version=1,
    )
