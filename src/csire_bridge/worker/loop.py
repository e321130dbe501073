"""The worker: leases due work, has it done, and goes on with what follows while it holds the lease.

Nothing is kept here that a crash could lose: leases run out, and the rows are there for the next worker.
"""

from __future__ import annotations

import logging
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Event

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import BridgeError, StaleWrite, StoreFailure
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.pipeline.acknowledge import Acknowledger
from csire_bridge.pipeline.deliver import Deliverer
from csire_bridge.pipeline.execute import Executor
from csire_bridge.pipeline.intake import Intake
from csire_bridge.pipeline.ports import Store

__all__ = ["Steps", "Worker"]

_log = logging.getLogger(__name__)
_RETRY_AFTER = timedelta(seconds=5)


@dataclass(frozen=True)
class Steps:
    """The handlers of the steps that are leased."""

    intake: Intake
    execute: Executor
    acknowledge: Acknowledger
    deliver: Deliverer


class Worker:
    """One worker; ``name`` stands in its leases and must be its own."""

    def __init__(
        self,
        store: Store,
        steps: Steps,
        clock: Clock,
        *,
        steps_due: Sequence[WorkStep] = tuple(WorkStep),
        batch: int = 32,
        lease: timedelta = timedelta(seconds=60),
    ) -> None:
        self.name = f"worker-{uuid.uuid4()}"
        self._store = store
        self._steps = steps
        self._clock = clock
        self._due = tuple(steps_due)
        self._batch = batch
        self._length = lease

    def lease(self) -> Lease:
        """A lease of ours that starts now."""
        return Lease.starting(self.name, self._clock(), self._length)

    def turn(self) -> int:
        """Lease one batch of due work and do it; return how many pieces were due."""
        lease = self.lease()
        with self._store.transaction() as tx:
            items = tx.work.lease(self._due, self._clock(), lease, self._batch)
        self.carry_on(items, lease)
        return len(items)

    def carry_on(self, items: Sequence[WorkItem], lease: Lease) -> None:
        """Do ``items``, which are held under ``lease``, and what follows from them."""
        messages = [item for item in items if item.step is WorkStep.INTAKE]
        hand = deque(item for item in items if item.step is not WorkStep.INTAKE)
        if messages:
            hand.extend(self._intake(messages, lease))
        while hand:
            item = hand.popleft()
            hand.extend(self._guarded([item], partial(self._one, item, lease)))

    def run(self, stop: Event, idle: Callable[[], None]) -> None:
        """Work until ``stop`` is set; ``idle`` waits a moment when nothing is due."""
        while not stop.is_set():
            if not self.turn():
                idle()

    def _intake(self, items: Sequence[WorkItem], lease: Lease) -> list[WorkItem]:
        try:
            return self._steps.intake.run(items, lease)
        except StaleWrite:
            # Another worker took an id of this batch: one by one, only the message concerned is touched.
            done: list[WorkItem] = []
            for item in items:
                done += self._guarded([item], partial(self._steps.intake.run, [item], lease))
            return done

    def _one(self, item: WorkItem, lease: Lease) -> list[WorkItem]:
        match item.step:
            case WorkStep.EXECUTE:
                return self._steps.execute.run(item, lease)
            case WorkStep.ACKNOWLEDGE:
                return self._steps.acknowledge.run(item, lease)
            case WorkStep.DELIVER:
                return self._steps.deliver.run(item)
            case WorkStep.INTAKE:
                return self._steps.intake.run([item], lease)

    def _guarded(self, items: Sequence[WorkItem], do: Callable[[], list[WorkItem]]) -> list[WorkItem]:
        """Have it done; what goes wrong with one piece must not disturb the others."""
        try:
            return do()
        except StoreFailure:
            raise
        except StaleWrite as error:
            _log.info("%s; it is looked at again", error.text)
            self._give_back(items, None)
        except BridgeError as error:
            _log.error("work is parked: %s", error)
            self._park(items, str(error))
        except Exception as error:  # noqa: BLE001 - one broken piece must not stop the worker
            _log.exception("work is parked after an error of ours")
            self._park(items, f"an error of the bridge itself: {error!r}")
        return []

    def _give_back(self, items: Sequence[WorkItem], why: str | None) -> None:
        with self._store.transaction() as tx:
            for item in items:
                tx.work.postpone(item.key, self._clock() + _RETRY_AFTER, failed=why)

    def _park(self, items: Sequence[WorkItem], why: str) -> None:
        with self._store.transaction() as tx:
            for item in items:
                tx.work.park(item.key, why)
