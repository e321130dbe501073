"""Runs a batch through a step; if the batch fails as a whole, its pieces are done one by one.

A piece that fails alone is parked for a person with the reason; one that somebody else has changed meanwhile is given
back and tried again. Only StoreFailure is raised: then nothing can be written, and the leases run out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import BridgeError, StaleWrite, StoreFailure
from csire_bridge.domain.message.message import MessageEnd
from csire_bridge.domain.work import Lease, WorkItem
from csire_bridge.pipeline.batch_step import Committed, Completed, Prepared, Step, Task
from csire_bridge.pipeline.ports.store import Store
from csire_bridge.pipeline.tracing import tell_work
from csire_bridge.telemetry.logs import logger
from csire_bridge.telemetry.metrics import observe
from csire_bridge.telemetry.traces import traces_are_on

__all__ = ["BatchRunner"]

_log = logger(__name__)
_RETRY_AFTER = timedelta(seconds=0.5)
_T = TypeVar("_T")
_D = TypeVar("_D")
_P = TypeVar("_P")
_R = TypeVar("_R")


class BatchRunner:
    """Runs batches of any step. It has no state, so it is safe to use from several threads."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def run(self, step: Step[_T, _D], items: Sequence[WorkItem], lease: Lease | None = None) -> Committed:
        """Take ``items`` through ``step`` to the end; return what is committed.

        Work that follows is held under ``lease``; if None, it is left to any worker and not returned.
        """
        prepared = self.prepare(step, items, lease)
        committed = self.commit(step, [done for task in prepared.tasks for done in self.perform(step, task)], lease)
        return Committed([*prepared.following, *committed.following], committed.ends)

    def prepare(self, step: Step[_T, _D], items: Sequence[WorkItem], lease: Lease | None) -> Prepared[_T]:
        """Prepare ``items`` together; return the tasks, and the work that follows where it is held under ``lease``."""
        with _measured("prepare", items):
            parts = self._together(items, lambda item: item, lambda some: step.prepare(some, lease))
        following = [item for part in parts for item in part.following] if lease else []
        return Prepared([task for part in parts for task in part.tasks], following)

    def perform(self, step: Step[_T, _D], task: Task[_T]) -> list[Completed[_T, _D]]:
        """Perform one task; return it with its result, or nothing when it went wrong."""
        begun = self._clock() if traces_are_on() else None
        with _measured("perform", [task.item]):
            done = self._together(
                [task],
                lambda only: only.item,
                lambda some: Completed(some[0].item, some[0].about, step.perform(some[0])),
            )
        if begun is not None:
            for piece in done:
                tell_work(self._store, piece.item, piece.about, piece.result, begun, self._clock())
        return done

    def commit(self, step: Step[_T, _D], done: Sequence[Completed[_T, _D]], lease: Lease | None) -> Committed:
        """Commit what is done together; return that, with the work that follows and is held under ``lease``."""
        with _measured("commit", [piece.item for piece in done]):
            parts = self._together(done, lambda piece: piece.item, lambda some: step.commit(some, lease))
        following = [item for part in parts for item in part.following] if lease else []
        ends: dict[int, MessageEnd] = {}
        for part in parts:
            ends |= part.ends
        return Committed(following, ends)

    def give_back(self, item: WorkItem) -> None:
        """Make ``item`` due again in half a second, for any worker."""
        with _if_still_ours(), self._store.transaction() as tx:
            tx.work.reschedule(item, self._clock() + _RETRY_AFTER)

    def _together(
        self, pieces: Sequence[_P], item_of: Callable[[_P], WorkItem], do: Callable[[Sequence[_P]], _R]
    ) -> list[_R]:
        """Handle ``pieces`` together or, if that fails, one by one, so that a broken piece does not stop the others."""
        if not pieces:
            return []
        try:
            return [do(pieces)]
        except StoreFailure:
            raise
        except Exception as error:  # noqa: BLE001 - one broken piece must not stop the others
            if len(pieces) > 1:
                return [result for piece in pieces for result in self._together([piece], item_of, do)]
            self._failed(item_of(pieces[0]), error)
            return []

    def _failed(self, item: WorkItem, error: Exception) -> None:
        if isinstance(error, StaleWrite):
            _log.info("work.left", step=item.step, why=error)
            self.give_back(item)
        elif isinstance(error, BridgeError):
            _log.error("work.parked", step=item.step, subject=item.subject, why=error)
            self._park(item, str(error))
        else:
            _log.error("work.parked", step=item.step, subject=item.subject, why=error, exc_info=error)
            self._park(item, f"an error of the bridge itself: {error!r}")

    def _park(self, item: WorkItem, why: str) -> None:
        with _if_still_ours(), self._store.transaction() as tx:
            tx.work.park(item, why)


@contextmanager
def _measured(phase: str, items: Sequence[WorkItem]) -> Iterator[None]:
    """Observe how long a phase of a step takes."""
    begun = time.monotonic()
    yield
    if items:
        observe("csire_bridge_step_seconds", time.monotonic() - begun, step=items[0].step, phase=phase)


@contextmanager
def _if_still_ours() -> Iterator[None]:
    """Ignore StaleWrite: another worker has taken the work over meanwhile and finishes it."""
    try:
        yield
    except StaleWrite as error:
        _log.info("work.left", why=error)
