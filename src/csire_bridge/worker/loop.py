"""The worker: leases due work, has it done, and goes on with what follows while it holds the lease.

While meters are asked for one batch, the next ones are worked on: a head-end system that thinks keeps nobody waiting.
Nothing is kept here that a crash could lose: leases run out, and the rows are there for the next worker.
"""

from __future__ import annotations

import logging
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Event
from typing import Any, TypeVar

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import BridgeError, StaleWrite, StoreFailure
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.lines import Calls, Lines
from csire_bridge.pipeline.ports import Store
from csire_bridge.pipeline.steps import Begun, Done, Step, Task

__all__ = ["Handlers", "Worker"]

_log = logging.getLogger(__name__)
_RETRY_AFTER = timedelta(seconds=0.5)
_FOLLOWS = {
    WorkStep.INTAKE: WorkStep.EXECUTE,
    WorkStep.EXECUTE: WorkStep.ACKNOWLEDGE,
    WorkStep.PERFORM: WorkStep.ACKNOWLEDGE,
    WorkStep.ACKNOWLEDGE: WorkStep.DELIVER,
}
_ASK_METERS = frozenset({WorkStep.EXECUTE, WorkStep.PERFORM})
_UNDER_WAY = 4
"""So many batches may wait for their meters; more would only wait in another place."""
_GLANCE_SECONDS = 0.02
"""Where nothing is due, so long is waited for meters before it is looked again what is due."""
_P = TypeVar("_P")
_R = TypeVar("_R")


Handlers = Mapping[WorkStep, Step[Any, Any]]
"""The handlers of the steps that are leased."""


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A batch whose meters are being asked; what follows from it is held under ``lease`` where ``keeps`` says so."""

    step: Step[Any, Any]
    begun: Sequence[Begun[Any]]
    done: list[Done[Any, Any]]
    calls: Calls
    lease: Lease
    keeps: Lease | None


class Worker:
    """One worker; ``name`` stands in its leases and must be its own."""

    def __init__(
        self,
        store: Store,
        handlers: Handlers,
        clock: Clock,
        *,
        steps_due: Sequence[WorkStep] | None = None,
        batch: int = 32,
        lease: timedelta = timedelta(seconds=60),
        most_lapses: int = 5,
        at_once: int = 1,
    ) -> None:
        """``steps_due`` are the steps whose work is leased; None: all that have a handler.

        ``at_once`` is how many slow meters are asked at the same time.
        """
        self.name = f"worker-{uuid.uuid4()}"
        self._store = store
        self._handlers = handlers
        self._clock = clock
        self._due = tuple(handlers if steps_due is None else steps_due)
        self._batch = batch
        self._length = lease
        self._most_lapses = most_lapses
        self._awake = Event()
        self._hands = ThreadPoolExecutor(at_once, "look-ups")
        self._lines = Lines(at_once)
        self._under_way: deque[_UnderWay] = deque()
        self._may_wait = 0

    def close(self) -> None:
        """Give everything back, once what the threads are at is done."""
        self._hands.shutdown()
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
        """Lease one batch of due work and do it; return how many pieces were due, or are under way."""
        lease = self.lease()
        with self._store.transaction() as tx:
            items = tx.work.lease(self._due, self._clock(), lease, self._batch)
            poison = [item for item in items if item.lapses >= self._most_lapses]
            tx.work.park_all([(item, _poisoned(item)) for item in poison])
        for item in poison:
            _log.error("%s of %s is parked: %s", item.step, item.subject, _poisoned(item))
        self.carry_on([item for item in items if item not in poison], lease)
        if items or not self._under_way:
            return len(items)
        self._lines.wait(lambda: any(batch.calls.ended for batch in self._under_way), _GLANCE_SECONDS)
        self._settle_ended()
        return 1

    def carry_on(self, items: Sequence[WorkItem], lease: Lease) -> None:
        """Do ``items``, which are held under ``lease``, and what follows from them; all of one step together.

        All of it is settled when this returns; but while the worker runs, some batches stay under way.
        """
        self._go_on(items, lease)
        self._settle_ended()
        while len(self._under_way) > self._may_wait:
            self._lines.finish(self._under_way[0].calls)
            self._settle_ended()

    def run(self, stop: Event, idle: Callable[[], None], between: Callable[[], None] = lambda: None) -> None:
        """Work until ``stop`` is set; ``idle`` waits a moment when nothing is due, ``between`` is called each turn."""
        self._may_wait = _UNDER_WAY
        try:
            while not stop.is_set():
                between()
                if not self.turn():
                    idle()
        finally:
            self._may_wait = 0
        self.carry_on([], self.lease())

    def wake(self) -> None:
        """Something fell due, such as an order whose event came in: end the rest. From any thread."""
        self._awake.set()

    def rest(self, seconds: float) -> None:
        """Wait until woken, ``seconds`` at most."""
        self._awake.wait(seconds)
        self._awake.clear()

    def _go_on(self, items: Sequence[WorkItem], lease: Lease) -> None:
        """Do ``items`` and what follows, up to where meters are asked."""
        hand = list(items)
        while hand:
            step = hand[0].step
            batch = [item for item in hand if item.step is step]
            hand = [item for item in hand if item.step is not step]
            hand += self._work(step, batch, lease)

    def _work(self, name: WorkStep, items: Sequence[WorkItem], lease: Lease) -> list[WorkItem]:
        """Begin together, do one by one, settle together; return the work that follows under ``lease``."""
        step = self._handlers[name]
        keeps = lease if _FOLLOWS.get(name) in self._due else None
        begun = self._together(items, lambda item: item, lambda some: step.begin(some, keeps))
        tasks = [task for part in begun for task in part.tasks]
        if name in _ASK_METERS and tasks:
            self._ask(step, begun, tasks, lease, keeps)
            return []
        done = []
        for task in tasks:
            done += self._done(step, task)
            self._lines.look()
        return self._settled(step, begun, done, keeps)

    def _ask(
        self,
        step: Step[Any, Any],
        begun: Sequence[Begun[Any]],
        tasks: Sequence[Task[Any]],
        lease: Lease,
        keeps: Lease | None,
    ) -> None:
        """Have meters asked over lines; whoever else is asked, such as SID, is waited for in threads."""
        done: list[Done[Any, Any]] = []
        for pieces in self._hands.map(partial(self._done, step), [task for task in tasks if task.apart]):
            done += pieces

        def job(task: Task[Any]) -> None:
            done.extend(self._done(step, task))

        calls = Calls(partial(job, task) for task in tasks if not task.apart)
        self._under_way.append(_UnderWay(step, begun, done, calls, lease, keeps))
        self._lines.begin(calls)  # even when this fails, what was begun is settled in its turn

    def _settle_ended(self) -> None:
        """Settle the batches whose calls have ended, and go on with what follows."""
        while ended := next((batch for batch in self._under_way if batch.calls.ended), None):
            self._under_way.remove(ended)
            self._go_on(self._settled(ended.step, ended.begun, ended.done, ended.keeps), ended.lease)

    def _settled(
        self, step: Step[Any, Any], begun: Sequence[Begun[Any]], done: Sequence[Done[Any, Any]], keeps: Lease | None
    ) -> list[WorkItem]:
        """Settle what is done; return the work that follows, if it is held by us."""
        settled = self._together(done, lambda piece: piece.item, lambda some: step.settle(some, keeps))
        if keeps is None:
            return []  # what follows is held by nobody yet
        return [item for following in (*(part.following for part in begun), *settled) for item in following]

    def _done(self, step: Step[Any, Any], task: Task[Any]) -> list[Done[Any, Any]]:
        """The task with its result; nothing when it went wrong."""
        return self._together(
            [task], lambda only: only.item, lambda some: Done(some[0].item, some[0].about, step.do(some[0]))
        )

    def _together(
        self, pieces: Sequence[_P], item_of: Callable[[_P], WorkItem], do: Callable[[Sequence[_P]], _R]
    ) -> list[_R]:
        """Have ``pieces`` done in one go. When that fails, one by one, so that no piece disturbs the others."""
        if not pieces:
            return []
        try:
            return [do(pieces)]
        except StoreFailure:
            raise
        except Exception as error:  # noqa: BLE001 - one broken piece must not stop the worker
            if len(pieces) > 1:
                return [result for piece in pieces for result in self._together([piece], item_of, do)]
            self._failed(item_of(pieces[0]), error)
            return []

    def _failed(self, item: WorkItem, error: Exception) -> None:
        if isinstance(error, StaleWrite):
            _log.info("%s; it is looked at again", error.text)
            self._give_back(item)
        elif isinstance(error, BridgeError):
            _log.error("work is parked: %s", error)
            self._park(item, str(error))
        else:
            _log.error("work is parked after an error of ours", exc_info=error)
            self._park(item, f"an error of the bridge itself: {error!r}")

    def _give_back(self, item: WorkItem) -> None:
        with self._if_still_ours(), self._store.transaction() as tx:
            tx.work.postpone(item, self._clock() + _RETRY_AFTER)

    def _park(self, item: WorkItem, why: str) -> None:
        with self._if_still_ours(), self._store.transaction() as tx:
            tx.work.park(item, why)

    @contextmanager
    def _if_still_ours(self) -> Iterator[None]:
        """Work that somebody else has taken meanwhile is theirs to end."""
        try:
            yield
        except StaleWrite as error:
            _log.info("%s", error.text)


def _poisoned(item: WorkItem) -> str:
    return (
        f"{item.lapses} times a worker took this work and never gave it back: handling it seems to end or to hang "
        "the process"
    )
