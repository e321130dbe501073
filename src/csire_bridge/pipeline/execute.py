"""Step 5: interlocks, the command to the head-end system, and the truth about the contactor.

The intent is committed before the head-end system is called. So a crash during the call leaves ``SUBMITTING``,
which the next worker reads as "outcome unknown": it asks for the contactor's state and never sends again blindly.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.contactor import HeadEndEvent
from csire_bridge.domain.orders import Order, OrderKind, OrderState
from csire_bridge.domain.work import Lease, WorkItem
from csire_bridge.pipeline.changes import Changes
from csire_bridge.pipeline.find_out import Finding, Found, find_out, settle_found
from csire_bridge.pipeline.give import Given, Giving, give, prepare, settle_given
from csire_bridge.pipeline.limits import ExecutionLimits
from csire_bridge.pipeline.ports import HeadEnd, Store, Transaction
from csire_bridge.pipeline.steps import Begun, Done, Task

__all__ = ["ExecutionLimits", "Executor"]

_OUT_THERE = (OrderState.SUBMITTED, OrderState.UNKNOWN, OrderState.ARMED)


class Executor:
    """Moves orders one step on, each time their work falls due."""

    def __init__(
        self, store: Store, head_end: HeadEnd, clock: Clock, limits: ExecutionLimits, jitter: random.Random
    ) -> None:
        self._store = store
        self._head_end = head_end
        self._clock = clock
        self._limits = limits
        self._jitter = jitter

    def begin(self, items: Sequence[WorkItem], lease: Lease | None) -> Begun[Giving | Finding]:
        """Decide what each order needs; mark those whose command will be given."""
        changes = Changes(self._clock())
        with self._store.transaction() as tx:
            tx.work.hold(items)
            pairs = _with_orders(tx, items)
            new = [(item, order) for item, order in pairs if order.state is OrderState.REGISTERED]
            tx.points.hold([order.metering_point for _, order in new])
            new = self._without_superseded(tx, new, changes)
            points = tx.points.of([order.metering_point for _, order in new], changes.now)
            tasks: list[Task[Giving | Finding]] = []
            tasks += cast(
                "list[Task[Giving | Finding]]",
                prepare(new, points, self._limits, changes, _half_of(lease, changes.now)),
            )
            given = [(item, self._after_a_crash(order, changes)) for item, order in pairs if _was_given(order)]
            events = _latest(tx, [order for _, order in given])
            tasks += [Task(item, Finding(order, events.get(order.key))) for item, order in given]
            changes.finished += [item for item, order in pairs if order.state not in _OPEN]
            return Begun(tasks, changes.write(tx, lease))

    def _without_superseded(
        self, tx: Transaction, new: Sequence[tuple[WorkItem, Order]], changes: Changes
    ) -> list[tuple[WorkItem, Order]]:
        """A disconnection that waits gives way to a connection that was asked for after it, never the reverse."""
        waiting = [order.metering_point for _, order in new if order.kind is OrderKind.DISCONNECT]
        newest = tx.orders.newest_connections(waiting)
        stays = []
        for item, order in new:
            newer = newest.get(order.metering_point) if order.kind is OrderKind.DISCONNECT else None
            if newer is not None and newer >= order.registered_at:
                changes.supersede(order, item, "a newer request to connect was received for the metering point")
            else:
                stays.append((item, order))
        return stays

    def _after_a_crash(self, order: Order, changes: Changes) -> Order:
        """Only a crash leaves SUBMITTING behind: whether the command arrived is not known."""
        if order.state is not OrderState.SUBMITTING:
            return order
        why = "outcome unknown: the command was being given when work stopped"
        return changes.move(order, OrderState.UNKNOWN, why)

    def do(self, task: Task[Giving | Finding]) -> Given | Found:
        """Give the command, or have the contactor read."""
        if isinstance(task.about, Giving):
            return give(self._head_end, task.about, self._clock())
        return find_out(self._head_end, task.about)

    def settle(self, done: Sequence[Done[Giving | Finding, Given | Found]], lease: Lease | None) -> list[WorkItem]:
        """Write down what came of it; done is only what the contactor confirms."""
        given = [cast("Done[Giving, Given]", piece) for piece in done if isinstance(piece.about, Giving)]
        found = [cast("Done[Finding, Found]", piece) for piece in done if isinstance(piece.about, Finding)]
        changes = Changes(self._clock())
        with self._store.transaction() as tx:
            tx.work.hold([piece.item for piece in done])
            early = _latest(tx, [piece.about.order for piece in given])
            goes_on = settle_given(given, early, self._limits, changes, self._jitter)
            settle_found(found, self._limits, changes, self._jitter)
            if lease is None:
                for item in goes_on:
                    changes.postpone(item, changes.now)
            following = changes.write(tx, lease)
        return [*goes_on, *following] if lease else []


_OPEN = frozenset({OrderState.REGISTERED, OrderState.SUBMITTING, *_OUT_THERE})


def _was_given(order: Order) -> bool:
    return order.state is OrderState.SUBMITTING or order.state in _OUT_THERE


def _with_orders(tx: Transaction, items: Sequence[WorkItem]) -> list[tuple[WorkItem, Order]]:
    orders = tx.orders.many([item.subject for item in items])
    return [(item, orders[item.subject]) for item in items]


def _latest(tx: Transaction, orders: Sequence[Order]) -> dict[int, HeadEndEvent]:
    """The last event that answers each order's latest command, where there is one."""
    return tx.head_end.latest_of([(order.key, order.correlation_id) for order in orders if order.correlation_id])


def _half_of(lease: Lease | None, now: datetime) -> datetime:
    """Commands are given in the first half of the lease, so that what became of them is written before it ends."""
    return now + (lease.until - now) / 2 if lease else datetime.max.replace(tzinfo=now.tzinfo)
