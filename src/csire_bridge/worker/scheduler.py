"""The scheduler: runs scheduled jobs when they are due, on one node at a time.

APScheduler only triggers the check. What is due is in the database or follows from the clock, so a job that is late, or
was missed while no process ran, is caught up at the next check. Of all nodes, the one that holds the lease ``ticker``
runs jobs; its term is checked in each transaction of a job, so a node that hung and comes back writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Lock

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import BridgeError, StaleWrite
from csire_bridge.domain.operations.schedule import Schedule
from csire_bridge.domain.work import Lease
from csire_bridge.store.database import Database
from csire_bridge.store.unit_of_work import UnitOfWork
from csire_bridge.telemetry.logs import logger

__all__ = ["LEASE_NAME", "LedStore", "ScheduledJob", "Ticker"]

LEASE_NAME = "ticker"
_LOOK_SECONDS = 1.0
_LOOKS_PER_LEASE = 3
_AFTER_FAILURE = timedelta(minutes=1)
_SILENT_SECONDS = 60.0
_MISFIRE_GRACE_SECONDS = 24 * 3600
_log = logger(__name__)


class LedStore:
    """The database while we lead: each transaction first checks that, and raises StaleWrite if not."""

    def __init__(self, database: Database, owner: str, term: int) -> None:
        self.database = database
        self._owner = owner
        self._term = term

    @contextmanager
    def transaction(self) -> Iterator[UnitOfWork]:
        """A transaction during which no other node can become the leader."""
        with self.database.transaction() as tx:
            tx.leases.check(LEASE_NAME, self._owner, self._term)
            yield tx

    @contextmanager
    def read_transaction(self) -> Iterator[UnitOfWork]:
        """A read-only transaction."""
        with self.database.read_transaction() as tx:
            yield tx


@dataclass(frozen=True)
class ScheduledJob:
    """A scheduled job. ``run`` should check the event now and then, and end early if it is set.

    The last run of ``remembered`` jobs is stored in the database, so they are caught up after a restart.
    """

    name: str
    schedule: Schedule
    run: Callable[[LedStore, Event], object]
    remembered: bool = False


class Ticker:
    """Checks each second which jobs are due. All moments are UTC."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        owner: str,
        ticks: Sequence[ScheduledJob],
        lease: timedelta,
    ) -> None:
        """``owner`` is this process; if it dies, another one leads after at most four thirds of ``lease``."""
        self._database = database
        self._clock = clock
        self._owner = owner
        self._ticks = ticks
        self._lease = lease
        self._term: int | None = None
        self._done: dict[str, datetime] = {}
        self._rests_until: dict[str, datetime] = {}
        self._since = clock()
        self._stop = Event()
        self._heartbeat = time.monotonic()
        self._lock = Lock()
        self._scheduler = self._new_scheduler()

    def _new_scheduler(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(len(self._ticks) + 1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": _MISFIRE_GRACE_SECONDS},
        )
        now = datetime.now(UTC)
        seconds = self._lease.total_seconds() / _LOOKS_PER_LEASE
        scheduler.add_job(self.lead, "interval", seconds=seconds, next_run_time=now, id=LEASE_NAME)
        for tick in self._ticks:
            scheduler.add_job(self.look, "interval", (tick,), seconds=_LOOK_SECONDS, next_run_time=now, id=tick.name)
        return scheduler

    def start(self) -> None:
        """Run in threads of its own until ``stop``."""
        self._scheduler.start()

    def stop(self) -> None:
        """End running jobs in good order, and let another node lead at once."""
        self._stop.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        with self._lock:
            if self._term is not None:
                self._term = None
                with _told("giving up the lead"), self._database.transaction() as tx:
                    tx.leases.release(LEASE_NAME, self._owner, self._clock())

    @property
    def runs(self) -> bool:
        """Whether its thread is alive; also true while it waits for the database or after the machine was suspended."""
        thread = self._scheduler._thread
        return thread is not None and thread.is_alive()

    @property
    def silent(self) -> bool:
        """Whether it has not checked for a while although it runs, because something does not answer."""
        return time.monotonic() - self._heartbeat >= _SILENT_SECONDS

    def look_now(self) -> None:
        """Check at once what is due, because the machine's clock was set and the next check was planned by it."""
        if self._scheduler.running and not self._stop.is_set():
            for job in self._scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))

    @property
    def leads(self) -> bool:
        """Whether it believes to lead; the database decides."""
        return self._term is not None

    def lead(self) -> None:
        """Acquire or extend the leadership."""
        self._heartbeat = time.monotonic()
        with self._lock:
            if self._stop.is_set():
                return
            before, self._term = self._term, self._held()
            if self._term not in (None, before):
                _log.info("scheduler.leads", term=self._term)

    def _held(self) -> int | None:
        """Our term as the leader from now on; None if another node leads, or the database does not answer."""
        term, now = None, self._clock()
        lease = Lease.starting(self._owner, now, self._lease)
        with _told("the lead"), self._database.transaction() as tx:
            until = tx.leases.until(LEASE_NAME)
            if until is not None and until > lease.latest:
                _log.warning("clock.set_back", until=until)
                tx.look_anew(now)
            term = tx.leases.acquire(LEASE_NAME, lease, now)
        return term  # noqa: RET504 - None when the transaction has failed

    def look(self, tick: ScheduledJob) -> None:
        """Run ``tick`` if we lead and it is due."""
        term, now = self._term, self._clock()
        if term is None or self._stop.is_set() or now < self._rests_until.get(tick.name, now):
            return
        store = LedStore(self._database, self._owner, term)
        self._rests_until[tick.name] = now + _AFTER_FAILURE
        with _told(f"the job {tick.name}"):
            if self._is_due(tick, store, now):
                tick.run(store, self._stop)
                if not self._stop.is_set():
                    self._note(tick, store, now)
            del self._rests_until[tick.name]

    def _is_due(self, tick: ScheduledJob, store: LedStore, now: datetime) -> bool:
        if not tick.remembered:
            return tick.schedule.is_due(self._since, self._done.get(tick.name), now)
        with store.read_transaction() as read_transaction:
            known = read_transaction.ticks.get(tick.name)
        if known is None:
            with store.transaction() as tx:
                known = tx.ticks.meet(tick.name, now)
        return tick.schedule.is_due(known.since, known.done_at, now)

    def _note(self, tick: ScheduledJob, store: LedStore, now: datetime) -> None:
        self._done[tick.name] = now
        if tick.remembered:
            with store.transaction() as tx:
                tx.ticks.done(tick.name, now)


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Log errors; the job is tried again."""
    try:
        yield
    except StaleWrite as error:
        _log.warning("job.left", job=what, why=error)
    except BridgeError as error:
        _log.error("job.failed", job=what, why=error)
    except Exception as error:  # noqa: BLE001 - a tick must not end the others
        _log.error("job.failed", job=what, why=error, exc_info=error)
