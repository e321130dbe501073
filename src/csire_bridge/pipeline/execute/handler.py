"""Step 5: gates, the command to the head-end system, and the truth about the contactor.

The intent is committed before the head-end system is called. So a crash during the call leaves ``SUBMITTING``,
which the next worker reads as "outcome unknown": it asks for the contactor's state and never sends again blindly.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import HeadEndEvent
from csire_bridge.domain.order.order import COMMAND_IN_FLIGHT, Order, OrderState, WaitsFor
from csire_bridge.domain.order.outcome.supply import Sighting
from csire_bridge.domain.order.requests.operators_own import is_danger_cut
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.pipeline.batch_step import Committed, Completed, Prepared, Task
from csire_bridge.pipeline.execute.after_restore import Doubting, LookedAt, look_at, set_doubtful_aside, settle_doubted
from csire_bridge.pipeline.execute.circuits import HeadEndCircuits
from csire_bridge.pipeline.execute.dispatch import (
    Dispatch,
    DispatchOutcome,
    NotDispatched,
    dispatch,
    prepare,
    record_dispatch,
)
from csire_bridge.pipeline.execute.gates.clocks import Clocks
from csire_bridge.pipeline.execute.gates.gates import Gates
from csire_bridge.pipeline.execute.read_back import NotRead, ReadBack, ReadBackOutcome, read_back
from csire_bridge.pipeline.execute.record_read_back import record_read_back
from csire_bridge.pipeline.execute.resolve_point import Finder, PointAnswer, PointQuery, ask, record_point_answer
from csire_bridge.pipeline.execute.since_command import recall_forbidden
from csire_bridge.pipeline.execution_policy import ExecutionPolicy, FieldWork
from csire_bridge.pipeline.observe.sightings import Looked, note_reply_times, take_readings
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from csire_bridge.pipeline.ports.head_end import HeadEnd
from csire_bridge.pipeline.ports.store import Store, Transaction

__all__ = ["ExecutionPolicy", "Executor", "FieldWork"]

_Item = tuple[WorkItem, Order]
_About = Dispatch | ReadBack | PointQuery | Doubting
_Result = DispatchOutcome | ReadBackOutcome | PointAnswer | LookedAt


class Executor:
    """Moves orders one step on, each time their work falls due."""

    def __init__(
        self,
        store: Store,
        head_end: HeadEnd,
        clock: Clock,
        policy: ExecutionPolicy,
        jitter: random.Random,
        finder: Finder | None = None,
    ) -> None:
        """``finder`` looks up metering points that the registry does not know, if there is a system to ask."""
        self._store = store
        self._head_end = head_end
        self._clock = clock
        self._policy = policy
        self._jitter = jitter
        self._finder = finder
        self._gates = Gates(policy, jitter, Clocks.of(head_end), can_ask=finder is not None)
        self._circuit = HeadEndCircuits(policy.circuit, head_end)

    def prepare(self, items: Sequence[WorkItem], lease: Lease | None) -> Prepared[_About]:
        """Decide what each order needs; mark those whose command will be given."""
        changes = OrderChanges(self._clock())
        with self._store.transaction() as tx:
            tx.work.assert_leased(items)
            pairs = _with_orders(tx, items)
            changes.finished += [item for item, order in pairs if order.state not in _OPEN]
            open_pairs = self._reachable(tx, [pair for pair in pairs if pair[1].state in _OPEN], changes)
            new = [pair for pair in open_pairs if pair[1].state is OrderState.REGISTERED]
            new, doubtful = set_doubtful_aside(tx, new, changes.now)
            tx.points.lock([order.metering_point for _, order in new])
            ready = self._gates.passing(tx, new, changes)
            until = _half_of(lease, changes.now)
            tasks = cast("list[Task[_About]]", prepare(ready, self._policy, changes, until, self._gates.text_of))
            given = [(item, self._after_a_crash(order, changes)) for item, order in open_pairs if _was_given(order)]
            recalled = self._recall_forbidden(tx, [order for _, order in given], changes.now)
            given = [(item, recalled.get(order.key, order)) for item, order in given]
            events = _telling(tx, [order for _, order in given])
            known = tx.contactors.of([order.meter for _, order in given if order.meter is not None])
            tasks += [Task(item, self._read_back_of(order, events, known, until)) for item, order in given]
            tasks += [Task(item, PointQuery(order), needs_thread=True) for item, order in changes.unknown]
            tasks += [Task(i, PointQuery(o, refresh=True), needs_thread=True) for i, o in changes.protection_unknown]
            tasks += cast("list[Task[_About]]", doubtful)
            tasks.sort(key=lambda task: task.item.attempts > 0)  # meters that did not answer before come last
            return Prepared(tasks, changes.write(tx, lease))

    def _recall_forbidden(self, tx: Transaction, orders: Sequence[Order], now: datetime) -> dict[int, Order]:
        return recall_forbidden(tx, orders, self._policy, self._head_end.clock_shows, now)

    def _read_back_of(
        self,
        order: Order,
        events: Mapping[int, HeadEndEvent],
        known: Mapping[MeterNumber, Sighting],
        until: datetime,
    ) -> ReadBack:
        before = known.get(order.meter) if order.meter else None
        return ReadBack(order, events.get(order.key), until, self._policy.too_near(order, self._clock()), before)

    def _reachable(self, tx: Transaction, pairs: Sequence[_Item], changes: OrderChanges) -> Sequence[_Item]:
        """The orders that may call the head-end system; while the circuit is open, one at most, as a test.

        Cuts because of danger are tried in any case.
        """
        danger = [pair for pair in pairs if is_danger_cut(pair[1])]
        others = [pair for pair in pairs if not is_danger_cut(pair[1])]
        meters = self._meters_of(tx, [order for _, order in others])
        retry = self._circuit.admit(tx, meters, changes.now)
        for (item, order), back in zip(others, retry, strict=True):
            if back is None:
                continue
            until = back + timedelta(seconds=self._jitter.uniform(0, 5))
            if order.state is OrderState.REGISTERED:
                changes.wait(order, item, WaitsFor.HEAD_END, "waits: the head-end system is down", until)
            else:
                changes.reschedule(item, until)
        return [*danger, *(pair for pair, back in zip(others, retry, strict=True) if back is None)]

    def _meters_of(self, tx: Transaction, orders: Sequence[Order]) -> list[MeterNumber | None]:
        """The meter of each order; where there are several systems, of a new one the meter at its point."""
        if len(self._head_end.systems()) == 1:
            return [order.meter for order in orders]
        new = [order.metering_point for order in orders if order.meter is None]
        at = {code: point.meter for code, point in tx.points.of(new, self._clock()).items()}
        return [order.meter or at.get(order.metering_point) for order in orders]

    def _after_a_crash(self, order: Order, changes: OrderChanges) -> Order:
        """Set SUBMITTING to UNKNOWN: only a crash leaves it behind, and nobody knows whether the command arrived."""
        if order.state is not OrderState.SUBMITTING:
            return order
        why = "outcome unknown: the command was being given when work stopped"
        return changes.move(order, OrderState.UNKNOWN, why)

    def perform(self, task: Task[_About]) -> _Result:
        """Send the command, or read the contactor, or look up the metering point."""
        if isinstance(task.about, PointQuery):
            return ask(self._finder, task.about) if self._finder else None
        if isinstance(task.about, Doubting):
            return look_at(self._head_end, task.about, self._clock)
        if isinstance(task.about, Dispatch):
            if self._circuit.found(task.about.order.meter) and not is_danger_cut(task.about.order):
                return NotDispatched()
            begun = self._circuit.begins(task.about.order.meter)
            given = dispatch(self._head_end, task.about, self._clock())
            if not isinstance(given, NotDispatched):
                self._circuit.record(given, task.about.order.meter, begun, self._clock())
            return given
        now = self._clock()
        found_down = self._circuit.found(task.about.order.meter) and not is_danger_cut(task.about.order)
        if found_down or now > task.about.until:
            return ReadBackOutcome(NotRead(), now, now)
        begun = self._circuit.begins(task.about.order.meter)
        outcome = read_back(self._head_end, task.about, self._policy, self._clock)
        self._circuit.record(outcome.result, task.about.order.meter, begun, self._clock())
        return outcome

    def commit(self, done: Sequence[Completed[_About, _Result]], lease: Lease | None) -> Committed:
        """Record the result; an order is done only if the contactor confirms it."""
        given = [
            cast("Completed[Dispatch, DispatchOutcome]", piece) for piece in done if isinstance(piece.about, Dispatch)
        ]
        read = [
            cast("Completed[ReadBack, ReadBackOutcome]", piece) for piece in done if isinstance(piece.about, ReadBack)
        ]
        asked = [
            cast("Completed[PointQuery, PointAnswer]", piece) for piece in done if isinstance(piece.about, PointQuery)
        ]
        doubted = [cast("Completed[Doubting, LookedAt]", piece) for piece in done if isinstance(piece.about, Doubting)]
        changes = OrderChanges(self._clock())
        with self._store.transaction() as tx:
            tx.work.assert_leased([piece.item for piece in done])
            self._circuit.settle(tx, changes.now)
            early = _telling(tx, [piece.about.order for piece in given])
            goes_on = record_dispatch(given, early, self._policy, changes, self._jitter)
            record_read_back(read, self._policy, changes, self._jitter)
            record_point_answer(asked, changes, self._jitter)
            settle_doubted(doubted, changes)
            if lease is None:
                for item in goes_on:
                    changes.reschedule(item, changes.now)
            following = changes.write(tx, lease)
            sent = [piece.about.order for piece in given if not isinstance(piece.result, NotDispatched)]
            self._recall_forbidden(tx, sent, changes.now)  # heard while they were sent
            take_readings(tx, _looks(read, changes), changes.now)
            if read:
                note_reply_times(tx, self._head_end, changes.now)
            _look_at_recalled(tx, [piece.about.order for piece in done], changes.now)
        self._circuit.mark_committed()
        return Committed([*goes_on, *following] if lease else ())


_OPEN = COMMAND_IN_FLIGHT | {OrderState.REGISTERED}


def _was_given(order: Order) -> bool:
    return order.state in COMMAND_IN_FLIGHT


def _with_orders(tx: Transaction, items: Sequence[WorkItem]) -> list[_Item]:
    orders = tx.orders.get_many([item.subject for item in items])
    return [(item, orders[item.subject]) for item in items]


def _telling(tx: Transaction, orders: Sequence[Order]) -> dict[int, HeadEndEvent]:
    """The event that tells most about each order's latest command, where there is one."""
    return tx.head_end.latest_of([(order.key, order.correlation_id) for order in orders if order.correlation_id])


def _looks(read: Sequence[Completed[ReadBack, ReadBackOutcome]], changes: OrderChanges) -> list[Looked]:
    """The read-backs as observations of contactors, with the orders as they stand now."""
    after = {moved.key: moved for _, moved, _ in changes.moves}
    return [
        Looked(after.get(piece.about.order.key, piece.about.order), piece.about.before, piece.result.result)
        for piece in read
    ]


def _look_at_recalled(tx: Transaction, orders: Sequence[Order], now: datetime) -> None:
    """Make orders due at once that were recalled while they were worked on."""
    keys = tx.orders.recalled([order.key for order in orders if order.recalled_at is None])
    tx.work.wake(WorkStep.EXECUTE, list(keys), now)


def _half_of(lease: Lease | None, now: datetime) -> datetime:
    """The middle of the lease: commands are sent before it, so that their results are written before the lease ends."""
    return now + (lease.until - now) / 2 if lease else datetime.max.replace(tzinfo=now.tzinfo)
