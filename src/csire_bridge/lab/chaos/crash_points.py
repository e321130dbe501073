"""Crash points: the moments at which the bridge is killed, each with a name and its meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["MEANINGS", "STOP_POINTS", "Crash", "CrashPoint", "Drama", "Killer", "killer_of"]


class CrashPoint(StrEnum):
    """A moment at which the process is killed. Names with "before" and "after" are around a commit or a call."""

    BEFORE_JOURNAL = "before-journal"
    AFTER_JOURNAL = "after-journal"
    BEFORE_SETTLED = "before-settled"
    AFTER_SETTLED = "after-settled"
    BEFORE_LEASED = "before-leased"
    AFTER_LEASED = "after-leased"
    BEFORE_INTENT = "before-intent"
    AFTER_INTENT = "after-intent"
    BEFORE_CALL = "before-call"
    IN_CALL = "in-call"
    AFTER_CALL = "after-call"
    BEFORE_SUBMITTED = "before-submitted"
    AFTER_SUBMITTED = "after-submitted"
    BEFORE_EVENT = "before-event"
    AFTER_EVENT = "after-event"
    BEFORE_READING = "before-reading"
    AFTER_READING = "after-reading"
    BEFORE_RECALL = "before-recall"
    AFTER_RECALL = "after-recall"
    BEFORE_CANCEL = "before-cancel"
    AFTER_CANCEL = "after-cancel"
    BEFORE_DONE = "before-done"
    AFTER_DONE = "after-done"
    AFTER_SIGNING = "after-signing"
    BEFORE_OUTBOX = "before-outbox"
    AFTER_OUTBOX = "after-outbox"
    BEFORE_SENDING = "before-sending"
    ANSWER_LOST = "answer-lost"
    AFTER_SENDING = "after-sending"
    BEFORE_DELIVERED = "before-delivered"
    AFTER_DELIVERED = "after-delivered"
    BEFORE_DEQUEUE = "before-dequeue"
    AFTER_DEQUEUE = "after-dequeue"
    BEFORE_RESULT = "before-result"
    AFTER_RESULT = "after-result"
    ANY_MOMENT = "any-moment"
    IN_MIGRATION = "in-migration"
    BEFORE_MIGRATED = "before-migrated"
    AFTER_MIGRATED = "after-migrated"
    BEFORE_ARCHIVED = "before-archived"
    AFTER_ARCHIVED = "after-archived"
    BEFORE_PRUNED = "before-pruned"
    AFTER_PRUNED = "after-pruned"


_P = CrashPoint
MEANINGS: Mapping[CrashPoint, str] = {
    _P.BEFORE_JOURNAL: "the bytes are written, not committed",
    _P.AFTER_JOURNAL: "the bytes are committed, nobody has looked into them",
    _P.BEFORE_SETTLED: "the message is judged and its order written, not committed",
    _P.AFTER_SETTLED: "the order is committed; at the webhook the sender has no receipt yet",
    _P.BEFORE_LEASED: "work is taken, not committed",
    _P.AFTER_LEASED: "work is taken, nothing is done",
    _P.BEFORE_INTENT: "the order is SUBMITTING, not committed",
    _P.AFTER_INTENT: "SUBMITTING is committed, the head-end system is not called",
    _P.BEFORE_CALL: "just before the command leaves",
    _P.IN_CALL: "the head-end system has accepted the command, its reply is not sent yet",
    _P.AFTER_CALL: "the reply is read, nothing of it is stored",
    _P.BEFORE_SUBMITTED: "SUBMITTED is written, not committed",
    _P.AFTER_SUBMITTED: "SUBMITTED is committed",
    _P.BEFORE_EVENT: "the head-end system's event is written, not committed",
    _P.AFTER_EVENT: "the event is committed, not acknowledged",
    _P.BEFORE_READING: "just before the contactor is read",
    _P.AFTER_READING: "the contactor is read, nothing of it is stored",
    _P.BEFORE_RECALL: "the recall of an order under way is written, not committed",
    _P.AFTER_RECALL: "the recall is committed",
    _P.BEFORE_CANCEL: "just before a recalled command is cancelled",
    _P.AFTER_CANCEL: "the recalled command is cancelled, nothing of it is stored",
    _P.BEFORE_DONE: "DONE is written, not committed",
    _P.AFTER_DONE: "DONE is committed, there is no answer",
    _P.AFTER_SIGNING: "the answer is signed, not stored",
    _P.BEFORE_OUTBOX: "the signed answer is written, not committed",
    _P.AFTER_OUTBOX: "the signed answer is committed, not sent",
    _P.BEFORE_SENDING: "just before the answer leaves",
    _P.ANSWER_LOST: "the hub has the answer, its reply is not sent yet",
    _P.AFTER_SENDING: "the hub's reply is read, nothing of it is stored",
    _P.BEFORE_DELIVERED: "the delivery is written, not committed",
    _P.AFTER_DELIVERED: "the delivery is committed",
    _P.BEFORE_DEQUEUE: "a message of the hub's queue is in the journal, and still in the queue",
    _P.AFTER_DEQUEUE: "a message of the hub's queue is dequeued",
    _P.BEFORE_RESULT: "the hub's R_1 to an answer is written, not committed",
    _P.AFTER_RESULT: "the R_1 is committed",
    _P.ANY_MOMENT: "killed from outside, a random time after the start",
    _P.IN_MIGRATION: "between two statements of a migration, of an empty or an older database",
    _P.BEFORE_MIGRATED: "all migrations are written, not committed",
    _P.AFTER_MIGRATED: "the migrations are committed",
    _P.BEFORE_ARCHIVED: "retention's archive is on the disk, its digest is not committed",
    _P.AFTER_ARCHIVED: "the archive's digest is committed, nothing is deleted yet",
    _P.BEFORE_PRUNED: "a batch is deleted, not committed",
    _P.AFTER_PRUNED: "the deletion of a batch is committed, others are left",
}

STOP_POINTS = (
    _P.AFTER_LEASED,
    _P.AFTER_INTENT,
    _P.BEFORE_CALL,
    _P.AFTER_CALL,
    _P.AFTER_SUBMITTED,
    _P.AFTER_READING,
    _P.AFTER_DONE,
    _P.AFTER_SIGNING,
    _P.AFTER_OUTBOX,
    _P.BEFORE_SENDING,
    _P.AFTER_SENDING,
)
"""Where a worker may be stopped past its lease. It holds no transaction there: a stopped one would hold the lock."""


class Drama(StrEnum):
    """The kind of a round: what is killed."""

    CRASH = "crash"
    MIGRATION = "migration"
    RETENTION = "retention"
    TAKE_OVER = "take-over"


class Killer(StrEnum):
    """Who kills: the process itself, or the partner that it talks to at that moment."""

    ITSELF = "itself"
    HEAD_END = "head-end"
    HUB = "hub"
    OUTSIDE = "outside"


_OTHERS = {_P.IN_CALL: Killer.HEAD_END, _P.ANSWER_LOST: Killer.HUB, _P.ANY_MOMENT: Killer.OUTSIDE}


def killer_of(point: CrashPoint) -> Killer:
    """Who kills at ``point``."""
    return _OTHERS.get(point, Killer.ITSELF)


@dataclass(frozen=True, slots=True)
class Crash:
    """The process is killed when ``point`` is reached for the ``nth`` time (from 1)."""

    point: CrashPoint
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.point} #{self.nth}"
