"""Step 5 for orders of several steps: agreements that start or end, and changes of the tariff.

What is done stands in the steps' rows, so work that stopped goes on where it was. Reading, and writing a calendar, may
be repeated without harm. A movement of the contactor is an order of its own, and passes every gate.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import HeadEndRefused, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.order_steps import OrderStep, StepKind, StepRules, StepState, first_open, plan_steps
from csire_bridge.domain.orders import FINAL_STATES, Order, OrderKind, OrderState
from csire_bridge.domain.work import Lease, WorkItem, WorkStep
from csire_bridge.pipeline.changes import Changes
from csire_bridge.pipeline.children import child_of, settled_by, why_not
from csire_bridge.pipeline.limits import ExecutionLimits
from csire_bridge.pipeline.ports import HeadEnd, Store, Transaction
from csire_bridge.pipeline.rule_gate import RuleGate
from csire_bridge.pipeline.step_actions import ChildNeeded, Performed, Performing, perform
from csire_bridge.pipeline.steps import Begun, Done, Task

__all__ = ["Performer"]

_log = logging.getLogger(__name__)
Result = Performed | ChildNeeded | HeadEndUnreachable | OutcomeUnknown | HeadEndRefused


class Performer:
    """Takes orders of several steps from step to step, each time their work falls due."""

    def __init__(
        self,
        store: Store,
        head_end: HeadEnd,
        clock: Clock,
        limits: ExecutionLimits,
        rules: StepRules,
        jitter: random.Random,
    ) -> None:
        self._store = store
        self._head_end = head_end
        self._clock = clock
        self._limits = limits
        self._rules = rules
        self._jitter = jitter
        self._gate = RuleGate(limits.deadlines)

    def begin(self, items: Sequence[WorkItem], lease: Lease | None) -> Begun[Performing]:
        """Find the step that each order is at; what needs no head-end system is done here."""
        changes = Changes(self._clock())
        with self._store.transaction() as tx:
            tx.work.hold(items)
            orders = tx.orders.many([item.subject for item in items])
            pairs = [(item, orders[item.subject]) for item in items]
            changes.finished += [item for item, order in pairs if order.state not in _OPEN]
            tasks = [
                task for item, order in self._open(tx, pairs, changes) for task in self._next(tx, item, order, changes)
            ]
            return Begun(tasks, changes.write(tx, lease))

    def _open(
        self, tx: Transaction, pairs: Sequence[tuple[WorkItem, Order]], changes: Changes
    ) -> list[tuple[WorkItem, Order]]:
        """Orders in steps, and registered ones whose time has come; those get their steps."""
        new = [pair for pair in pairs if pair[1].state is OrderState.REGISTERED]
        begun = [self._begun(tx, item, order, changes) for item, order in new]
        return [*(pair for pair in begun if pair), *(pair for pair in pairs if pair[1].state is OrderState.IN_STEPS)]

    def _begun(self, tx: Transaction, item: WorkItem, order: Order, changes: Changes) -> tuple[WorkItem, Order] | None:
        ahead = order.not_before - self._rules.write_ahead
        if ahead > changes.now and order.recalled_at is None:
            changes.postpone(item, ahead)
            return None
        if tx.steps.of([order.key]).get(order.key):
            return item, changes.move(order, OrderState.IN_STEPS, "goes on where it was", waits_for=None)
        steps = tx.steps.add(plan_steps(order, self._rules))
        if not steps:
            changes.park(order, item, "nothing of it can be done remotely: a person must carry it out")
            return None
        names = ", ".join(step.kind for step in steps)
        return item, changes.move(order, OrderState.IN_STEPS, f"steps: {names}", waits_for=None)

    def _next(self, tx: Transaction, item: WorkItem, order: Order, changes: Changes) -> list[Task[Performing]]:
        """Go over steps that need no call; return the one that does."""
        steps = tx.steps.of([order.key])[order.key]
        if order.recalled_at is not None:
            self._recalled(tx, item, order, steps, changes)
            return []
        while (step := first_open(steps)) is not None:
            if step.not_before > changes.now:
                changes.postpone(item, step.not_before)
                return []
            if not self._lets_go(tx, item, order, step, changes):
                return []
            ended = self._without_a_call(tx, item, order, step, changes)
            if ended is None:
                return []
            if ended is step:
                return self._task(tx, item, order, step, changes)
            steps = [ended if one.key == step.key else one for one in steps]
        changes.performed(order, item, _summary(steps))
        return []

    def _lets_go(self, tx: Transaction, item: WorkItem, order: Order, step: OrderStep, changes: Changes) -> bool:
        """Whether the operator's rules let the step begin now; a calendar may always be written ahead of its date."""
        begun = step.child is not None or step.kind is StepKind.TARIFF
        return begun or bool(self._gate.passing(tx, [(item, order)], changes))

    def _without_a_call(
        self, tx: Transaction, item: WorkItem, order: Order, step: OrderStep, changes: Changes
    ) -> OrderStep | None:
        """The step once it has ended; the same step when it needs a call; None when the order waits or was parked."""
        if step.child is not None:
            child = tx.orders.get(step.child)
            if child.state not in FINAL_STATES:
                changes.postpone(item, changes.now + self._limits.recheck)
                return None
            ended = settled_by(step, child, changes.now)
            changes.steps.append(ended)
            if ended.state is StepState.FAILED:
                changes.park(order, item, f"step {step.kind}: {ended.text}")
                return None
            return ended
        reason = why_not(tx, order, changes.now) if step.kind is StepKind.DISCONNECT else None
        if reason is not None:
            ended = _ended(step, StepState.SKIPPED, reason, changes.now)
            changes.steps.append(ended)
            return ended
        if step.kind is StepKind.DISCONNECT:
            self._give_birth(tx, item, order, step, OrderKind.DISCONNECT, changes)
            return None
        return step

    def _task(
        self, tx: Transaction, item: WorkItem, order: Order, step: OrderStep, changes: Changes
    ) -> list[Task[Performing]]:
        point = tx.points.of([order.metering_point], changes.now).get(order.metering_point)
        if point is None or point.meter is None:
            changes.park(order, item, "no meter is known at the metering point")
            return []
        return [Task(item, Performing(order, step, point.meter))]

    def _give_birth(
        self, tx: Transaction, item: WorkItem, order: Order, step: OrderStep, kind: OrderKind, changes: Changes
    ) -> None:
        """The contactor's movement becomes an order of its own; this one waits until it has ended."""
        child = child_of(order, kind, changes.now)
        (key,) = tx.orders.add([child], changes.now)
        tx.work.add(WorkStep.EXECUTE, [key], changes.now, priority=child.priority)
        changes.steps.append(replace(step, state=StepState.UNDER_WAY, child=key))
        changes.postpone(item, changes.now + self._limits.recheck)

    def _recalled(
        self, tx: Transaction, item: WorkItem, order: Order, steps: Sequence[OrderStep], changes: Changes
    ) -> None:
        """The hub ended the process: a movement under way is recalled, and what was done is told."""
        step = first_open(steps)
        child = tx.orders.get(step.child) if step and step.child is not None else None
        if child is not None and child.state not in FINAL_STATES:
            tx.orders.recall(child.key, changes.now)
            tx.work.hasten(WorkStep.EXECUTE, [child.key], changes.now)
            changes.postpone(item, changes.now + self._limits.recheck)
        else:
            changes.withdraw(order, item, f"taken back by whoever asked for it; {_summary(steps)}")

    def do(self, task: Task[Performing]) -> Result:
        """Read or write at the meter."""
        try:
            return perform(self._head_end, task.about)
        except (HeadEndUnreachable, OutcomeUnknown, HeadEndRefused) as error:
            return error

    def settle(self, done: Sequence[Done[Performing, Result]], lease: Lease | None) -> list[WorkItem]:
        """Write down what came of it; return the work of orders that go on at once."""
        changes = Changes(self._clock())
        goes_on: list[WorkItem] = []
        with self._store.transaction() as tx:
            tx.work.hold([piece.item for piece in done])
            for piece in done:
                if self._settled(tx, piece, changes):
                    goes_on.append(piece.item)
            if lease is None:
                for item in goes_on:
                    changes.postpone(item, changes.now)
            following = changes.write(tx, lease)
        return [*goes_on, *following] if lease else []

    def _settled(self, tx: Transaction, piece: Done[Performing, Result], changes: Changes) -> bool:
        """Whether the order goes on with its next step at once."""
        order, step, item = piece.about.order, piece.about.step, piece.item
        match piece.result:
            case Performed() as result:
                tx.steps.keep(order.key, result.readings)
                if step.kind is StepKind.ACTIVATE:
                    _remember_tariff(tx, order, changes.now)
                changes.steps.append(_ended(step, result.state, result.text, changes.now))
                tx.orders.note(order.key, order.state, changes.now, f"step {step.kind}: {result.text}")
                return True
            case ChildNeeded(kind):
                self._give_birth(tx, item, order, step, kind, changes)
            case HeadEndRefused() as error:
                changes.park(order, item, f"step {step.kind}: the head-end system refused: {error.text}")
            case error:
                self._again(order, step, item, error.text, changes)
        return False

    def _again(self, order: Order, step: OrderStep, item: WorkItem, why: str, changes: Changes) -> None:
        again = self._limits.retry.next_try(item.attempts + 1, changes.now, self._jitter)
        if again is None:
            changes.park(order, item, f"step {step.kind}: given up after {item.attempts + 1} tries: {why}")
        else:
            changes.postpone(item, again, f"step {step.kind}: {why}")


_OPEN = frozenset({OrderState.REGISTERED, OrderState.IN_STEPS})


def _remember_tariff(tx: Transaction, order: Order, now: datetime) -> None:
    """What the meter counts by is what holds at the point; so a notice that repeats it changes nothing."""
    point = tx.points.of([order.metering_point], now).get(order.metering_point)
    if point is not None:
        tx.points.put(replace(point, tariff_group=order.tariff_group, updated_at=now))


def _ended(step: OrderStep, state: StepState, text: str, now: datetime) -> OrderStep:
    return replace(step, state=state, text=text, ended_at=now)


def _summary(steps: Sequence[OrderStep]) -> str:
    return "; ".join(f"{step.kind}: {step.state}" for step in steps)
