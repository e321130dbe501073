"""Step 5: interlocks, the command to the head-end system, and the truth about the contactor.

The intent is committed before the head-end system is called. So a crash during the call leaves ``SUBMITTING``,
which the next worker reads as "outcome unknown": it asks for the contactor's state and never sends again blindly.
"""

from __future__ import annotations

import logging
import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.contactor import ContactorCommand, ContactorReading, HeadEndEvent
from csire_bridge.domain.errors import HeadEndRefused, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.execution import Conclusion, conclude
from csire_bridge.domain.interlocks import interlock
from csire_bridge.domain.orders import CannotReason, Order, OrderState
from csire_bridge.domain.retry import RetryPolicy
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.pipeline.ports import HeadEnd, Store, Transaction

__all__ = ["ExecutionLimits", "Executor", "take_event"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ExecutionLimits:
    """``response``: how long an event is waited for before the state is asked for. ``lifetime``: how long the
    head-end system may run a command. ``attempts``: commands per order. ``poll``: between two looks at the state.
    """

    response: timedelta = timedelta(seconds=120)
    lifetime: timedelta = timedelta(minutes=15)
    attempts: int = 3
    poll: timedelta = timedelta(seconds=30)
    retry: RetryPolicy = field(default_factory=lambda: RetryPolicy(attempts=100))


class Executor:
    """Moves one order one step on, each time its work falls due."""

    def __init__(
        self, store: Store, head_end: HeadEnd, clock: Clock, limits: ExecutionLimits, jitter: random.Random
    ) -> None:
        self._store = store
        self._head_end = head_end
        self._clock = clock
        self._limits = limits
        self._jitter = jitter

    def run(self, item: WorkItem, lease: Lease | None = None) -> list[WorkItem]:
        """Do what is due for the order of ``item``; return the work that follows, held under ``lease`` if given."""
        with self._store.transaction() as tx:
            order = tx.orders.get(item.subject)
            match order.state:
                case OrderState.REGISTERED:
                    prepared = self._prepare(tx, order, item, lease)
                case OrderState.SUBMITTING:
                    # Only a crash leaves this state behind: whether the command arrived is not known.
                    prepared = self._lost(tx, order, "the command was being given when work stopped")
                case OrderState.SUBMITTED | OrderState.UNKNOWN | OrderState.ARMED:
                    prepared = order
                case _:
                    tx.work.finish([item.key])
                    prepared = []
        if isinstance(prepared, list):
            return prepared
        if prepared.state is OrderState.SUBMITTING:
            return self._submit(prepared, item)
        return self._find_out(prepared, item, lease)

    # -- giving the command

    def _prepare(self, tx: Transaction, order: Order, item: WorkItem, lease: Lease | None) -> Order | list[WorkItem]:
        now = self._clock()
        if order.kind.contactor_action is None:
            why = f"orders of the kind {order.kind} are carried out by a person until their steps are set up"
            tx.orders.move(order, OrderState.PARKED, now, why, detail=why)
            tx.work.park(item.key, why)
            return []
        point = tx.points.get(order.metering_point)
        against = interlock(order, point)
        if against is not None or point is None or point.meter is None:
            reason, text = (against.reason, against.text) if against else (CannotReason.OTHER, "no meter is known")
            return self._cannot(tx, order, item, reason, text, lease)
        return tx.orders.move(
            order,
            OrderState.SUBMITTING,
            now,
            f"command {order.attempts + 1} to the meter is being given",
            meter=point.meter,
            correlation_id=str(uuid.uuid4()),
            attempts=order.attempts + 1,
            submitted_at=now,
            expires_at=now + self._limits.lifetime,
        )

    def _submit(self, order: Order, item: WorkItem) -> list[WorkItem]:
        try:
            self._head_end.submit(_command(order))
        except HeadEndUnreachable as error:
            return self._not_given(order, item, error)
        except OutcomeUnknown as error:
            with self._store.transaction() as tx:
                self._lost(tx, order, error.text)
                tx.work.postpone(item.key, self._clock() + self._limits.poll)
            return []
        except HeadEndRefused as error:
            with self._store.transaction() as tx:
                text = f"the head-end system refused the command: {error.text}"
                return self._cannot(tx, order, item, CannotReason.NOT_POSSIBLE, text, None)
        with self._store.transaction() as tx:
            now = self._clock()
            tx.orders.move(order, OrderState.SUBMITTED, now, "the head-end system accepted the command")
            # The event may have been faster than the reply.
            early = tx.head_end.latest(order.key, order.correlation_id or "")
            tx.work.postpone(item.key, now if early else now + self._limits.response)
        return []

    def _not_given(self, order: Order, item: WorkItem, error: HeadEndUnreachable) -> list[WorkItem]:
        """It is certain that nothing arrived: the same order is tried again, its attempt not counted."""
        with self._store.transaction() as tx:
            now = self._clock()
            text = f"the head-end system can't be reached: {error.text}"
            again = self._limits.retry.next_try(item.attempts + 1, now, self._jitter)
            state = OrderState.REGISTERED if again else OrderState.PARKED
            moved = tx.orders.move(order, state, now, text, attempts=order.attempts - 1, correlation_id=None)
            if again:
                tx.work.postpone(item.key, again, failed=text)
            else:
                tx.work.park(item.key, text)
                _log.error("order %s is parked: %s", moved.key, text)
        return []

    def _lost(self, tx: Transaction, order: Order, why: str) -> Order:
        return tx.orders.move(order, OrderState.UNKNOWN, self._clock(), f"outcome unknown: {why}")

    # -- finding out what became of it

    def _find_out(self, order: Order, item: WorkItem, lease: Lease | None) -> list[WorkItem]:
        if order.meter is None or order.submitted_at is None or order.expires_at is None:
            raise ValueError(f"order {order.key} is {order.state}, but was never given to a meter")
        with self._store.transaction() as tx:
            event = tx.head_end.latest(order.key, order.correlation_id or "")
        try:
            reading = self._head_end.read_contactor(order.meter)
        except (HeadEndUnreachable, OutcomeUnknown, HeadEndRefused) as error:
            return self._unread(order, item, error.text)
        conclusion = conclude(order.kind, event, reading, order.submitted_at)
        return self._apply(order, item, event, reading, conclusion, lease)

    def _unread(self, order: Order, item: WorkItem, why: str) -> list[WorkItem]:
        with self._store.transaction() as tx:
            now = self._clock()
            text = f"the contactor's state can't be read: {why}"
            if order.state is OrderState.SUBMITTED:
                tx.orders.move(order, OrderState.UNKNOWN, now, text)
            again = self._limits.retry.next_try(item.attempts + 1, now, self._jitter)
            if again:
                tx.work.postpone(item.key, again, failed=text)
            else:
                current = tx.orders.get(order.key)
                tx.orders.move(current, OrderState.PARKED, now, text, detail=text)
                tx.work.park(item.key, text)
        return []

    def _apply(
        self,
        order: Order,
        item: WorkItem,
        event: HeadEndEvent | None,
        reading: ContactorReading,
        conclusion: Conclusion,
        lease: Lease | None,
    ) -> list[WorkItem]:
        with self._store.transaction() as tx:
            now = self._clock()
            match conclusion.state:
                case OrderState.DONE:
                    facts = {"outcome": conclusion.outcome, "executed_at": conclusion.executed_at}
                    tx.orders.move(order, OrderState.DONE, now, conclusion.text, verified_at=reading.read_at, **facts)
                    tx.points.switched(order.metering_point, reading.connected, reading.read_at)
                    tx.work.finish([item.key])
                    return _acknowledge(tx, order, now, lease)
                case OrderState.ARMED:
                    if order.state is not OrderState.ARMED:
                        tx.orders.move(order, OrderState.ARMED, now, conclusion.text, outcome=conclusion.outcome)
                    tx.work.postpone(item.key, now + self._limits.response)
                case OrderState.CANNOT if order.state is not OrderState.ARMED:
                    return self._cannot(tx, order, item, CannotReason.NOT_POSSIBLE, conclusion.text, lease)
                case _:
                    self._wait_or_repeat(tx, order, item, event, conclusion, now)
        return []

    def _wait_or_repeat(
        self,
        tx: Transaction,
        order: Order,
        item: WorkItem,
        event: HeadEndEvent | None,
        found: Conclusion,
        now: datetime,
    ) -> None:
        """Not switched: while the command may still run, wait; once it has expired, it is safe to give a new one."""
        expires_at = order.expires_at or now
        if order.state is OrderState.ARMED or now <= expires_at:
            if order.state is OrderState.SUBMITTED and event is None:
                tx.orders.move(order, OrderState.UNKNOWN, now, f"no event in time; {found.text}")
            tx.work.postpone(item.key, now + self._limits.poll)
        elif order.attempts < self._limits.attempts:
            tx.orders.move(order, OrderState.REGISTERED, now, f"the command has expired without effect; {found.text}")
            tx.work.postpone(item.key, now)
        else:
            why = f"{order.attempts} commands had no effect; {found.text}"
            tx.orders.move(order, OrderState.PARKED, now, why, detail=why, outcome=found.outcome)
            tx.work.park(item.key, why)
            _log.error("order %s is parked: %s", order.key, why)

    def _cannot(
        self, tx: Transaction, order: Order, item: WorkItem, reason: CannotReason, text: str, lease: Lease | None
    ) -> list[WorkItem]:
        now = self._clock()
        tx.orders.move(order, OrderState.CANNOT, now, text, cannot_reason=reason, detail=text)
        tx.work.finish([item.key])
        return _acknowledge(tx, order, now, lease)


def _command(order: Order) -> ContactorCommand:
    action = order.kind.contactor_action
    if not (action and order.meter and order.correlation_id and order.submitted_at and order.expires_at):
        raise ValueError(f"order {order.key} was not prepared for the head-end system")
    return ContactorCommand(
        correlation_id=order.correlation_id,
        meter=order.meter,
        action=action,
        issued_at=order.submitted_at,
        not_after=order.expires_at,
        tracking_id=str(order.key),
        reason=str(order.disconnection_kind or order.reconnection_reason or order.kind),
    )


def _acknowledge(tx: Transaction, order: Order, now: datetime, lease: Lease | None) -> list[WorkItem]:
    return tx.work.add(WorkStep.ACKNOWLEDGE, [order.key], now, priority=order.kind.priority, lease=lease)


def take_event(store: Store, clock: Clock, raw: bytes, event: HeadEndEvent) -> None:
    """Store an event of the head-end system and wake the order that waits for it, in one transaction.

    An event joins an order only when both its correlation id and its meter are those of the order's latest command.
    """
    now = clock()
    with store.transaction() as tx:
        order = tx.orders.by_correlation(event.correlation_id) if event.correlation_id else None
        if order is not None and order.meter != event.meter:
            _log.error("event %s names another meter than order %s", event.code, order.key)
            order = None
        tx.head_end.add(raw, event, now, order.key if order else None)
        if order is not None:
            tx.orders.note(order.key, order.state, now, f"head-end system reports {event.kind} ({event.code})")
            tx.work.hasten(WorkStep.EXECUTE, order.key, now)
