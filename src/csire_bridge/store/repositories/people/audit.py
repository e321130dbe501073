"""The audit, within one transaction: entries are chained and written when it commits."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from csire_bridge.domain.people.audit import AuditDay, AuditEntry, ChainedEntry, chained
from csire_bridge.store.connection.dialects import take_turns, upsert
from csire_bridge.store.sql.row_mapper import from_rows, plain, reader_of, to_row
from csire_bridge.store.tables import audit_days, audit_entries

__all__ = ["AuditLog"]

_AT_ONCE = 1000
_NEWEST = select(audit_days).order_by(audit_days.c.day.desc()).limit(1)


class AuditLog:
    """The audit. Nothing is changed; only whole days that are old are taken out, and their heads stay."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._new: list[AuditEntry] = []

    def add(self, entry: AuditEntry) -> None:
        """Keep an entry for ``write``."""
        self._new.append(entry)

    def write(self) -> None:
        """Chain what was added and write it: the last thing in a transaction.

        The chain is locked for all nodes until the commit. As nothing is locked after it, two transactions can't wait
        for each other.
        """
        if not self._new:
            return
        take_turns(self._connection, "audit")
        today = max(entry.at for entry in self._new).astimezone(UTC).date().isoformat()
        head, made = chained(self._head(), today, self._new)
        rows = [{**_place(one), **to_row(one.entry)} for one in made]
        self._connection.execute(insert(audit_entries), rows)
        upsert(self._connection, audit_days, to_row(head))
        self._new.clear()

    def days(self) -> list[AuditDay]:
        """The heads of all days, the oldest first."""
        return list(from_rows(AuditDay, self._connection.execute(select(audit_days).order_by(audit_days.c.day))))

    def entries(self, before_day: str | None = None) -> Iterator[ChainedEntry]:
        """Every entry as it was chained, or those of the days before one; the oldest first, read in pieces.

        The newest day is never before another one.
        """
        e, day, number = audit_entries.c, "", 0
        query = select(audit_entries).order_by(e.day, e.number).limit(_AT_ONCE)
        if before_day is not None:
            query = query.where(e.day < self._old(before_day))
        while True:
            further = (e.day > day) | ((e.day == day) & (e.number > number))
            found = self._read(query.where(further))
            yield from found
            if len(found) < _AT_ONCE:
                return
            day, number = found[-1].day, found[-1].number

    def page(
        self,
        *,
        before: int | None = None,
        limit: int = 100,
        actor: str | None = None,
        act: str | None = None,
        subject: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Sequence[ChainedEntry]:
        """The newest entries first, at most ``limit``, with keys below ``before``; ``act`` may end in a dot."""
        e = audit_entries.c
        chosen = select(audit_entries).order_by(e.key.desc()).limit(limit)
        for column, compare, value in (
            (e.key, operator.lt, before),
            (e.actor, operator.eq, actor),
            (e.act, _is_act, act),
            (e.subject, operator.eq, subject),
            (e.at, operator.ge, since),
            (e.at, operator.lt, until),
        ):
            if value is not None:
                chosen = chosen.where(compare(column, value))
        return self._read(chosen)

    def between(self, since: datetime, until: datetime, acts: Collection[str], limit: int) -> Sequence[ChainedEntry]:
        """The newest entries first of these acts from ``since`` until before ``until`` (UTC), at most ``limit``."""
        e = audit_entries.c
        during = select(audit_entries).where(e.at >= since, e.at < until, e.act.in_(sorted(acts)))
        return self._read(during.order_by(e.at.desc(), e.key.desc()).limit(limit))

    def prune(self, before_day: str, at: datetime) -> int:
        """Take the entries of whole days before ``before_day`` (YYYY-MM-DD, UTC) out; return how many entries.

        Their heads stay, so the rest can still be checked. The newest day stays. The database lets entries go only
        after their day's head says so.
        """
        take_turns(self._connection, "audit")
        old = self._old(before_day)
        heads = update(audit_days).where(audit_days.c.day < old, audit_days.c.pruned_at.is_(None))
        self._connection.execute(heads.values(pruned_at=at))
        return self._connection.execute(delete(audit_entries).where(audit_entries.c.day < old)).rowcount

    def _old(self, before_day: str) -> str:
        newest = self._head()
        return min(before_day, newest.day) if newest else before_day

    def _head(self) -> AuditDay | None:
        return next(from_rows(AuditDay, self._connection.execute(_NEWEST)), None)

    def _read(self, query: Any) -> list[ChainedEntry]:
        result = self._connection.execute(query)
        entry = reader_of(AuditEntry, result)
        return [_chained(row, entry(row)) for row in result]


def _is_act(column: ColumnElement[str], act: object) -> ColumnElement[bool]:
    whole = str(act)
    return column.startswith(whole, autoescape=True) if whole.endswith(".") else column == whole


def _place(one: ChainedEntry) -> dict[str, object]:
    return {name: plain(getattr(one, name)) for name in ("day", "number", "previous", "hash")}


def _chained(row: Row[Any], entry: AuditEntry) -> ChainedEntry:
    return ChainedEntry(row.key, row.day, row.number, row.previous, row.hash, entry)
