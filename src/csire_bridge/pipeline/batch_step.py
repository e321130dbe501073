"""How a step handles a batch: prepare in one transaction, perform each piece by itself, commit in one transaction.

``prepare`` and ``commit`` use the store only, ``perform`` uses everything but the store. So one commit serves many
pieces of work, and an error in one piece does not stop the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from csire_bridge.domain.message.message import MessageEnd
from csire_bridge.domain.work import Lease, WorkItem

__all__ = ["Committed", "Completed", "Prepared", "Step", "Task"]

_T = TypeVar("_T")
_D = TypeVar("_D")


@dataclass(frozen=True, slots=True)
class Task(Generic[_T]):
    """What ``perform`` needs for one piece of work.

    ``needs_thread``: the call is not to the head-end system, so it can't run as a green call and needs a thread.
    """

    item: WorkItem
    about: _T
    needs_thread: bool = False


@dataclass(frozen=True, slots=True)
class Completed(Generic[_T, _D]):
    """A task that was performed, with its ``result``."""

    item: WorkItem
    about: _T
    result: _D


@dataclass(frozen=True, slots=True)
class Prepared(Generic[_T]):
    """The tasks to do, and the work that follows from pieces for which there was nothing to do."""

    tasks: Sequence[Task[_T]]
    following: Sequence[WorkItem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Committed:
    """What ``commit`` has committed: ``following`` is the work that follows, if it is held under the given lease.

    ``ends`` are the results of messages by their keys, for callers that wait to answer the senders.
    """

    following: Sequence[WorkItem] = ()
    ends: Mapping[int, MessageEnd] = field(default_factory=dict)


class Step(Protocol[_T, _D]):
    """One step of the pipeline. ``lease`` is the one under which work that follows is held; None gives it to all."""

    def prepare(self, items: Sequence[WorkItem], lease: Lease | None) -> Prepared[_T]:
        """Read, and record what is about to be done: for all items or, if it raises, for none."""

    def perform(self, task: Task[_T]) -> _D:
        """Do one piece of work. A partner's answer, even a refusal, is a result and not an exception."""

    def commit(self, done: Sequence[Completed[_T, _D]], lease: Lease | None) -> Committed:
        """Write results, all or none; return what is committed."""
