"""A file lock for the writers of one SQLite database, for threads and processes.

SQLite has one writer at a time, and a writer that waits inside SQLite sleeps in steps of up to 100 ms. With this lock
it looks every millisecond. The lock only saves time: SQLite's own lock still holds, also against other programs.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from csire_bridge.domain.errors import StoreFailure
from csire_bridge.store.connection.engine import LONGEST_WAIT_SECONDS

try:
    import fcntl
except ImportError:  # no such locks here: processes wait inside SQLite
    fcntl = None  # type: ignore[assignment]

__all__ = ["Turn"]

_LOOK_SECONDS = 0.001


class Turn:
    """The turn to write into ``file``; None is a database of one process only. May be taken again by its holder."""

    def __init__(self, file: Path | None, longest_wait: float = LONGEST_WAIT_SECONDS) -> None:
        """``longest_wait`` is in seconds; who waits longer gets a StoreFailure."""
        self._lock = threading.RLock()
        self._depth = 0
        self._path = file.with_name(f"{file.name}-turn") if file and fcntl else None
        self._longest_wait = longest_wait
        self._descriptor: int | None = None

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn and hold it; the kernel gives it back when the process dies. Raises StoreFailure."""
        deadline = time.monotonic() + self._longest_wait
        if not self._lock.acquire(timeout=self._longest_wait):
            raise self._failure("another thread of this process")
        try:
            if self._depth == 0:
                self._take(deadline)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._give_back()
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _take(self, deadline: float) -> None:
        if self._path is None:
            return
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            while not _locked(self._descriptor):
                if time.monotonic() > deadline:
                    raise self._failure("another process")
                time.sleep(_LOOK_SECONDS)
        except OSError:
            return  # a courtesy only: a folder that can't be written is told about elsewhere

    def _give_back(self) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _failure(self, who: str) -> StoreFailure:
        return StoreFailure(
            f"{who} has held the turn to write into {self._path or 'the database'} for more than "
            f"{self._longest_wait:g} seconds",
            "look for a process of the bridge that hangs, and end it; the work is tried again",
        )


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
