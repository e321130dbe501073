"""Retention: records that ended long ago are archived, and then deleted in small batches.

First a name is committed, then the archive is written and synced to the disk, then its digest is committed, and only
then its content is deleted. After a crash at any point the next run continues from there: it writes the same file
again, or deletes the rest of its content. So nothing is deleted before it is archived, or archived twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Event

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import ActionRefused, StaleWrite
from csire_bridge.domain.operations.retention import Archive, Kept, RetentionRules
from csire_bridge.domain.people.actor import ITSELF, Actor
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.domain.work import Lease
from csire_bridge.store.database import Database
from csire_bridge.store.housekeeping.retention import RetentionBook, Unit
from csire_bridge.store.unit_of_work import UnitOfWork
from csire_bridge.telemetry.logs import logger
from csire_bridge.worker.retention_archive import archived_keys, write_archive
from csire_bridge.worker.scheduler import LedStore

__all__ = ["Retention", "Retired"]

_LEASE_NAME = "retention"
_MOST = 20_000
_READ_AT_ONCE = 500
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Retired:
    """An archive, and how many of its kind were deleted after it was written."""

    archive: Path
    kind: Kept
    count: int


class _RetentionLease:
    """The lease for retention: held by one process at a time, extended in each transaction."""

    def __init__(self, store: Database | LedStore, clock: Clock, length: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._length = length
        self._owner = f"retention-{uuid.uuid4()}"
        self._term: int | None = None

    @contextmanager
    def transaction(self) -> Iterator[UnitOfWork]:
        """A transaction in which nobody else runs retention; raises StaleWrite when somebody else took over."""
        now = self._clock()
        with self._store.transaction() as tx:
            term = tx.leases.acquire(_LEASE_NAME, Lease.starting(self._owner, now, self._length), now)
            if term is None and self._term is None:
                raise ActionRefused("another process runs retention just now", "wait until it has ended")
            if term is None or self._term not in (None, term):
                raise StaleWrite("another process has taken over retention")
            self._term = term
            yield tx

    def end(self) -> None:
        """Release the lease."""
        with self._store.transaction() as tx:
            tx.leases.release(_LEASE_NAME, self._owner, self._clock())


class Retention:
    """Runs by ``rules``; archives go into ``folder``. At most ``most`` things go into one archive."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        rules: RetentionRules,
        folder: Path,
        batch: int,
        *,
        most: int = _MOST,
        lease: timedelta = timedelta(minutes=2),
    ) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules
        self._folder = folder
        self._batch = batch
        self._most = most
        self._lease = lease

    def tick(self, led: LedStore, stop: Event) -> None:
        """Run as a scheduled job; each transaction checks that this process still leads."""
        for done in self.run(led, stop):
            _log.info("retention.archived", kind=done.kind, count=done.count, archive=done.archive)

    def plan(self) -> dict[Kept, int]:
        """How many of each kind would be deleted now; orders only after their messages."""
        with self._database.reading() as connection:
            book = RetentionBook(connection, self._rules, self._clock())
            return {kind: book.count(kind) for kind in Kept}

    def run(self, store: LedStore | None = None, stop: Event | None = None, by: Actor = ITSELF) -> Iterator[Retired]:
        """Archive and delete until nothing is due; ``stop`` ends it early, and the next run continues.

        Each archive that is done stands in the audit, as an act of ``by``.

        Raises ActionRefused while another process does so, StaleWrite when one took over, StoreFailure.
        """
        stop = stop or Event()
        lease = _RetentionLease(store or self._database, self._clock, self._lease)
        with lease.transaction() as tx:
            archive = tx.archives.unfinished()
        try:
            while not stop.is_set() and (archive := archive or self._begin(lease)):
                yield self._delete(lease, self._written(lease, archive), stop, by)
                archive = None
        finally:
            lease.end()
        self._database.give_space_back()

    def _begin(self, lease: _RetentionLease) -> Archive | None:
        """Start an archive for the first kind with due records; None if nothing is due."""
        with self._database.reading() as connection:
            book = RetentionBook(connection, self._rules, self._clock())
            kind = next((kind for kind in Kept if book.due(kind, 1)), None)
        if kind is None:
            return None
        with lease.transaction() as tx:
            return tx.archives.begin(kind, self._clock())

    def _written(self, lease: _RetentionLease, archive: Archive) -> Archive:
        if archive.sha256 is not None:
            return archive
        digest, count = write_archive(self._folder, archive, self._units(lease, archive.kind))
        with lease.transaction() as tx:
            tx.archives.written(archive, digest, count)
        return replace(archive, sha256=digest)

    def _units(self, lease: _RetentionLease, kind: Kept) -> Iterator[tuple[int, Unit]]:
        """The records to delete, read in one snapshot."""
        with self._database.reading() as connection:
            book = RetentionBook(connection, self._rules, self._clock())
            for keys in _portions(book.due(kind, self._most), _READ_AT_ONCE):
                yield from book.units(kind, keys).items()
                with lease.transaction():
                    pass  # prolongs our lease

    def _delete(self, lease: _RetentionLease, archive: Archive, stop: Event, by: Actor) -> Retired:
        gone = 0
        for keys in _portions(archived_keys(self._folder, archive), self._batch):
            if stop.is_set():
                return Retired(self._folder / archive.name, archive.kind, gone)
            with lease.transaction() as tx:
                book = RetentionBook(tx.connection, self._rules, self._clock())
                gone += book.prune(archive.kind, keys, archive.name)
        with lease.transaction() as tx:
            tx.archives.end(archive, self._clock())
            told = {"kind": archive.kind, "deleted": gone}
            note(tx, by, Act.RETENTION_RUN, f"archive {archive.name}", self._clock(), after=told)
        return Retired(self._folder / archive.name, archive.kind, gone)


def _portions(keys: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))
