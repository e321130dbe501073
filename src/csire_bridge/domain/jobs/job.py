"""A job: a frozen set of items, what is done to each, who has asked for it and approved it, and how far it is.

The set is frozen when the job is planned; what comes later is never touched. Items are done one after another, each in
a transaction of its own, so what is settled is always the first items: ``done + skipped + failed`` of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from csire_bridge.domain.jobs.kinds import JobDetails, JobKind

__all__ = [
    "DRAFT_LASTS",
    "OPEN_STATES",
    "REQUEST_LASTS",
    "ItemState",
    "Job",
    "JobItem",
    "JobState",
    "Need",
    "digest_of",
]

DRAFT_LASTS = timedelta(hours=1)
"""A job that was planned and not started within this time lapses: what was seen is too old by then."""
REQUEST_LASTS = timedelta(hours=24)
"""A job that waits for another person lapses after this time."""


class JobState(StrEnum):
    """``planning``: items are still looked at for the preview. ``ready``: it can be started. ``waiting``: another
    person must approve. ``running``: items are done one after another. The others are ends.
    """

    PLANNING = "planning"
    READY = "ready"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    LAPSED = "lapsed"


OPEN_STATES = frozenset({JobState.PLANNING, JobState.READY, JobState.WAITING, JobState.RUNNING})
"""The states that are no ends."""


class Need(StrEnum):
    """What a waiting job needs: somebody who has the permission, or a second person."""

    PERMISSION = "permission"
    SECOND_PERSON = "second-person"


class ItemState(StrEnum):
    """What became of an item. ``skipped``: it was not to be done, and ``text`` says why; ``failed``: we could not."""

    PENDING = "pending"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobItem:
    """One item: ``number`` in its job (from 1), which thing it is, and ``as_it_was`` when the set was frozen.

    ``would`` and ``foreseen`` are the preview: whether it would be done, and what, or why not.
    """

    number: int
    item: str
    as_it_was: str = ""
    would: bool | None = None
    foreseen: str | None = None
    state: ItemState = ItemState.PENDING
    text: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job. Moments are UTC.

    ``asked_by`` has planned it; ``does`` is the one by whose rights and in whose name it is done, None as long as
    whoever asked may not, and nobody who may has taken it. ``chosen`` says how the set was found. ``sha256`` is the
    digest of the set. ``would_do`` and ``would_skip`` count the preview, the other counts what is settled.
    ``ends_at`` is when it lapses if nobody goes on with it.
    """

    key: int
    kind: JobKind
    details: JobDetails
    chosen: str
    count: int
    sha256: str
    state: JobState
    asked_at: datetime
    asked_by: str
    asked_kind: str
    why: str
    address: str | None = None
    host: str | None = None
    request_id: str | None = None
    does: str | None = None
    does_kind: str | None = None
    needs: Need | None = None
    needs_why: str | None = None
    ends_at: datetime | None = None
    started_at: datetime | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    approved_why: str | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_why: str | None = None
    would_do: int = 0
    would_skip: int = 0
    done: int = 0
    skipped: int = 0
    failed: int = 0

    @property
    def foreseen(self) -> int:
        """How many items the preview has looked at."""
        return self.would_do + self.would_skip

    @property
    def settled(self) -> int:
        """How many items have an outcome."""
        return self.done + self.skipped + self.failed

    @property
    def left(self) -> int:
        """How many items have none."""
        return self.count - self.settled

    def done_by(self, name: str, kind: str) -> Job:
        """The same, done by the rights and in the name of somebody."""
        return replace(self, does=name, does_kind=kind)

    def running(self, at: datetime) -> Job:
        """The same, begun at a moment (UTC)."""
        begun = replace(self, state=JobState.RUNNING, started_at=at)
        return replace(begun, needs=None, needs_why=None, ends_at=None)

    def waiting(self, need: Need, why: str, at: datetime) -> Job:
        """The same, waiting for another person from a moment (UTC) on."""
        return replace(self, state=JobState.WAITING, needs=need, needs_why=why, ends_at=at + REQUEST_LASTS)

    def ended(self, state: JobState, at: datetime, by: str | None = None, why: str | None = None) -> Job:
        """The same, at its end."""
        return replace(self, state=state, ended_at=at, ended_by=by, ended_why=why, ends_at=None)

    def lapses(self, now: datetime) -> bool:
        """Whether nobody went on with it in time."""
        waits = self.state in (JobState.PLANNING, JobState.READY, JobState.WAITING)
        return waits and self.ends_at is not None and now >= self.ends_at


def digest_of(items: Iterable[JobItem]) -> str:
    """SHA-256 in hexadecimal digits of which things they are and how they were, in their order."""
    found = hashlib.sha256()
    for one in items:
        found.update(f"{one.number}\t{one.item}\t{one.as_it_was}\n".encode())
    return found.hexdigest()
