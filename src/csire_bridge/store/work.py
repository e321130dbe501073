"""Due work and its leases within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.store.tables import work

__all__ = ["WorkQueue"]


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
        """Write one piece of work for each subject, already leased when its writer goes on with it at once."""
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
        statement = insert(work).returning(work.c.key, sort_by_parameter_order=True)
        keys = self._connection.execute(statement, rows).scalars()
        return [
            WorkItem(key, step, subject, rank) for key, subject, rank in zip(keys, subjects, priorities, strict=True)
        ]

    def lease(self, steps: Sequence[WorkStep], now: datetime, lease: Lease, limit: int) -> list[WorkItem]:
        """Take up to ``limit`` due pieces that nobody holds: lowest priority number first, then the oldest."""
        query = (
            select(work.c.key, work.c.step, work.c.subject, work.c.priority, work.c.attempts)
            .where(
                work.c.parked.is_(False),
                work.c.step.in_([step.value for step in steps]),
                work.c.due_at <= now,
                or_(work.c.leased_until.is_(None), work.c.leased_until <= now),
            )
            .order_by(work.c.priority, work.c.due_at, work.c.key)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = self._connection.execute(query).all()
        if rows:
            statement = update(work).where(work.c.key.in_([row.key for row in rows]))
            self._connection.execute(statement.values(leased_by=lease.owner, leased_until=lease.until))
        return [WorkItem(row.key, WorkStep(row.step), row.subject, row.priority, row.attempts) for row in rows]

    def finish(self, keys: Sequence[int]) -> None:
        """Take pieces that are done out of the queue; their story stands in the histories."""
        if keys:
            self._connection.execute(delete(work).where(work.c.key == bindparam("b_key")), [{"b_key": k} for k in keys])

    def postpone(self, key: int, due_at: datetime, *, failed: str | None = None) -> None:
        """Give a piece back until ``due_at``; ``failed`` counts an attempt and says why."""
        values: dict[str, object] = {"due_at": due_at, "leased_by": None, "leased_until": None}
        if failed is not None:
            values |= {"attempts": work.c.attempts + 1, "last_error": failed}
        self._connection.execute(update(work).where(work.c.key == key).values(values))

    def park(self, key: int, why: str) -> None:
        """Set a piece aside for a person, with the reason; it is never lost."""
        values = {"parked": True, "leased_by": None, "leased_until": None, "last_error": why}
        self._connection.execute(update(work).where(work.c.key == key).values(values))

    def hasten(self, step: WorkStep, subject: int, now: datetime) -> None:
        """Make a piece due at once: something happened that it waits for."""
        statement = update(work).where(work.c.step == step.value, work.c.subject == subject, work.c.due_at > now)
        self._connection.execute(statement.values(due_at=now))

    def drop(self, step: WorkStep, subject: int) -> None:
        """Take a subject's piece out of the queue: there is nothing left to do."""
        self._connection.execute(delete(work).where(work.c.step == step.value, work.c.subject == subject))

    def next_due(self, steps: Sequence[WorkStep]) -> datetime | None:
        """When the next piece that is not parked falls due; None when there is none."""
        query = select(func.min(work.c.due_at)).where(
            work.c.parked.is_(False), work.c.step.in_([step.value for step in steps])
        )
        return self._connection.execute(query).scalar()
