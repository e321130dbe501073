"""Due work and its leases within one transaction.

To finish a piece of work, or to give it back, a worker must still hold the lease under which it was taken. Otherwise
StaleWrite is raised and the whole transaction is rolled back. So a worker that hung, and whose work somebody else has
taken since, can't change anything when it comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Integer,
    Row,
    Select,
    Text,
    bindparam,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.sql.dml import Delete, Update

from csire_bridge.domain.errors import StaleWrite
from csire_bridge.domain.order.order import WaitsFor
from csire_bridge.domain.work import PRIORITIES, Lease, ParkedWork, WorkItem, WorkStep
from csire_bridge.store.sql.array_parameter import any_of
from csire_bridge.store.sql.execute_many import execute_many
from csire_bridge.store.sql.insert_returning_keys import add_rows
from csire_bridge.store.sql.row_mapper import from_rows
from csire_bridge.store.tables import orders, work

__all__ = ["WorkQueue"]

_HELD = (
    work.c.key == bindparam("b_key"),
    work.c.leased_by.is_not_distinct_from(bindparam("b_owner", type_=work.c.leased_by.type)),
    work.c.leased_until.is_not_distinct_from(bindparam("b_until", type_=work.c.leased_until.type)),
)
_OF_KEYS = any_of(work.c.key, "keys")
_LEASES = (
    select(work.c.key, work.c.leased_by, work.c.leased_until)
    .where(_OF_KEYS)
    .order_by(work.c.key)
    .with_for_update(key_share=True)
)
_LEASE = (
    update(work)
    .where(work.c.key == bindparam("b_key"))
    .values(leased_by=bindparam("owner"), leased_until=bindparam("until"), lapses=bindparam("lapses"))
)
_FINISH = delete(work).where(*_HELD)
_PARK = (
    update(work)
    .where(*_HELD)
    .values(parked=True, leased_by=None, leased_until=None, last_error=bindparam("why", type_=Text))
)
_POSTPONE = (
    update(work)
    .where(*_HELD)
    .values(
        due_at=bindparam("due"),
        leased_by=None,
        leased_until=None,
        lapses=0,
        attempts=work.c.attempts + bindparam("failures", type_=Integer),
        last_error=func.coalesce(bindparam("failed", type_=Text), work.c.last_error),
    )
)
_NOW = bindparam("now", type_=work.c.due_at.type)
_LATEST = bindparam("latest", type_=work.c.leased_until.type)
# Every row is touched, also one that is due: so this waits for whoever is about to postpone it, and comes after that.
_HASTEN = (
    update(work)
    .where(work.c.step == bindparam("b_step"), work.c.subject == bindparam("b_subject"))
    .values(due_at=case((work.c.due_at > _NOW, _NOW), else_=work.c.due_at))
)
_COLUMNS = (
    work.c.key,
    work.c.step,
    work.c.subject,
    work.c.priority,
    work.c.due_at,
    work.c.attempts,
    work.c.lapses,
    work.c.leased_by,
)


def _first_of(step: WorkStep) -> Select[*tuple[Any, ...]]:
    """The first due pieces of one step and priority, locked; reads a few entries of one index."""
    here = (
        select(*_COLUMNS)
        .where(
            work.c.parked.is_(False),
            work.c.step == literal(step.value),
            work.c.priority == bindparam("b_priority"),
            work.c.due_at <= _NOW,
            or_(work.c.leased_until.is_(None), work.c.leased_until <= _NOW, work.c.leased_until > _LATEST),
        )
        .order_by(work.c.due_at, work.c.key)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
    )
    return select(here.subquery())


@cache
def _due_of(steps: tuple[WorkStep, ...]) -> CompoundSelect[*tuple[Any, ...]]:
    """One statement for all ``steps``, because most have nothing due, and each statement is a round trip."""
    return union_all(*map(_first_of, steps))


_NEXT_DUE = select(func.min(work.c.due_at)).where(
    work.c.parked.is_(False), work.c.step.in_(bindparam("steps", expanding=True))
)
_PARKED_OF = select(*(work.c[name] for name in ParkedWork.__dataclass_fields__)).where(
    _OF_KEYS, work.c.parked.is_(True)
)
_Row = Row[*tuple[Any, ...]]
_SUSPECT = 2  # one lapse may be anybody's bad luck


class WorkQueue:
    """Work within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        step: WorkStep,
        subjects: Sequence[int],
        due_at: datetime | Sequence[datetime],
        *,
        priority: int | Sequence[int] = 10,
        lease: Lease | None = None,
    ) -> list[WorkItem]:
        """Write one piece of work for each subject; already leased if the caller continues with it at once."""
        count = len(subjects)
        if not count:
            return []
        dues = [due_at] * count if isinstance(due_at, datetime) else due_at
        priorities = [priority] * count if isinstance(priority, int) else priority
        rows = [
            {
                "step": step.value,
                "subject": subject,
                "priority": rank,
                "due_at": due,
                "leased_by": lease.owner if lease else None,
                "leased_until": lease.until if lease else None,
                "attempts": 0,
                "parked": False,
            }
            for subject, due, rank in zip(subjects, dues, priorities, strict=True)
        ]
        keys = add_rows(self._connection, work, rows)
        return [
            WorkItem(key, step, subject, rank, lease=lease, due_at=due)
            for key, subject, rank, due in zip(keys, subjects, priorities, dues, strict=True)
        ]

    def lease(self, steps: Sequence[WorkStep], now: datetime, lease: Lease, limit: int) -> list[WorkItem]:
        """Take up to ``limit`` due pieces that nobody holds: lowest priority number first, then the oldest.

        A piece whose lease ran out repeatedly is leased alone, in case it is what crashes the workers. A lease that
        ends later than a lease taken now could end was written by a clock that was ahead: it is void.
        """
        found = [_item(row, lease) for row in self._due(steps, now, lease.latest, limit)]
        suspect = next((item for item in found if item.lapses >= _SUSPECT), None)
        items = [suspect] if suspect else found
        if items:
            holder = {"owner": lease.owner, "until": lease.until}
            execute_many(self._connection, _LEASE, [{"b_key": i.key, "lapses": i.lapses, **holder} for i in items])
        return items

    def _due(self, steps: Sequence[WorkStep], now: datetime, latest: datetime, limit: int) -> list[_Row]:
        """The first pieces of each priority; reads a few index entries for each step, however much is waiting."""
        found: list[_Row] = []
        for priority in PRIORITIES:
            given = {"b_priority": priority, "now": now, "latest": latest, "most": limit}
            here = self._connection.execute(_due_of(tuple(steps)), given)
            found += sorted(here, key=lambda row: (row.due_at, row.key))[: limit - len(found)]
            if len(found) == limit:
                break
        return found

    def assert_leased(self, items: Sequence[WorkItem]) -> None:
        """Assert that ``items`` are still leased by us, until this transaction ends; raise StaleWrite if one is not.

        Call it first: it locks the rows, so a concurrent wake happens strictly before or after this transaction.
        """
        if not items:
            return
        rows = self._connection.execute(_LEASES, {"keys": [item.key for item in items]})
        held = {key: (owner, until) for key, owner, until in rows}
        lost = [item for item in items if held.get(item.key) != _token(item)]
        if lost:
            raise _lost(lost)

    def finish(self, items: Sequence[WorkItem]) -> None:
        """Remove finished pieces from the queue; what happened is in the histories. Raises StaleWrite."""
        self._end(_FINISH, [(item, {}) for item in items])

    def reschedule(self, item: WorkItem, due_at: datetime, *, failed: str | None = None) -> None:
        """Reschedule a piece for ``due_at``; ``failed`` counts an attempt and says why. Raises StaleWrite."""
        self.reschedule_all([(item, due_at, failed)])

    def reschedule_all(self, pieces: Sequence[tuple[WorkItem, datetime, str | None]]) -> None:
        """Reschedule pieces, each with its due moment and why it failed (or None). Raises StaleWrite."""
        rows: list[tuple[WorkItem, dict[str, object]]] = [
            (item, {"due": due_at, "failed": failed, "failures": 0 if failed is None else 1})
            for item, due_at, failed in pieces
        ]
        self._end(_POSTPONE, rows)

    def park(self, item: WorkItem, why: str) -> None:
        """Park a piece for a person, with the reason; it is never lost. Raises StaleWrite."""
        self.park_all([(item, why)])

    def park_all(self, pieces: Sequence[tuple[WorkItem, str]]) -> None:
        """Park pieces for a person, each with its reason. Raises StaleWrite."""
        self._end(_PARK, [(item, {"why": why}) for item, why in pieces])

    def _end(self, change: Update | Delete, pieces: Sequence[tuple[WorkItem, dict[str, object]]]) -> None:
        """Change leased pieces, all or none; rows are always locked in the same order."""
        if not pieces:
            return
        rows = []
        for item, values in sorted(pieces, key=lambda piece: piece[0].key):
            owner, until = _token(item)
            rows.append({"b_key": item.key, "b_owner": owner, "b_until": until, **values})
        if execute_many(self._connection, change, rows) != len(rows):
            raise _lost([item for item, _ in pieces])

    def parked(self, step: WorkStep | None = None, *, limit: int | None = None) -> list[ParkedWork]:
        """The parked pieces, of one step or of all; the oldest first, up to ``limit``."""
        steps = [step] if step else list(WorkStep)
        query = select(*(work.c[name] for name in ParkedWork.__dataclass_fields__)).where(
            work.c.parked.is_(True), work.c.step.in_([one.value for one in steps])
        )
        rows = self._connection.execute(query.order_by(work.c.due_at, work.c.key).limit(limit))
        return list(from_rows(ParkedWork, rows))

    def parked_pieces(self, keys: Sequence[int]) -> list[ParkedWork]:
        """Those of ``keys`` that are parked."""
        return list(from_rows(ParkedWork, self._connection.execute(_PARKED_OF, {"keys": list(keys)})))

    def release(self, keys: Sequence[int], now: datetime) -> None:
        """Make parked pieces due again; their attempts are counted from zero."""
        if keys:
            back = update(work).where(work.c.key == bindparam("b_key"), work.c.parked.is_(True))
            values = {"parked": False, "due_at": now, "attempts": 0, "lapses": 0}
            self._connection.execute(back.values(values), [{"b_key": key} for key in keys])

    def take_away(self, step: WorkStep, subject: int) -> bool:
        """Delete a piece that is not leased, because it must not be done. False if there is none."""
        here = (work.c.step == step.value) & (work.c.subject == subject) & work.c.leased_by.is_(None)
        return bool(self._connection.execute(delete(work).where(here)).rowcount)

    def wake(self, step: WorkStep, subjects: Sequence[int], now: datetime) -> None:
        """Make pieces due at once, because what they wait for has happened. Leases stay as they are."""
        rows = [{"b_step": step.value, "b_subject": subject, "now": now} for subject in subjects]
        execute_many(self._connection, _HASTEN, rows)

    def wake_waiting(self, reason: WaitsFor, now: datetime) -> None:
        """Make the orders that wait for ``reason`` due at once, because it is gone, or may be."""
        waiting = select(orders.c.key).where(orders.c.waits_for == reason.value)
        here = (work.c.step == WorkStep.EXECUTE.value) & work.c.subject.in_(waiting) & (work.c.due_at > now)
        self._connection.execute(update(work).where(here).values(due_at=now))

    def hasten_all(self, now: datetime) -> None:
        """Make everything due at once that is not parked."""
        waiting = (work.c.parked.is_(False)) & (work.c.due_at > now)
        self._connection.execute(update(work).where(waiting).values(due_at=now))

    def next_due(self, steps: Sequence[WorkStep]) -> datetime | None:
        """When the next piece that is not parked falls due; None when there is none."""
        return self._connection.execute(_NEXT_DUE, {"steps": [step.value for step in steps]}).scalar()


def _item(row: _Row, lease: Lease) -> WorkItem:
    lapses = row.lapses + (row.leased_by not in (None, lease.owner))
    return WorkItem(row.key, WorkStep(row.step), row.subject, row.priority, row.attempts, lapses, lease, row.due_at)


def _token(item: WorkItem) -> tuple[str | None, datetime | None]:
    return (item.lease.owner, item.lease.until) if item.lease else (None, None)


def _lost(items: Sequence[WorkItem]) -> StaleWrite:
    names = ", ".join(f"{item.step} of {item.subject}" for item in items)
    return StaleWrite(f"the lease on this work ran out, and somebody else has it or has ended it: {names}")
