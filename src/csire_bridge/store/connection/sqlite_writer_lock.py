"""One writer at a time among the threads of a process, for an SQLite database.

SQLite has one writer at a time; a thread that waits inside SQLite sleeps in steps of up to 100 ms, and one that waits
here is woken at once. Other processes wait inside SQLite: for several processes that write much, PostgreSQL is better.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from csire_bridge.domain.errors import StoreFailure
from csire_bridge.store.connection.options import LONGEST_WAIT_SECONDS

__all__ = ["WriterLock"]


class WriterLock:
    """May be taken again by the thread that holds it."""

    def __init__(self, longest_wait: float = LONGEST_WAIT_SECONDS) -> None:
        """``longest_wait`` is in seconds."""
        self._lock = threading.RLock()
        self._longest_wait = longest_wait

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the lock and hold it; raises StoreFailure where it is not free in time."""
        if not self._lock.acquire(timeout=self._longest_wait):
            raise StoreFailure(
                f"another thread has held the database's writer lock for more than {self._longest_wait:g} seconds",
                "end this process of the bridge, which hangs; the work is tried again",
            )
        try:
            yield
        finally:
            self._lock.release()
