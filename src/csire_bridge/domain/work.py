"""Work is rows: one piece of due work, and the lease under which it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = ["Lease", "ParkedWork", "WorkItem", "WorkStep"]


class WorkStep(StrEnum):
    """What is to be done with the subject of a piece of work."""

    INTAKE = "intake"
    EXECUTE = "execute"
    ACKNOWLEDGE = "acknowledge"
    DELIVER = "deliver"


@dataclass(frozen=True, slots=True)
class Lease:
    """Who works on something, and until when (UTC) nobody else will."""

    owner: str
    until: datetime

    @classmethod
    def starting(cls, owner: str, now: datetime, length: timedelta) -> Lease:
        """A lease of ``length`` from ``now`` on."""
        return cls(owner, now + length)


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One leased piece of work. ``subject`` is the key of a message, an order or a document, as the step says.

    ``attempts`` counts the failed attempts so far.
    """

    key: int
    step: WorkStep
    subject: int
    priority: int
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class ParkedWork:
    """A piece that was set aside for a person. ``due_at`` (UTC) is when it should have been done."""

    key: int
    step: WorkStep
    subject: int
    due_at: datetime
    attempts: int
    last_error: str | None
