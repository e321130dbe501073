"""Due work and its leases within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Integer, Text, bindparam, delete, func, insert, or_, select, update

from csire_bridge.domain.orders import WaitsFor
from csire_bridge.domain.work import Lease, ParkedWork, WorkItem, WorkStep
from csire_bridge.store.rows import from_row
from csire_bridge.store.tables import orders, work

__all__ = ["WorkQueue"]

_KEY = work.c.key == bindparam("b_key")
_ADD = insert(work).returning(work.c.key, sort_by_parameter_order=True)
_LEASE = update(work).where(_KEY).values(leased_by=bindparam("owner"), leased_until=bindparam("until"))
_FINISH = delete(work).where(_KEY)
_POSTPONE = (
    update(work)
    .where(_KEY)
    .values(
        due_at=bindparam("due"),
        leased_by=None,
        leased_until=None,
        attempts=work.c.attempts + bindparam("failures", type_=Integer),
        last_error=func.coalesce(bindparam("failed", type_=Text), work.c.last_error),
    )
)
_HASTEN = (
    update(work)
    .where(
        work.c.step == bindparam("b_step"),
        work.c.subject == bindparam("b_subject"),
        work.c.due_at > bindparam("now", type_=work.c.due_at.type),
    )
    .values(due_at=bindparam("now", type_=work.c.due_at.type))
)


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
        keys = self._connection.execute(_ADD, rows).scalars()
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
            holder = {"owner": lease.owner, "until": lease.until}
            self._connection.execute(_LEASE, [{"b_key": row.key, **holder} for row in rows])
        return [WorkItem(row.key, WorkStep(row.step), row.subject, row.priority, row.attempts) for row in rows]

    def finish(self, keys: Sequence[int]) -> None:
        """Take pieces that are done out of the queue; their story stands in the histories."""
        if keys:
            self._connection.execute(_FINISH, [{"b_key": key} for key in keys])

    def postpone(self, key: int, due_at: datetime, *, failed: str | None = None) -> None:
        """Give a piece back until ``due_at``; ``failed`` counts an attempt and says why."""
        self.postpone_all([(key, due_at, failed)])

    def postpone_all(self, pieces: Sequence[tuple[int, datetime, str | None]]) -> None:
        """Give (piece, due moment, why it failed or None) of each back."""
        if pieces:
            rows = [
                {"b_key": key, "due": due_at, "failed": failed, "failures": 0 if failed is None else 1}
                for key, due_at, failed in pieces
            ]
            self._connection.execute(_POSTPONE, rows)

    def park(self, key: int, why: str) -> None:
        """Set a piece aside for a person, with the reason; it is never lost."""
        values = {"parked": True, "leased_by": None, "leased_until": None, "last_error": why}
        self._connection.execute(update(work).where(work.c.key == key).values(values))

    def parked(self, step: WorkStep | None = None) -> list[ParkedWork]:
        """The pieces that were set aside, of one step or of all; the oldest first."""
        steps = [step] if step else list(WorkStep)
        query = select(*(work.c[name] for name in ParkedWork.__dataclass_fields__)).where(
            work.c.parked.is_(True), work.c.step.in_([one.value for one in steps])
        )
        rows = self._connection.execute(query.order_by(work.c.due_at, work.c.key))
        return [from_row(ParkedWork, row._mapping) for row in rows]  # type: ignore[arg-type]

    def release(self, keys: Sequence[int], now: datetime) -> None:
        """Let pieces that were set aside go on; their tries are counted anew."""
        if keys:
            back = update(work).where(work.c.key == bindparam("b_key"), work.c.parked.is_(True))
            values = {"parked": False, "due_at": now, "attempts": 0}
            self._connection.execute(back.values(values), [{"b_key": key} for key in keys])

    def hasten(self, step: WorkStep, subjects: Sequence[int], now: datetime) -> None:
        """Make pieces due at once: something happened that they wait for."""
        if subjects:
            rows = [{"b_step": step.value, "b_subject": subject, "now": now} for subject in subjects]
            self._connection.execute(_HASTEN, rows)

    def hasten_waiting(self, reason: WaitsFor, now: datetime) -> None:
        """Make the orders that wait for ``reason`` due at once: it has passed, or may have."""
        waiting = select(orders.c.key).where(orders.c.waits_for == reason.value)
        here = (work.c.step == WorkStep.EXECUTE.value) & work.c.subject.in_(waiting) & (work.c.due_at > now)
        self._connection.execute(update(work).where(here).values(due_at=now))

    def next_due(self, steps: Sequence[WorkStep]) -> datetime | None:
        """When the next piece that is not parked falls due; None when there is none."""
        query = select(func.min(work.c.due_at)).where(
            work.c.parked.is_(False), work.c.step.in_([step.value for step in steps])
        )
        return self._connection.execute(query).scalar()
