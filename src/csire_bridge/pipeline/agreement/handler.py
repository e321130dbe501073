"""Step 5 for orders of several steps: agreements that start or end, and changes of the tariff.

Progress is stored in the steps' rows, so work that stopped continues where it was. Reading a meter and writing a
calendar may be repeated without harm. A movement of the contactor is a child order, which passes every gate.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import HeadEndRefused, HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.operations.restores import IN_DOUBT
from csire_bridge.domain.order.order import FINAL_STATES, NEEDS_OPERATOR, Order, OrderKind, OrderState
from csire_bridge.domain.order.steps import (
    OrderStep,
    StepKind,
    StepRules,
    StepState,
    first_open,
    plan_steps,
    tried_again,
)
from csire_bridge.domain.work import Lease, WorkItem
from csire_bridge.pipeline.agreement.actions import StepTask, perform, undo
from csire_bridge.pipeline.agreement.compensate import compensate, summary
from csire_bridge.pipeline.agreement.results import LookedUp, Result, settle_step
from csire_bridge.pipeline.batch_step import Committed, Completed, Prepared, Task
from csire_bridge.pipeline.execute.after_restore import set_doubtful_aside
from csire_bridge.pipeline.execute.circuits import HeadEndCircuits
from csire_bridge.pipeline.execute.gates.meter_gate import doubts_of
from csire_bridge.pipeline.execute.gates.rule_gate import RuleGate
from csire_bridge.pipeline.execution_policy import ExecutionPolicy
from csire_bridge.pipeline.orders.child_orders import reason_to_stay_supplied, spawn_child, step_after_child
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from csire_bridge.pipeline.ports.head_end import HeadEnd
from csire_bridge.pipeline.ports.store import Store, Transaction

__all__ = ["AgreementHandler"]

_OPEN = frozenset({OrderState.REGISTERED, OrderState.IN_STEPS})


class AgreementHandler:
    """Moves orders of several steps forward whenever their work falls due. Used by one worker thread only."""

    def __init__(
        self,
        store: Store,
        head_end: HeadEnd,
        look_up: Callable[[MeteringPointCode], MeteringPoint | None],
        clock: Clock,
        policy: ExecutionPolicy,
        rules: StepRules,
        jitter: random.Random,
    ) -> None:
        """``look_up`` finds a metering point whose meter we don't know, in the registry or at SID."""
        self._store = store
        self._head_end = head_end
        self._look_up = look_up
        self._clock = clock
        self._policy = policy
        self._rules = rules
        self._jitter = jitter
        self._gate = RuleGate(policy)
        self._circuit = HeadEndCircuits(policy.circuit, head_end)

    def prepare(self, items: Sequence[WorkItem], lease: Lease | None) -> Prepared[StepTask]:
        """Find the step that each order is at; what needs no head-end system is done here."""
        changes = OrderChanges(self._clock())
        with self._store.transaction() as tx:
            tx.work.assert_leased(items)
            orders = tx.orders.get_for_update([item.subject for item in items])
            pairs = [(item, orders[item.subject]) for item in items]
            changes.finished += [item for item, order in pairs if order.state not in _OPEN]
            may, doubtful = set_doubtful_aside(tx, [pair for pair in pairs if pair[1].state in _OPEN], changes.now)
            for task in doubtful:
                changes.park(task.about.order, task.item, IN_DOUBT)
            begun = [_OrderInSteps(tx, item, order, changes, self) for item, order in may]
            tasks = [task for at in begun for task in at.tasks()]
            tasks = self._reachable(tx, tasks, changes)
            return Prepared(tasks, changes.write(tx, lease))

    def _reachable(self, tx: Transaction, tasks: list[Task[StepTask]], changes: OrderChanges) -> list[Task[StepTask]]:
        retry = self._circuit.admit(tx, [task.about.meter for task in tasks], changes.now)
        for task, back in zip(tasks, retry, strict=True):
            if back is not None:
                changes.reschedule(task.item, back)
        return [task for task, back in zip(tasks, retry, strict=True) if back is None]

    def perform(self, task: Task[StepTask]) -> Result:
        """Read or write at the meter."""
        about = task.about
        if about.meter is None:
            point = self._look_up(about.order.metering_point)
            return LookedUp(point is not None and point.meter is not None)
        if self._circuit.found(about.meter):
            return None
        begun = self._circuit.begins(about.meter)
        try:
            if about.undo:
                result: Result = undo(self._head_end, about.order, about.meter, self._clock)
            else:
                result = perform(self._head_end, about.order, about.step, about.meter, self._clock)
        except (HeadEndUnreachable, OutcomeUnknown, HeadEndRefused) as error:
            result = error
        self._circuit.record(result, about.meter, begun, self._clock())
        return result

    def commit(self, done: Sequence[Completed[StepTask, Result]], lease: Lease | None) -> Committed:
        """Record the results; return the work of orders that continue at once.

        An order that was changed meanwhile starts its step again: what was done at the meter may be out of date.
        """
        changes = OrderChanges(self._clock())
        with self._store.transaction() as tx:
            tx.work.assert_leased([piece.item for piece in done])
            known = tx.orders.get_for_update([piece.about.order.key for piece in done])
            self._circuit.settle(tx, changes.now)
            goes_on = [piece.item for piece in done if self._settled(tx, piece, known, changes)]
            if lease is None:
                for item in goes_on:
                    changes.reschedule(item, changes.now)
            following = changes.write(tx, lease)
        self._circuit.mark_committed()
        return Committed([*goes_on, *following] if lease else ())

    def _settled(
        self, tx: Transaction, piece: Completed[StepTask, Result], known: dict[int, Order], changes: OrderChanges
    ) -> bool:
        if known[piece.about.order.key].version != piece.about.order.version:
            return True
        return settle_step(tx, piece, self._policy, changes, self._jitter)


class _OrderInSteps:
    """One order within the transaction that begins its work."""

    def __init__(
        self, tx: Transaction, item: WorkItem, order: Order, changes: OrderChanges, performer: AgreementHandler
    ) -> None:
        self._tx, self._item, self._order, self._changes = tx, item, order, changes
        self._policy, self._rules, self._gate = performer._policy, performer._rules, performer._gate

    @property
    def _now(self) -> datetime:
        return self._changes.now

    def tasks(self) -> list[Task[StepTask]]:
        """The call that the order needs now, if any."""
        if self._order.state is OrderState.REGISTERED and not self._begun():
            return []
        steps = self._tx.steps.of([self._order.key]).get(self._order.key, [])
        if self._order.recalled_at is not None:
            return compensate(self._tx, self._item, self._order, steps, self._changes, self._policy)
        return self._next(steps)

    def _begun(self) -> bool:
        """A registered order that is due gets its steps; one that was retried continues where it was."""
        order, changes = self._order, self._changes
        known = self._tx.steps.of([order.key]).get(order.key, [])
        if known:
            if order.recalled_at is None:
                self._tx.steps.put(tried_again(known))
            self._order = changes.move(order, OrderState.IN_STEPS, "goes on where it was", waits_for=None)
            return True
        ahead = order.not_before - self._rules.write_ahead
        if order.recalled_at is not None:
            changes.withdraw(order, self._item, "taken back before anything of it was begun")
            return False
        if ahead > self._now:
            changes.reschedule(self._item, ahead)
            return False
        steps = self._tx.steps.add(plan_steps(order, self._rules))
        if not steps:
            changes.park(order, self._item, "no step is set up for it: a person must carry it out")
            return False
        names = ", ".join(step.kind for step in steps)
        self._order = changes.move(order, OrderState.IN_STEPS, f"steps: {names}", waits_for=None)
        return True

    def _next(self, steps: Sequence[OrderStep]) -> list[Task[StepTask]]:
        """Go over steps that need no call; return the one that does."""
        while (step := first_open(steps)) is not None:
            if step.child is None and not self._may_begin(step):
                return []
            after = self._child_ended(step) if step.child is not None else self._without_a_call(step, steps)
            if after is None:
                return []
            if after is step:
                return self._task(step)
            self._tx.steps.put([after])
            if after.state is StepState.FAILED:
                self._park(f"step {step.kind}: {after.text}; {summary(steps)}")
                return []
            steps = [after if one.key == step.key else one for one in steps]
        self._changes.performed(self._order, self._item, summary(steps))
        return []

    def _may_begin(self, step: OrderStep) -> bool:
        """Whether its time has come, and the operator's rules let it begin; a calendar may always be written ahead."""
        if step.not_before > self._now:
            self._changes.reschedule(self._item, step.not_before)
            return False
        if step.kind is StepKind.TARIFF:
            return True
        return bool(self._gate.passing(self._tx, [(self._item, self._order)], self._changes))

    def _child_ended(self, step: OrderStep) -> OrderStep | None:
        """The step once its movement has ended; None while the order waits for it."""
        child = self._tx.orders.get(step.child or 0)
        if child.state not in FINAL_STATES:
            often = 10 if child.state in NEEDS_OPERATOR else 1
            self._changes.reschedule(self._item, self._now + self._policy.recheck_interval * often)
            return None
        after = step_after_child(step, child, self._now)
        if isinstance(after, OrderKind):
            spawn_child(self._tx, self._item, self._order, step, after, self._changes, self._policy)
            return None
        return after

    def _without_a_call(self, step: OrderStep, steps: Sequence[OrderStep]) -> OrderStep | None:
        """The step once it has ended; the same step when it needs a call; None when the order waits or was parked."""
        if step.kind is StepKind.DISCONNECT:
            reason = reason_to_stay_supplied(self._tx, self._order, self._now)
            if reason:
                return self._skipped(step, reason)
            self._move(step, OrderKind.DISCONNECT)
            return None
        if step.kind is StepKind.POWER:
            power = f"{self._order.contracted_power:f} kW of contracted power"
            self._park(f"{power}: no command sets it, a person must see to it; {summary(steps)}")
            return None
        if step.kind is StepKind.CONNECT:
            point = self._point()
            if point is not None and point.has_contactor is False:
                return self._skipped(step, "the meter has no contactor")
            if self._tx.neighbours.ends_under_way(self._order.metering_point):
                self._move(step, OrderKind.RECONNECT)  # the supply may be on still, and off in a moment
                return None
        return step

    def _skipped(self, step: OrderStep, reason: str) -> OrderStep:
        self._tx.orders.note(self._order.key, self._order.state, self._now, f"step {step.kind} is skipped: {reason}")
        return replace(step, state=StepState.SKIPPED, text=reason, ended_at=self._now)

    def _move(self, step: OrderStep, kind: OrderKind) -> None:
        spawn_child(self._tx, self._item, self._order, step, kind, self._changes, self._policy)

    def _park(self, why: str) -> None:
        self._changes.park(self._order, self._item, why)

    def _task(self, step: OrderStep) -> list[Task[StepTask]]:
        """The intent is written first where something is written into the meter: only then it can be taken back."""
        if self._doubtful(step):
            return []
        if step.kind is StepKind.TARIFF and step.state is StepState.WAITING:
            step = replace(step, state=StepState.UNDER_WAY)
            self._tx.steps.put([step])
        return [StepTask.task(self._item, self._order, step, self._point())]

    def _doubtful(self, step: OrderStep) -> bool:
        """Whether the meter may be another household's; then a person finds out where it is."""
        doubt = doubts_of(self._tx, self._order, self._now)
        if doubt is not None:
            self._park(f"step {step.kind}: {doubt}")
        return doubt is not None

    def _point(self) -> MeteringPoint | None:
        code = self._order.metering_point
        return self._tx.points.of([code], self._now).get(code)
