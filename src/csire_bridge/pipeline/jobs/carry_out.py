"""Carries jobs out: looks at items for previews, and does the items of running jobs, each in its own transaction.

An item's outcome is written in the transaction that does it, and only if it is the next one of its job. So a process
that dies in between leaves it undone, and nobody does it twice, however many carry the same job out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from csire_bridge.domain.errors import ActionRefused, BridgeError, StaleWrite, StoreFailure
from csire_bridge.domain.jobs.job import ItemState, Job, JobItem, JobState
from csire_bridge.domain.people.actor import ActorKind, trusted
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.pipeline.jobs.decisions import known_job, lapse
from csire_bridge.pipeline.jobs.hands import HANDS
from csire_bridge.pipeline.jobs.plan import AT_ONCE, preview, seen_of
from csire_bridge.pipeline.jobs.tools import Hand, JobTools
from csire_bridge.pipeline.jobs.who_does import action_of
from csire_bridge.pipeline.ports.store import Store, Transaction
from csire_bridge.telemetry.logs import logger

__all__ = ["JobRunner"]

_log = logger(__name__)
_CHANGED = "it changed since the preview"


@dataclass(frozen=True)
class JobRunner:
    """Carries out the jobs of one store."""

    store: Store
    tools: JobTools

    def run(self, stops: Callable[[], bool] = lambda: False) -> int:
        """Carry out everything that is due, some items of each job in turn; return how many items were settled.

        It ends early once ``stops``, or when a job makes no progress, which the next run tries again.
        """
        self._lapse()
        whole = 0
        while not stops():
            settled = sum(self.step(key) for key in self._due() if not stops())
            if not settled:
                break
            whole += settled
        return whole

    def step(self, key: int, most: int = AT_ONCE) -> int:
        """Look at, or do, up to ``most`` items of a job; return how many."""
        with self.store.read_transaction() as tx:
            job = tx.jobs.get(key)
        if job is not None and job.state is JobState.PLANNING:
            return self._look(job, most)
        settled = 0
        while job is not None and job.state is JobState.RUNNING and settled < most:
            job = self._settle_next(job)
            settled += 1
        return settled

    def _due(self) -> list[int]:
        with self.store.read_transaction() as tx:
            return tx.jobs.due()

    def _lapse(self) -> None:
        with self.store.read_transaction() as tx:
            if not tx.jobs.lapsing(self.tools.clock()):
                return
        with self.store.transaction() as tx:
            lapse(tx, self.tools.clock())

    def _look(self, job: Job, most: int) -> int:
        with self.store.read_transaction() as tx:
            items = tx.jobs.items(job.key, job.foreseen, most)
        seen = preview(self.store, job.kind, job.details, items, self.tools, job.why)
        with self.store.transaction() as tx:
            now = known_job(tx, job.key)
            if now.state is JobState.PLANNING and now.foreseen == job.foreseen:
                tx.jobs.foresee(now, seen)
        return len(seen)

    def _settle_next(self, job: Job) -> Job | None:
        """Do the next item; return the job as it is then."""
        with self.store.read_transaction() as tx:
            (item,) = tx.jobs.items(job.key, job.settled, 1)
        if not item.would:
            return self._write(job, item, ItemState.SKIPPED, item.foreseen or "")
        try:
            hand = seen_of(self.store, job.kind, job.details, item.item, self.tools)
            return self._do(job, item, hand)
        except ActionRefused as error:
            return self._write(job, item, ItemState.SKIPPED, error.text)
        except (StoreFailure, StaleWrite):
            raise  # the item stays the next one
        except BridgeError as error:
            _log.error("people_job.item_failed", job=job.key, item=item.number, why=error)
            return self._write(job, item, ItemState.FAILED, error.text)
        except Exception as error:  # noqa: BLE001 - one item must not end the others
            _log.error("people_job.item_failed", job=job.key, item=item.number, why=error, exc_info=error)
            return self._write(job, item, ItemState.FAILED, "the bridge itself failed; the log tells more")

    def _do(self, job: Job, item: JobItem, hand: Hand) -> Job | None:
        now = self.tools.clock()
        with self.store.transaction() as tx:
            current = self._still(tx, job, item)
            if current is None:
                return tx.jobs.get(job.key)
            text = _done(tx, current, item, hand, now)
            return self._settled(tx, current, replace(item, state=ItemState.DONE, text=text, ended_at=now))

    def _write(self, job: Job, item: JobItem, state: ItemState, text: str) -> Job | None:
        now = self.tools.clock()
        with self.store.transaction() as tx:
            current = self._still(tx, job, item)
            if current is None:
                return tx.jobs.get(job.key)
            return self._settled(tx, current, replace(item, state=state, text=text, ended_at=now))

    def _still(self, tx: Transaction, job: Job, item: JobItem) -> Job | None:
        """The job, locked, if the item is still its next one; None when it was cancelled, or somebody else did it."""
        current = known_job(tx, job.key)
        return current if current.state is JobState.RUNNING and current.settled == item.number - 1 else None

    def _settled(self, tx: Transaction, job: Job, item: JobItem) -> Job:
        after = tx.jobs.settle(job, item)
        return after if after.left else _end(tx, after, item.ended_at or self.tools.clock())


def _done(tx: Transaction, job: Job, item: JobItem, hand: Hand, now: datetime) -> str:
    """Do the item by its use case; raises ActionRefused also where it changed since the preview, or just now."""
    act, how = action_of(tx, job, now, hand.tools.rules), HANDS[job.kind]
    if how.as_they_are is not None and how.as_they_are(tx, [item.item]).get(item.item, "") != item.as_it_was:
        raise ActionRefused(_CHANGED, "look at it, then decide anew")
    try:
        return how.do(tx, item.item, act, hand)
    except StaleWrite as error:
        raise ActionRefused(f"it changed just now: {error.text}", "look at it, then decide anew") from error


def _end(tx: Transaction, job: Job, now: datetime) -> Job:
    ended = job.ended(JobState.DONE, now)
    tx.jobs.change(job, ended)
    sums = {"count": job.count, "done": job.done, "skipped": job.skipped, "failed": job.failed}
    actor = trusted(job.does or job.asked_by, kind=ActorKind(job.does_kind or job.asked_kind))
    note(tx, actor, Act.JOB_END, f"job {job.key}", now, job.why, after={"kind": job.kind, **sums})
    return ended
