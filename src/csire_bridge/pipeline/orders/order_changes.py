"""What a batch changes about its orders, gathered so that each table is written once, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.meter.contactor import ContactorReading
from csire_bridge.domain.order.order import Order, OrderState, RejectionReason, WaitsFor
from csire_bridge.domain.order.requests.operators_own import is_danger_cut
from csire_bridge.domain.order.steps import OrderStep
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.pipeline.counting import count_moves
from csire_bridge.pipeline.execution_policy import FieldWork
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["OrderChanges"]

_STEPS = "the last of its steps"


@dataclass
class OrderChanges:
    """Changes of state of orders, and what becomes of their work, at ``now`` (UTC)."""

    now: datetime
    moves: list[tuple[Order, Order, str]] = field(default_factory=list)
    finished: list[WorkItem] = field(default_factory=list)
    postponed: list[tuple[WorkItem, datetime, str | None]] = field(default_factory=list)
    waiting: list[tuple[Order, WaitsFor, str]] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    readings: list[tuple[Order, ContactorReading]] = field(default_factory=list)
    answerable: list[Order] = field(default_factory=list)
    released: list[Order] = field(default_factory=list)
    unknown: list[tuple[WorkItem, Order]] = field(default_factory=list)
    protection_unknown: list[tuple[WorkItem, Order]] = field(default_factory=list)
    protection_asked: list[MeteringPointCode] = field(default_factory=list)
    notes: list[tuple[Order, str]] = field(default_factory=list)
    steps: list[OrderStep] = field(default_factory=list)
    learnt: dict[int, dict[str, Any]] = field(default_factory=dict)

    def move(self, order: Order, state: OrderState, text: str, **facts: Any) -> Order:
        """Change the state of ``order``; return the new order. The transition is checked when it is written."""
        facts = self.learnt.pop(order.key, {}) | facts
        after = replace(order, state=state, version=order.version + 1, **facts)
        self.moves.append((order, after, text))
        return after

    def learn(self, order: Order, **facts: Any) -> None:
        """Have facts about ``order`` written with its next change of state, or else by themselves."""
        self.learnt.setdefault(order.key, {}).update(facts)

    def reschedule(self, item: WorkItem, due_at: datetime, failed: str | None = None) -> None:
        """Give a piece back until ``due_at``; ``failed`` counts an attempt and says why."""
        self.postponed.append((item, due_at, failed))

    def wait(self, order: Order, item: WorkItem, reason: WaitsFor, text: str, until: datetime) -> None:
        """Leave a registered order as it is until ``until`` (UTC); adds a history line
        only when the reason changes."""
        if order.waits_for is not reason:
            self.waiting.append((order, reason, text))
        self.reschedule(item, until)

    def ask_protection(self, order: Order, item: WorkItem, text: str) -> None:
        """Have SID asked, after this transaction, whether the household at the order's point is protected."""
        if order.waits_for is not WaitsFor.LAW:
            self.waiting.append((order, WaitsFor.LAW, text))
        self.protection_unknown.append((item, order))

    def park(self, order: Order, item: WorkItem, why: str, **facts: Any) -> None:
        """Park an order: it waits for a decision of a person in the office."""
        self._set_aside(self.move(order, OrderState.PARKED, why, detail=why, **facts), item)

    def field_work(self, order: Order, item: WorkItem, why: str, **facts: Any) -> None:
        """Leave an order to a field crew, because the remote command has failed for good."""
        self._set_aside(self.move(order, OrderState.FIELD_WORK, why, detail=why, **facts), item)

    def give_up(
        self,
        order: Order,
        item: WorkItem,
        why: str,
        field_work: FieldWork,
        *,
        for_good: bool = False,
        unmoved: bool = False,
    ) -> None:
        """The remote command has failed, ``for_good`` or after all attempts: field work, the end, or parked.

        The order ends as "cannot" only if the contactor is known to be ``unmoved``; else it is parked for a person.
        """
        danger = is_danger_cut(order)  # somebody must cut the supply, whatever the settings say
        if danger or field_work is FieldWork.ALWAYS or (field_work is FieldWork.EXHAUSTED and not for_good):
            self.field_work(order, item, why)
        elif unmoved:
            self.cannot(order, item, RejectionReason.NOT_POSSIBLE, why)
        else:
            self.park(order, item, why)

    def cannot(self, order: Order, item: WorkItem, reason: RejectionReason, text: str) -> None:
        """The order ends as "cannot", and is answered."""
        self._end(self.move(order, OrderState.REJECTED, text, cannot_reason=reason, detail=text), item)

    def supersede(self, order: Order, item: WorkItem, text: str) -> None:
        """The order is superseded by a newer one, and is answered."""
        moved = self.move(order, OrderState.SUPERSEDED, text, cannot_reason=RejectionReason.OTHER, detail=text)
        self._end(moved, item)

    def withdraw(self, order: Order, item: WorkItem, text: str) -> None:
        """The order ends because whoever asked for it withdrew it, and is answered."""
        moved = self.move(order, OrderState.WITHDRAWN, text, cannot_reason=RejectionReason.OTHER, detail=text)
        self._end(moved, item)

    def performed(self, order: Order, item: WorkItem, text: str) -> None:
        """An order of several steps ends, all of them done."""
        facts = {"executed_at": self.now, "executed_from": _STEPS, "verified_at": self.now, "detail": text}
        self._end(self.move(order, OrderState.DONE, text, **facts), item)

    def done(self, order: Order, item: WorkItem, text: str, reading: ContactorReading, **facts: Any) -> None:
        """The order ends with a movement that ``reading`` proves, and that is answered."""
        self._end(self.move(order, OrderState.DONE, text, verified_at=reading.read_at, **facts), item)
        self.readings.append((order, reading))

    def _end(self, order: Order, item: WorkItem) -> None:
        self._set_aside(order, item)
        self.answerable.append(order)

    def _set_aside(self, order: Order, item: WorkItem) -> None:
        self.finished.append(item)
        self.released.append(order)

    def write(self, tx: Transaction, lease: Lease | None) -> list[WorkItem]:
        """Write everything; return the work that follows. Raises StaleWrite when an order or a lease changed."""
        tx.orders.note_all([(order.key, order.state, text) for order, text in self.notes], self.now)
        tx.orders.move_all(self.moves, self.now)
        tx.after_commit(partial(count_moves, [after for _, after, _ in self.moves], self.now))
        for key, facts in self.learnt.items():
            tx.orders.learn(key, facts)
        tx.orders.wait(self.waiting, self.now)
        tx.orders.cancelled(self.cancelled, self.now)
        tx.points.switched_all([(o.metering_point, r.connected, r.read_at) for o, r in self.readings], self.now)
        tx.points.note_protection_asked(self.protection_asked, self.now)
        tx.steps.put(self.steps)
        tx.work.reschedule_all(self.postponed)
        tx.work.finish(self.finished)
        self._wake_neighbours(tx)
        return self._answer(tx, self.answerable, lease)

    def _wake_neighbours(self, tx: Transaction) -> None:
        """Wake orders that waited for an order that is no longer open, and its parent."""
        if self.released:
            waiting = tx.neighbours.waiting_at([order.metering_point for order in self.released])
            tx.work.wake(WorkStep.EXECUTE, waiting, self.now)
            parents = [order.parent for order in self.released if order.parent is not None]
            tx.work.wake(WorkStep.PERFORM, parents, self.now)

    def _answer(self, tx: Transaction, orders: Sequence[Order], lease: Lease | None) -> list[WorkItem]:
        ranks = [order.priority for order in orders]
        keys = [order.key for order in orders]
        return tx.work.add(WorkStep.ACKNOWLEDGE, keys, self.now, priority=ranks, lease=lease)
