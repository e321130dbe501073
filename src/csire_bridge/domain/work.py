"""Work is rows: one piece of due work, and the lease under which it is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = [
    "IMMEDIATE",
    "LEASES_DIFFER",
    "ORDINARY",
    "PRIORITIES",
    "PROMPT",
    "URGENT",
    "Lease",
    "ParkedWork",
    "WorkItem",
    "WorkStep",
]

IMMEDIATE, URGENT, PROMPT, ORDINARY = -5, 0, 5, 10
PRIORITIES = (IMMEDIATE, URGENT, PROMPT, ORDINARY)
"""Lower runs first. A cut because of danger comes before everything else, then reconnections; new messages and prepaid
accounts come before the rest, because a backlog must not hide a reconnection that was not read yet."""


LEASES_DIFFER = timedelta(minutes=1)
"""By how much the lengths of two processes' leases may differ."""


class WorkStep(StrEnum):
    """What is to be done with the subject of a piece of work."""

    INTAKE = "intake"
    EXECUTE = "execute"
    PERFORM = "perform"
    ACKNOWLEDGE = "acknowledge"
    DELIVER = "deliver"
    SID_INTAKE = "sid-intake"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Lease:
    """Who works on something, and until when (UTC) nobody else does. Both together identify a lease."""

    owner: str
    until: datetime

    @property
    def latest(self) -> datetime:
        """The latest end (UTC) that the lease of any process can have now; processes may differ in their settings."""
        return self.until + LEASES_DIFFER

    @classmethod
    def starting(cls, owner: str, now: datetime, length: timedelta) -> Lease:
        """A lease of ``length`` from ``now`` on."""
        return cls(owner, now + length)


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One leased piece of work. ``subject`` is the key of a message, an order or a document, as the step says.

    ``attempts`` counts the failed attempts so far. ``lapses`` counts how often a worker let its lease run out, since
    the piece was last given back properly: its process died or hung. ``lease`` is the one under which the piece is
    held; to finish the piece, a worker must still hold this lease. ``due_at`` (UTC) is when it was due, None where that
    does not matter.
    """

    key: int
    step: WorkStep
    subject: int
    priority: int
    attempts: int = 0
    lapses: int = 0
    lease: Lease | None = field(default=None, compare=False)
    due_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ParkedWork:
    """A piece of work that waits for a person. ``due_at`` (UTC) is when it was due."""

    key: int
    step: WorkStep
    subject: int
    due_at: datetime
    attempts: int
    last_error: str | None
