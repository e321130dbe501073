"""Whether the audit is as it was written: the chain of hashes, and the triggers by which the database keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from csire_bridge.domain.people.audit import ChainedEntry, Finding, first_broken
from csire_bridge.domain.people.ports import AuditLog
from csire_bridge.domain.words import counted

__all__ = ["Verdict", "verify"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. ``last`` is the newest hash, to be noted elsewhere; ``noted_is_gone``: the one asked for is gone.

    ``unguarded`` names triggers that are gone: the chain may hold, and yet the database would let it be changed.
    """

    entries: int
    days: int
    last: str | None
    broken: Finding | None
    noted_is_gone: bool
    unguarded: Sequence[str]

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return self.broken is None and not self.noted_is_gone and not self.unguarded

    def sentences(self) -> list[str]:
        """The result in words: what is wrong, or that all is well."""
        said = []
        if self.broken is not None:
            said.append(f"BROKEN at {self.broken.day}, entry {self.broken.number}: {self.broken.text}")
        if self.noted_is_gone:
            said.append("BROKEN: no entry has the hash that was noted, so the chain was written anew")
        if self.unguarded:
            gone = ", ".join(self.unguarded)
            said.append(f"UNGUARDED: the database has lost {gone}: find out who took it away, then: db check")
        if self.broken is None and not self.noted_is_gone:
            last = f"; last hash {self.last}" if self.last else ""
            said.append(
                f"{counted(self.entries, 'entry', 'entries')} of {counted(self.days, 'day')}; the chain holds{last}"
            )
        return said


def verify(log: AuditLog, unguarded: Sequence[str], noted: str | None = None) -> Verdict:
    """Go through the whole chain, the oldest first. ``noted`` is a hash that was noted before: it must still be there.

    ``unguarded`` are the triggers that are gone.
    """
    days, noted = log.days(), noted.lower() if noted else None
    seen = [noted is None or any(day.last == noted for day in days)]
    broken = first_broken(days, _looking(log.entries(), noted, seen))
    last = days[-1].last if days else None
    # A chain that is broken is not read to its end, so the hash may be further on.
    gone = broken is None and not seen[0]
    return Verdict(sum(day.entries for day in days), len(days), last, broken, gone, unguarded)


def _looking(entries: Iterator[ChainedEntry], noted: str | None, seen: list[bool]) -> Iterator[ChainedEntry]:
    for one in entries:
        seen[0] = seen[0] or one.hash == noted
        yield one
