"""CPU affinity: keeps the threads of a bench's process on one processor core, as ``taskset`` keeps a service's.

Python runs one thread at a time (GIL), so a second core brings almost nothing; but switching the interpreter between
threads on two cores costs a fifth of the whole rate, measured. On one core, a thread that releases the interpreter for
a moment mostly gets it back. Linux only.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from csire_bridge.domain.errors import ConfigurationError

__all__ = ["cores", "keep_to", "kept_to"]


def cores() -> list[int]:
    """The numbers of the cores that this process may run on; none where the system does not tell them."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _check_core(core: int) -> None:
    there = cores()
    if core not in there:
        known = f"there are {', '.join(map(str, there))}" if there else "this system does not let a process choose"
        raise ConfigurationError(f"there is no core {core} for this process", f"{known}; measure with --spread")


def keep_to(core: int, process: int | None = None) -> None:
    """Keep all threads of a process, and those that they start, on ``core``; None is this process.

    Raises ConfigurationError where there is no such core.
    """
    _check_core(core)
    _allow({core}, process or os.getpid())


@contextlib.contextmanager
def kept_to(core: int) -> Iterator[None]:
    """This process on ``core`` within the block; then on the cores where it was before. Raises ConfigurationError."""
    before = set(cores())
    keep_to(core)
    try:
        yield
    finally:
        _allow(before, os.getpid())


def _allow(some: set[int], process: int) -> None:
    for thread in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.sched_setaffinity(int(thread.name), some)
