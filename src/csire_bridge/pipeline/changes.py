"""What a batch changes about its orders, gathered so that each table is written once, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from csire_bridge.domain.contactor import ContactorReading
from csire_bridge.domain.orders import CannotReason, Order, OrderState
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.pipeline.ports import Transaction

__all__ = ["Changes"]


@dataclass
class Changes:
    """Moves of orders and what becomes of their work, at ``now`` (UTC)."""

    now: datetime
    moves: list[tuple[Order, Order, str]] = field(default_factory=list)
    finished: list[WorkItem] = field(default_factory=list)
    postponed: list[tuple[WorkItem, datetime, str | None]] = field(default_factory=list)
    parked: list[tuple[WorkItem, str]] = field(default_factory=list)
    read: list[tuple[Order, ContactorReading]] = field(default_factory=list)
    answerable: list[Order] = field(default_factory=list)

    def move(self, order: Order, state: OrderState, text: str, **facts: Any) -> Order:
        """Move ``order`` on; return it as it is then. Whether it may go there is checked when it is written."""
        after = replace(order, state=state, version=order.version + 1, **facts)
        self.moves.append((order, after, text))
        return after

    def postpone(self, item: WorkItem, due_at: datetime, failed: str | None = None) -> None:
        """Give a piece back until ``due_at``; ``failed`` counts an attempt and says why."""
        self.postponed.append((item, due_at, failed))

    def park(self, order: Order, item: WorkItem, why: str, **facts: Any) -> None:
        """Set an order and its work aside for a person."""
        self.move(order, OrderState.PARKED, why, detail=why, **facts)
        self.parked.append((item, why))

    def cannot(self, order: Order, item: WorkItem, reason: CannotReason, text: str) -> None:
        """The order ends without a movement, and that is answered."""
        self._end(self.move(order, OrderState.CANNOT, text, cannot_reason=reason, detail=text), item)

    def supersede(self, order: Order, item: WorkItem, text: str) -> None:
        """The order gives way to a newer one, and that is answered."""
        moved = self.move(order, OrderState.SUPERSEDED, text, cannot_reason=CannotReason.OTHER, detail=text)
        self._end(moved, item)

    def withdraw(self, order: Order, item: WorkItem, text: str) -> None:
        """The order ends because whoever asked for it took it back, and that is answered."""
        moved = self.move(order, OrderState.WITHDRAWN, text, cannot_reason=CannotReason.OTHER, detail=text)
        self._end(moved, item)

    def done(self, order: Order, item: WorkItem, text: str, reading: ContactorReading, **facts: Any) -> None:
        """The order ends with a movement that ``reading`` proves, and that is answered."""
        self._end(self.move(order, OrderState.DONE, text, verified_at=reading.read_at, **facts), item)
        self.read.append((order, reading))

    def _end(self, order: Order, item: WorkItem) -> None:
        self.finished.append(item)
        self.answerable.append(order)

    def write(self, tx: Transaction, lease: Lease | None) -> list[WorkItem]:
        """Write everything; return the work that follows. Raises StaleWrite when an order or a lease changed."""
        tx.orders.move_all(self.moves, self.now)
        tx.points.switched_all([(o.metering_point, r.connected, r.read_at) for o, r in self.read])
        tx.work.postpone_all(self.postponed)
        tx.work.park_all(self.parked)
        tx.work.finish(self.finished)
        return self._answer(tx, self.answerable, lease)

    def _answer(self, tx: Transaction, orders: Sequence[Order], lease: Lease | None) -> list[WorkItem]:
        ranks = [order.kind.priority for order in orders]
        keys = [order.key for order in orders]
        return tx.work.add(WorkStep.ACKNOWLEDGE, keys, self.now, priority=ranks, lease=lease)
