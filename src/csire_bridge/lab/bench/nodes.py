"""Measures one, two and four worker processes on one PostgreSQL: orders that are due, carried out and answered.

The orders are in the database before the processes start, and become due together when all of them are up. So only the
work on orders is measured: commands, events, readings of the contactor, signed answers and their delivery to a folder.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import func, select, update

from csire_bridge.domain.errors import OurFault
from csire_bridge.domain.work import WorkStep
from csire_bridge.lab.bench.head_end import head_end_process
from csire_bridge.lab.bench.intake import take_in_batches
from csire_bridge.lab.bench.roundtrip import OurTrip
from csire_bridge.lab.bench.scene import Scene
from csire_bridge.lab.bench.service import service_process
from csire_bridge.lab.shared.measure import Track, rate
from csire_bridge.lab.simulators.postgres import PostgresServer
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.database import Database
from csire_bridge.store.tables import outbox, work

__all__ = ["NUMBERS", "NodesReport", "measure_nodes"]

NUMBERS = (1, 2, 4)
"""How many processes work side by side."""

_LATER = timedelta(days=1)
_LOOK_SECONDS = 0.02
_PATIENCE = 120.0
_CHUNK = 64


@dataclass(frozen=True)
class NodesReport:
    """``per_second`` are orders per second until the last answer was stored, by the number of processes."""

    orders: int
    batch: int
    per_second: dict[int, float]


def measure_nodes(
    place: Path,
    count: int,
    batch: int,
    track: Track,
    database: str | None = None,
    numbers: Sequence[int] = NUMBERS,
) -> NodesReport:
    """Carry ``count`` orders out with each of ``numbers`` of processes, with files in the empty folder ``place``.

    ``database`` is the address of an empty database of PostgreSQL; without one, a server is started for the bench.
    Raises ConfigurationError where there is none, OurFault when an order was not answered.
    """
    scene = Scene(place, "ecdsa")
    with ExitStack() as stack:
        url = database or stack.enter_context(_own_server())
        head_end = stack.enter_context(head_end_process(len(numbers) * count))
        bridge = stack.enter_context(closing(scene.bridge("nodes", batch, head_end, url)))
        bridge.worker.leave_out(WorkStep.EXECUTE)
        found = {}
        for processes in track(numbers, len(numbers)):
            answered = _fill(scene, bridge, count)
            settings = scene.service_settings("nodes", batch) | {
                "database": url,
                "head_end": {"url": head_end},
                "worker": {"batch": batch},
            }
            with service_process(settings, processes):
                found[processes] = rate(count, partial(_worked_off, bridge, answered + count))
    return NodesReport(count, batch, found)


@contextmanager
def _own_server() -> Iterator[str]:
    with PostgresServer() as server:
        yield server.new_database()


def _fill(scene: Scene, bridge: Bridge, count: int) -> int:
    """Write ``count`` orders that are due much later; return how many answers there are before them."""
    chunk = scene.workload.take(count)
    OurTrip(bridge).prepare(chunk)
    take_in_batches(bridge, _CHUNK, [order.raw for order in chunk])
    with bridge.database.transaction() as tx:
        tx.connection.execute(update(work).values(due_at=bridge.clock() + _LATER))
    return _answers(bridge.database)


def _worked_off(bridge: Bridge, expected: int) -> None:
    """Let all orders fall due, and wait until there are ``expected`` answers."""
    with bridge.database.transaction() as tx:
        tx.connection.execute(update(work).values(due_at=bridge.clock()))
    most, moved_at = 0, time.monotonic()
    while (answers := _answers(bridge.database)) < expected:
        if answers > most:
            most, moved_at = answers, time.monotonic()
        if time.monotonic() - moved_at > _PATIENCE:
            raise OurFault(f"only {answers} of {expected} orders were answered", "run it again with -v")
        time.sleep(_LOOK_SECONDS)


def _answers(database: Database) -> int:
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(outbox)).scalar_one()
