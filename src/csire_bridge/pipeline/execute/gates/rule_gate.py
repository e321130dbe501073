"""Gate: the operator's own rules (send now, wait for a permitted hour, or give up), and the order's deadline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.order.order import Order, OrderKind, RejectionReason, WaitsFor
from csire_bridge.domain.order.requests.operators_own import is_operators_own
from csire_bridge.domain.order.requests.sources import source_of
from csire_bridge.domain.rules.decide import Decision, GiveUp, Never, Rules, SendNow, Wait, decide
from csire_bridge.domain.rules.model import RuleSet, Then
from csire_bridge.domain.rules.timeline import Timeline
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.execute.gates.round import LONGEST_WAIT, Pair
from csire_bridge.pipeline.execute.gates.rule_cache import RuleBook
from csire_bridge.pipeline.execution_policy import ExecutionPolicy, FieldWork
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["RuleGate"]

_NEAR = "too near the deadline"


class RuleGate:
    """Applies the configurator's rules to registered orders. For one worker thread.

    Orders of the operator's own, because of danger and after it, have a person's name: no rule concerns them.
    """

    def __init__(self, policy: ExecutionPolicy) -> None:
        self._policy = policy
        self._book = RuleBook()
        self._rules = Rules(RuleSet())

    def passing(self, tx: Transaction, pairs: Sequence[Pair], changes: OrderChanges) -> list[Pair]:
        """Return the orders that may be sent now; the others are moved in ``changes``."""
        if not pairs:
            return []
        timeline = self._book.timeline(tx.rule_sets)
        self._rules = timeline.at(changes.now)
        return [pair for pair in pairs if self._passes(*pair, timeline, changes)]

    def text_of(self, order: Order) -> str | None:
        """The text to send with the order's command by the rules of this batch; None if they define none."""
        if is_operators_own(order):
            return None
        text = self._rules.rule_for(order, source_of(order)).text
        return text.render(order) if text else None

    def _passes(self, item: WorkItem, order: Order, timeline: Timeline, changes: OrderChanges) -> bool:
        if is_operators_own(order):
            return True
        decision = decide(order, self._rules, changes.now, source_of(order))
        match decision:
            case SendNow():
                return not self._late(item, order, decision, changes.now, changes)
            case Wait(until, reason):
                if not self._late(item, order, decision, until, changes):
                    change = timeline.next_change(changes.now)
                    look = min(until, change or until, changes.now + LONGEST_WAIT)
                    at = f"{until.astimezone(WARSAW):%Y-%m-%d %H:%M}"
                    text = f"waits until {at} Polish time: {reason} ({self._which(order)})"
                    changes.wait(order, item, WaitsFor.RULES, text, look)
            case GiveUp(then, _, reason) | Never(then, reason):
                _give_up(item, order, then, f"by the operator's rules: {reason} ({self._which(order)})", changes)
        return False

    def _which(self, order: Order) -> str:
        """The rule that decides about the order, with its version."""
        scope = self._rules.rule_for(order, source_of(order)).scope
        return f"rule for {scope}; {self._rules.name}"

    def _late(self, item: WorkItem, order: Order, decision: Decision, at: datetime, changes: OrderChanges) -> bool:
        """Close to the deadline an order becomes field work; one that was never tried is tried once, if permitted now.

        Field crews must not do what a pause forbids: a disconnection that waits too long is left to a person; so is
        every order where no crew is ever sent.
        """
        if not self._policy.too_near(order, at):
            return False
        if isinstance(decision, SendNow) and order.attempts == 0:
            return False
        held_back = isinstance(decision, Wait) and order.kind is OrderKind.DISCONNECT
        nobody_goes = self._policy.field_work is FieldWork.NEVER
        _give_up(item, order, Then.ASK if held_back or nobody_goes else Then.FIELD_WORK, _NEAR, changes)
        return True


def _give_up(item: WorkItem, order: Order, then: Then, why: str, changes: OrderChanges) -> None:
    match then:
        case Then.FIELD_WORK:
            changes.field_work(order, item, why)
        case Then.REFUSE:
            changes.cannot(order, item, RejectionReason.OTHER, why)
        case Then.ASK:
            changes.park(order, item, why)
