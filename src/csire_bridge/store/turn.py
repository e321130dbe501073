"""Writers of one SQLite file take turns, threads and processes alike.

SQLite has one writer at a time, and who waits inside it sleeps in steps of up to 100 ms. Here who waits is woken at
once. The lock is only a courtesy: SQLite's own still holds, also against programs that know nothing of turns.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # no such locks here: processes wait inside SQLite
    fcntl = None  # type: ignore[assignment]

__all__ = ["Turn"]


class Turn:
    """The turn to write into ``file``; None is a database of one process only. May be taken again by its holder."""

    def __init__(self, file: Path | None) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._path = file.with_name(f"{file.name}-turn") if file and fcntl else None
        self._descriptor: int | None = None

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn and hold it; the kernel gives it back when the process dies."""
        with self._lock:
            self._depth += 1
            try:
                if self._depth == 1:
                    self._flock(taken=True)
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._flock(taken=False)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _flock(self, *, taken: bool) -> None:
        with contextlib.suppress(OSError):  # a courtesy only: a folder that can't be written is told about elsewhere
            if self._path is not None:
                if self._descriptor is None:
                    self._descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
                fcntl.flock(self._descriptor, fcntl.LOCK_EX if taken else fcntl.LOCK_UN)
