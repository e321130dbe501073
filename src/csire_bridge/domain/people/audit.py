"""An entry of the audit, and the chain of hashes that shows whether one was changed, left out or added.

Each entry's hash covers its own facts and the hash of the entry before it. Entries are chained within a day (UTC); the
first entry of a day binds the seal of the day before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from csire_bridge.domain.people.actor import Actor
from csire_bridge.domain.people.acts import Act

__all__ = [
    "FIRST",
    "PRUNED_BEFORE",
    "AuditDay",
    "AuditEntry",
    "ChainedEntry",
    "Finding",
    "chained",
    "first_broken",
    "hash_of",
]

FIRST = "0" * 64
"""What the very first entry has in the place of a hash before it."""

PRUNED_BEFORE = "audit before "
"""Begins the subject of the entry that tells which days were taken out; the first day that stayed follows."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to which subject, when (UTC), why and from where; ``before`` and ``after`` are JSON texts."""

    at: datetime
    actor: str
    actor_kind: str
    act: str
    subject: str
    why: str | None = None
    address: str | None = None
    host: str | None = None
    request_id: str | None = None
    before: str | None = None
    after: str | None = None

    @classmethod
    def of(
        cls,
        actor: Actor,
        act: str,
        subject: str,
        at: datetime,
        why: str | None = None,
        *,
        before: str | None = None,
        after: str | None = None,
    ) -> AuditEntry:
        """The entry about what ``actor`` did."""
        origin = actor.origin
        where = {"address": origin.address, "host": origin.host, "request_id": origin.request_id}
        return cls(at, actor.name, str(actor.kind), act, subject, why, before=before, after=after, **where)

    def facts(self) -> dict[str, str | None]:
        """Everything that the hash covers, as text; the moment with microseconds, in UTC."""
        names = ("actor", "actor_kind", "act", "subject", "why", "address", "host", "request_id", "before", "after")
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return {"at": at, **{name: getattr(self, name) for name in names}}


@dataclass(frozen=True, slots=True)
class ChainedEntry:
    """An entry in its place: the ``number`` in its day's chain, from 1, and the hashes."""

    key: int
    day: str
    number: int
    previous: str
    hash: str
    entry: AuditEntry


@dataclass(frozen=True, slots=True)
class AuditDay:
    """The head of a day's chain; it stays when the day's entries are taken out. ``previous`` binds the day before."""

    day: str
    entries: int
    previous: str
    last: str
    pruned_at: datetime | None = None

    @property
    def seal(self) -> str:
        """What the next day begins with: it covers the day, how many entries it has, and its last hash."""
        return hashlib.sha256(f"{self.day} {self.entries} {self.previous} {self.last}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that is wrong with the chain: where, and what."""

    day: str
    number: int
    text: str


def hash_of(day: str, number: int, previous: str, entry: AuditEntry) -> str:
    """The hash of an entry in its place, in hexadecimal digits."""
    facts: Mapping[str, object] = {"day": day, "number": number, "previous": previous, **entry.facts()}
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def chained(head: AuditDay | None, today: str, entries: Iterable[AuditEntry]) -> tuple[AuditDay, list[ChainedEntry]]:
    """``entries`` chained to the newest day's ``head``; the head as it is then.

    A node whose clock is behind goes on with the newest day, so that a day that another one follows gets no more
    entries.
    """
    if head is None or today > head.day:
        start = FIRST if head is None else head.seal
        head = AuditDay(today, 0, start, start)
    last, number, made = head.last, head.entries, []
    for entry in entries:
        number += 1
        found = hash_of(head.day, number, last, entry)
        made.append(ChainedEntry(0, head.day, number, last, found, entry))
        last = found
    return AuditDay(head.day, number, head.previous, last), made


def first_broken(days: Iterable[AuditDay], entries: Iterable[ChainedEntry]) -> Finding | None:
    """The first place where the chain does not hold; None if all is as it was written.

    Both in their order. Days whose entries were taken out are bound by their heads, and an entry must tell of it.
    """
    told = [""]
    left = _listening(entries, told)
    taken_out = ""
    waiting = next(left, None)
    before = FIRST
    for day in days:
        if day.previous != before:
            return Finding(
                day.day, 0, "the day does not follow the day before it: its head was changed, or a day is gone"
            )
        place, number = day.previous, 0
        while waiting is not None and waiting.day == day.day:
            number += 1
            found = _broken(waiting, day, number, place)
            if found is not None:
                return found
            place, waiting = waiting.hash, next(left, None)
        if day.pruned_at is not None and number == 0:
            place, taken_out = day.last, day.day
        elif number != day.entries or place != day.last:
            return Finding(day.day, number + 1, f"the day has {number} entries, its head tells of {day.entries}")
        before = day.seal
    if waiting is not None:
        return Finding(waiting.day, waiting.number, "the entry belongs to a day that has no head")
    if taken_out and taken_out >= told[0]:
        return Finding(taken_out, 0, "the day's entries are gone, and no entry tells that they were taken out")
    return None


def _listening(entries: Iterable[ChainedEntry], told: list[str]) -> Iterator[ChainedEntry]:
    """The entries; ``told`` has the newest day before which one of them tells that entries were taken out."""
    for one in entries:
        if one.entry.act == Act.AUDIT_PRUNE:
            told[0] = max(told[0], one.entry.subject.removeprefix(PRUNED_BEFORE))
        yield one


def _broken(one: ChainedEntry, day: AuditDay, number: int, previous: str) -> Finding | None:
    if one.number != number:
        return Finding(day.day, number, f"entry {number} is not there; entry {one.number} comes in its place")
    if one.previous != previous:
        return Finding(day.day, number, "the entry does not follow the entry before it")
    if hash_of(one.day, one.number, one.previous, one.entry) != one.hash:
        return Finding(day.day, number, "the entry is not what was written: its hash differs")
    return None
