"""Takes old days out of the audit: they are written into a file first, and the heads of their chains stay."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from csire_bridge.access.audit_export import write_json_lines
from csire_bridge.config.private_files import PRIVATE_MODE
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.people.actor import ITSELF, Actor
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audit import PRUNED_BEFORE
from csire_bridge.domain.people.audited import note
from csire_bridge.store.database import Database
from csire_bridge.worker.scheduler import LedStore

__all__ = ["AuditRetention"]


class AuditRetention:
    """Keeps entries for ``days`` whole days (UTC); files of older ones go into ``folder``."""

    def __init__(self, database: Database, clock: Clock, days: int, folder: Path) -> None:
        self._database = database
        self._clock = clock
        self._days = days
        self._folder = folder

    def tick(self, led: LedStore, _stop: Event) -> None:
        """Run as a scheduled job."""
        self.run(store=led)

    def due(self) -> int:
        """How many entries would go now."""
        first = self._first_kept(self._clock())
        with self._database.read_transaction() as tx:
            return sum(1 for _ in tx.audit.entries(before_day=first))

    def run(self, by: Actor = ITSELF, store: LedStore | Database | None = None) -> tuple[Path, int] | None:
        """Write what is due into a file, and delete it then; return both, or None if nothing was due.

        After a crash in between, the next run writes the same entries into a file again. Raises StoreFailure, OSError.
        """
        now = self._clock()
        first = self._first_kept(now)
        with self._database.read_transaction() as tx:
            oldest = next(tx.audit.entries(before_day=first), None)
        if oldest is None:
            return None
        file = self._folder / f"audit-{oldest.day}-before-{first}.jsonl"
        count = self._write(file, first)
        with (store or self._database).transaction() as tx:
            gone = tx.audit.prune(first, now)
            told = {"file": file.name, "entries": gone}
            note(tx, by, Act.AUDIT_PRUNE, f"{PRUNED_BEFORE}{first}", now, after=told)
        return file, count

    def _first_kept(self, now: datetime) -> str:
        return (now.astimezone(UTC).date() - timedelta(days=self._days)).isoformat()

    def _write(self, file: Path, first: str) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".part")
        private = os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, PRIVATE_MODE)
        with os.fdopen(private, "w", encoding="utf-8") as stream, self._database.read_transaction() as tx:
            count = write_json_lines(tx.audit.entries(before_day=first), stream)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(file)
        return count
