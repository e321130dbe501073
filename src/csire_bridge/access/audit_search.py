"""Entries of the audit by who, what, about what and when; page by page, so that no reader holds many at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.people.audit import AuditEntry, ChainedEntry
from csire_bridge.domain.people.ports import WithAudit

__all__ = ["AuditSearch", "Change", "changes_of", "found_entries"]

_AT_ONCE = 500
_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSearch:
    """What is wanted; None: all. ``act`` may end in a dot for a whole group."""

    actor: str | None = None
    act: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def page(self, tx: WithAudit, limit: int, before: int | None = None) -> Sequence[ChainedEntry]:
        """The newest that fit, at most ``limit``, with keys below ``before``."""
        return tx.audit.page(
            before=before,
            limit=limit,
            actor=self.actor,
            act=self.act,
            subject=self.subject,
            since=self.since,
            until=self.until,
        )


def found_entries(
    reading: Callable[[], AbstractContextManager[WithAudit]], wanted: AuditSearch, most: int | None = None
) -> Iterator[ChainedEntry]:
    """Every entry that fits, the newest first, at most ``most``; read in pieces, each in a transaction of its own."""
    before: int | None = None
    left = most
    while left is None or left > 0:
        size = _AT_ONCE if left is None else min(left, _AT_ONCE)
        with reading() as tx:
            found = wanted.page(tx, size, before)
        yield from found
        if len(found) < size:
            return
        before, left = found[-1].key, None if left is None else left - len(found)


@dataclass(frozen=True, slots=True)
class Change:
    """One fact of an entry: as it was, and as it is; None where it was not told."""

    name: str
    before: str | None
    after: str | None

    @property
    def changed(self) -> bool:
        """Whether both are told, and differ."""
        return self.before is not None and self.after is not None and self.before != self.after


def changes_of(entry: AuditEntry) -> list[Change]:
    """What an entry tells of before and after, fact by fact; what changed comes first."""
    before, after = _facts(entry.before), _facts(entry.after)
    found = [Change(name, before.get(name), after.get(name)) for name in {**before, **after}]
    return sorted(found, key=lambda one: not one.changed)


def _facts(told: str | None) -> dict[str, str]:
    if told is None:
        return {}
    read = json.loads(told)
    facts = read if isinstance(read, dict) else {"": read}
    result = facts.pop("result", None)
    if isinstance(result, dict):
        facts |= result
    elif result is not None:
        facts["result"] = result
    return {str(name): _short(value) for name, value in facts.items() if value is not None}


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
