"""The worker: leases due work, does it, and continues with the work that follows while it holds the lease.

While one batch waits for the head-end system, the worker leases and processes the next; calls to other partners run in
threads of their own. Nothing is kept in memory that a crash could lose: leases run out, and the rows are there for the
next worker.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from threading import Event
from typing import Any

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.pipeline.batch_runner import BatchRunner
from csire_bridge.pipeline.batch_step import Completed, Step, Task
from csire_bridge.pipeline.ports.store import Store
from csire_bridge.runtime.green_calls import CallGroup, GreenScheduler
from csire_bridge.telemetry.logs import logger
from csire_bridge.telemetry.metrics import observe
from csire_bridge.worker.batches_under_way import Batch, Hands

__all__ = ["Handlers", "Worker"]

_log = logger(__name__)
_FOLLOWS = {
    WorkStep.INTAKE: WorkStep.EXECUTE,
    WorkStep.EXECUTE: WorkStep.ACKNOWLEDGE,
    WorkStep.PERFORM: WorkStep.ACKNOWLEDGE,
    WorkStep.ACKNOWLEDGE: WorkStep.DELIVER,
}
_ASK_METERS = frozenset({WorkStep.EXECUTE, WorkStep.PERFORM})
_BUSY_BATCHES = 4
"""The number of batches with calls that still wait to start; more would only wait in another place."""
_GLANCE_SECONDS = 0.02
"""How long to wait for meters before checking again for due work."""
_STUCK_GLANCE_SECONDS = 0.1
"""The same, if all meters waited for have not answered for a second."""


Handlers = Mapping[WorkStep, Step[Any, Any]]
"""The handlers of the steps that are leased."""


class Worker:
    """One worker; ``name`` is the owner in its leases and must be unique."""

    def __init__(
        self,
        store: Store,
        handlers: Handlers,
        clock: Clock,
        *,
        batch: int,
        lease: timedelta,
        most_lapses: int,
        steps_due: Sequence[WorkStep] | None = None,
        at_once: int = 1,
        stuck_at_once: int = 0,
        hands: Mapping[WorkStep, int] | None = None,
    ) -> None:
        """``steps_due`` are the steps whose work is leased; None: all that have a handler.

        ``at_once`` is how many slow meters are called at the same time; ``stuck_at_once`` more may hang.
        ``hands`` is the number of threads of each step that calls another partner, such as the hub.
        """
        self.name = f"worker-{uuid.uuid4()}"
        self._store = store
        self._handlers = handlers
        self._runner = BatchRunner(store, clock)
        self._clock = clock
        self._due = tuple(handlers if steps_due is None else steps_due)
        self._batch = batch
        self._length = lease
        self._most_lapses = most_lapses
        self._awake = Event()
        self._hands = {step: Hands(f"hands for {step}", count, self.wake) for step, count in (hands or {}).items()}
        self._look_ups = Hands("look-ups", at_once, self.wake)
        self._lines = GreenScheduler(at_once, stuck_at_once)
        self._under_way: list[Batch] = []
        self._running = False
        self._ends = False

    def close(self) -> None:
        """Release everything, after the running jobs of the threads have ended."""
        self._ends = True
        for hands in (self._look_ups, *self._hands.values()):
            hands.close()
        self._lines.close()

    def leave_out(self, *steps: WorkStep) -> None:
        """Leave ``steps`` to other workers; their work stays in the queue."""
        self._due = tuple(step for step in self._due if step not in steps)

    @property
    def steps_due(self) -> tuple[WorkStep, ...]:
        """The steps whose work is taken."""
        return self._due

    def lease(self) -> Lease:
        """A lease of ours that starts now."""
        return Lease.starting(self.name, self._clock(), self._length)

    def turn(self) -> int:
        """Lease one batch of due work and do it, with all that follows; return how many pieces were due."""
        count = self._begin_due()
        self._finish()
        return count

    def carry_on(self, items: Sequence[WorkItem], lease: Lease) -> None:
        """Do ``items``, which are leased under ``lease``, and the work that follows; items of one step together.

        Everything is committed when this returns; but while the worker runs, calls to partners may stay under way.
        """
        self._go_on(items, lease)
        if not self._running:
            self._finish()

    def run(self, stop: Event, idle: Callable[[], None], between: Callable[[], None] = lambda: None) -> None:
        """Work until ``stop`` is set; ``idle`` waits a moment if nothing is due, ``between`` is called each turn.

        ``idle`` should end early when the worker is woken (``rest``).
        """
        self._running, self._ends = True, False
        try:
            while not stop.is_set():
                between()
                if not self._begin_due() | self._settle_ended():
                    self._pause(idle)
        finally:
            self._running, self._ends = False, True
        self._finish()
        self._ends = False

    def wake(self) -> None:
        """End a ``rest``, because work became due, such as an order whose event came in. From any thread."""
        self._awake.set()

    def rest(self, seconds: float) -> None:
        """Wait until woken, ``seconds`` at most."""
        self._awake.wait(seconds)
        self._awake.clear()

    def _begin_due(self) -> int:
        """Lease one batch of due work and start it; work that needs no partner is finished. Return the number due."""
        steps = [step for step in self._due if self._has_room(step)]
        if not steps:
            return 0
        lease = self.lease()
        with self._store.transaction() as tx:
            items = tx.work.lease(steps, self._clock(), lease, self._batch)
            poison = [item for item in items if item.lapses >= self._most_lapses]
            tx.work.park_all([(item, _poisoned(item)) for item in poison])
        for item in poison:
            _log.error("work.parked", step=item.step, subject=item.subject, why=_poisoned(item))
        for item in items:
            if item.due_at is not None:
                waited = (lease.until - self._length - item.due_at).total_seconds()
                observe("csire_bridge_work_wait_seconds", waited, step=item.step)
        self._go_on([item for item in items if item not in poison], lease)
        return len(items)

    def _has_room(self, step: WorkStep) -> bool:
        """Whether more of ``step`` may be leased; otherwise it would only wait here, where no other worker can do
        it."""
        if step in self._hands:
            return not self._hands[step].full
        if step in _ASK_METERS and self._running:
            return sum(self._lines.busy(batch.calls) for batch in self._under_way) < _BUSY_BATCHES
        return True

    def _pause(self, idle: Callable[[], None]) -> None:
        """Wait, because nothing is due: for meters, or else for new work."""
        if any(self._lines.busy(batch.calls) or batch.has_ended_pieces for batch in self._under_way):
            self._lines.wait(lambda: any(batch.has_ended_pieces for batch in self._under_way), _GLANCE_SECONDS)
        elif all(batch.calls.ended for batch in self._under_way):
            idle()
        else:
            self._lines.look()
            self.rest(_STUCK_GLANCE_SECONDS)

    def _finish(self) -> None:
        """Finish everything that is under way, and the work that follows."""
        while self._under_way:
            if not self._settle_ended():
                self._pause(lambda: self.rest(_STUCK_GLANCE_SECONDS))

    def _go_on(self, items: Sequence[WorkItem], lease: Lease) -> None:
        """Do ``items`` and the work that follows, up to calls to partners."""
        hand = list(items)
        while hand:
            step = hand[0].step
            batch = [item for item in hand if item.step is step]
            hand = [item for item in hand if item.step is not step]
            hand += self._work(step, batch, lease)

    def _work(self, name: WorkStep, items: Sequence[WorkItem], lease: Lease) -> list[WorkItem]:
        """Prepare together, perform one by one, commit together; return the work that follows under ``lease``."""
        step, follows = self._handlers[name], _FOLLOWS.get(name)
        keeps = lease if follows in self._due and self._has_room(follows) else None
        prepared = self._runner.prepare(step, items, keeps)
        if prepared.tasks and (name in _ASK_METERS or name in self._hands):
            self._ask(name, prepared.tasks, lease, keeps)
            return [*prepared.following]
        done = []
        for task in prepared.tasks:
            done += self._runner.perform(step, task)
            self._lines.look()
        return [*prepared.following, *self._runner.commit(step, done, keeps).following]

    def _ask(self, name: WorkStep, tasks: Sequence[Task[Any]], lease: Lease, keeps: Lease | None) -> None:
        """Start calls: to meters as green calls, to other partners, such as the hub or SID, in threads."""
        step, hands = self._handlers[name], self._hands.get(name)
        apart = [task for task in tasks if hands or task.needs_thread]

        def job(task: Task[Any]) -> None:
            batch.add(self._runner.perform(step, task))

        calls = CallGroup(partial(job, task) for task in tasks if not (hands or task.needs_thread))
        batch = Batch(step, lease, keeps, calls)
        batch.jobs = (hands or self._look_ups).begin(partial(self._done_in_time, step, task) for task in apart)
        self._under_way.append(batch)
        self._lines.begin(calls)  # even when this fails, what was begun is settled in its turn

    def _settle_ended(self) -> int:
        """Commit the pieces that have ended, and continue with the work that follows; return how many there were."""
        count = 0
        for batch in list(self._under_way):
            if done := batch.take():
                count += len(done)
                self._go_on(self._runner.commit(batch.step, done, batch.keeps).following, batch.lease)
        self._under_way = [batch for batch in self._under_way if not batch.over]
        return count

    def _done_in_time(self, step: Step[Any, Any], task: Task[Any]) -> list[Completed[Any, Any]]:
        """Do a task; what had to wait for a hand too long is given back: its lease must last until it is settled."""
        lease = task.item.lease
        if self._ends or (lease and self._clock() > lease.until - self._length / 2):
            self._runner.give_back(task.item)
            return []
        return self._runner.perform(step, task)


def _poisoned(item: WorkItem) -> str:
    return (
        f"{item.lapses} times a worker took this work and never gave it back: handling it seems to end or to hang "
        "the process"
    )
