"""The gates: checks before a command is sent. Each gate lets an order pass, ends it, or makes it wait.

The methods stand in the order in which they are called. In doubt an order waits. A waiting order is never forgotten: it
is a row that falls due again, and it is woken earlier when the reason for waiting is gone.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.metering_point.guards import CAP_WINDOW
from csire_bridge.domain.metering_point.interlocks import DANGER, At, danger, holding_back, interlock
from csire_bridge.domain.operations.throttle import Throttle
from csire_bridge.domain.order.order import Order, OrderKind, RejectionReason, WaitsFor
from csire_bridge.domain.order.requests.operators_own import is_danger_cut, is_danger_end
from csire_bridge.domain.order.requests.precedence import Ruling, asked_at, gives_way
from csire_bridge.domain.order.requests.related import RelatedOrder
from csire_bridge.domain.work import WorkItem, WorkStep
from csire_bridge.pipeline.execute.gates.clocks import Clocks
from csire_bridge.pipeline.execute.gates.danger_gate import held_by_stop, in_the_way, needs_people, stays_off
from csire_bridge.pipeline.execute.gates.law_gate import LawGate
from csire_bridge.pipeline.execute.gates.meter_gate import doubts
from csire_bridge.pipeline.execute.gates.round import GateAnswer, Pair, Ready, Round, gate_answer
from csire_bridge.pipeline.execute.gates.rule_gate import RuleGate
from csire_bridge.pipeline.execution_policy import ExecutionPolicy
from csire_bridge.pipeline.observe.reserved_meters import released
from csire_bridge.pipeline.orders.child_orders import reason_to_stay_supplied
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from csire_bridge.pipeline.orders.precedence import NEWER, Turns
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["Gates"]


_SELDOM = timedelta(minutes=10)


class Gates:
    """The gates of one worker process; ``throttle`` is its own, everything else is shared by all nodes."""

    def __init__(
        self,
        policy: ExecutionPolicy,
        jitter: random.Random,
        clocks: Clocks,
        *,
        can_ask: bool = False,
    ) -> None:
        """``clocks`` are those of the head-end systems.

        ``can_ask``: a point that is not in the registry can be looked up elsewhere; its order is put into
        ``changes.unknown``.
        """
        self._policy = policy
        self._clocks = clocks
        self._can_ask = can_ask
        self._jitter = jitter
        self._throttles: dict[str, Throttle] = {}
        self._rules = RuleGate(policy)
        self._law = LawGate(policy, clocks, can_ask=can_ask)
        self._first: Sequence[tuple[str, Callable[[Round, Sequence[Pair]], list[Pair]]]] = (
            ("kind", self._contactor_orders),
            ("wanted", self._wanted),
            ("rules", lambda there, new: self._rules.passing(there.tx, new, there.changes)),
            ("age", self._not_too_old),
        )
        self._then: Sequence[tuple[str, Callable[[Round, Sequence[Ready]], list[Ready]]]] = (
            ("law", lambda there, new: self._law.passing(there.tx, new, there.points(new), there.changes)),
            ("meter", self._certain),
            ("stop switch", self._not_stopped),
            ("one command", self._alone),
            ("cap", self._under_the_cap),
            ("rate", self._throttled),
        )

    def passing(self, tx: Transaction, new: Sequence[Pair], changes: OrderChanges) -> list[Ready]:
        """Return the registered orders ``new`` whose command may be sent now; the others are moved in ``changes``."""
        there = Round(tx, changes)
        for _, gate in self._first:
            new = gate(there, new)
        ready = self._free(there, new)
        for _, check in self._then:
            ready = check(there, ready)
        return ready

    def answers(self, tx: Transaction, item: WorkItem, order: Order, now: datetime) -> Iterator[GateAnswer]:
        """What each gate says of one registered order at ``now`` (UTC), whatever the gates before it say.

        The transaction must be undone afterwards: some gates write what they decide.
        """
        pair = [(item, order)]
        for name, gate in self._first:
            there = Round(tx, OrderChanges(now))
            yield gate_answer(name, there, bool(gate(there, pair)))
        there = Round(tx, OrderChanges(now))
        ready = self._free(there, pair)
        yield gate_answer("point", there, bool(ready))
        meter = there.points(pair).get(order.metering_point)
        if meter is None or meter.meter is None:
            return
        for name, check in self._then:
            there = Round(tx, OrderChanges(now))
            yield gate_answer(name, there, bool(check(there, [(item, order, meter.meter)])))

    def text_of(self, order: Order) -> str | None:
        """The text that goes out with the command of an order that has just passed."""
        return self._rules.text_of(order)

    def _contactor_orders(self, there: Round, new: Sequence[Pair]) -> list[Pair]:
        changes = there.changes
        for item, order in new:
            if order.kind.contactor_action is None:
                why = f"orders of the kind {order.kind} are carried out by a person until their steps are set up"
                changes.park(order, item, why)
        return [(item, order) for item, order in new if order.kind.contactor_action is not None]

    def _wanted(self, there: Round, new: Sequence[Pair]) -> list[Pair]:
        """Gate: the order is still wanted, and it is its turn among the requests for its metering point."""
        tx, changes = there.tx, there.changes
        turns = Turns(tx, [order for _, order in new], changes.now)
        stays = []
        for item, order in new:
            if order.superseded_by is not None:
                changes.supersede(order, item, NEWER)
            elif order.recalled_at is not None:
                changes.withdraw(order, item, "the order was taken back")
            elif (why := _spared(tx, order, changes.now) or stays_off(tx, order)) is not None:
                changes.withdraw(order, item, why)
            elif order.not_before > changes.now:
                changes.reschedule(item, order.not_before)  # whatever woke it before its date
            else:
                ruling, text = turns.of(order)
                if ruling is Ruling.GOES:
                    stays.append((item, order))
                elif ruling is Ruling.GIVES_WAY:
                    changes.supersede(order, item, text)
                elif (old := self._policy.too_old.why(order, changes.now, item.due_at)) is not None:
                    changes.park(order, item, old)
                else:
                    changes.wait(order, item, WaitsFor.RECONNECTION, text, changes.now + self._policy.recheck_interval)
        return stays

    def _not_too_old(self, there: Round, new: Sequence[Pair]) -> list[Pair]:
        """Gate: a disconnection that should have been carried out days ago, while we were away, is left to a person.

        It stands before all gates that make an order wait for a moment only, because after that moment it looks new.
        """
        stays = []
        for item, order in new:
            why = self._policy.too_old.why(order, there.changes.now, item.due_at)
            if why is None:
                stays.append((item, order))
            else:
                there.changes.park(order, item, why)
        return stays

    def _free(self, there: Round, new: Sequence[Pair]) -> list[Ready]:
        """Gate: an interlock ends an order; a hold or registered danger makes a connection wait until it is lifted.

        A cut because of danger that can't be made remotely is left to people on site at once.
        """
        changes, points, holds = there.changes, there.points(new), there.holds(new)
        free: list[Ready] = []
        at = At(changes.now, self._policy.law)
        for item, order in new:
            point, here = points.get(order.metering_point), holds.get(order.metering_point, ())
            against, hold = interlock(order, point, here, at), holding_back(order, here)
            remedy = needs_people(order, point)
            if remedy is not None:
                changes.field_work(order, item, remedy)
            elif point is None and self._can_ask:
                changes.unknown.append((item, order))
            elif against is not None or point is None or point.meter is None:
                reason, text = (
                    (against.reason, against.text) if against else (RejectionReason.OTHER, "no meter is known")
                )
                changes.cannot(order, item, reason, text)
            elif hold is not None:
                until = min(hold.until or changes.now + _SELDOM, changes.now + _SELDOM)
                changes.wait(order, item, WaitsFor.HOLD, f"waits: {hold.kind} hold {hold.key} is in force", until)
            elif danger(order, point):
                changes.wait(order, item, WaitsFor.DANGER, f"waits: {DANGER}", changes.now + _SELDOM)
            else:
                free.append((item, order, point.meter))
        return free

    def _certain(self, there: Round, new: Sequence[Ready]) -> list[Ready]:
        """Gate: a meter that may belong to another household is not switched; a person finds out where it is.

        A cut because of danger is left to people on site: they see where they are.
        """
        changes = there.changes
        against = doubts(there.tx, [order for _, order, _ in new], there.points(new), changes.now)
        for item, order, _ in new:
            if order.key in against and is_danger_cut(order):
                changes.field_work(order, item, against[order.key])
            elif order.key in against:
                changes.park(order, item, against[order.key])
        return [ready for ready in new if ready[1].key not in against]

    def _not_stopped(self, there: Round, new: Sequence[Ready]) -> list[Ready]:
        changes = there.changes
        stop = there.tx.guards.stop() if new else None
        if stop is None:
            return list(new)
        goes_on: list[Ready] = []
        for item, order, meter in new:
            action = order.kind.contactor_action
            if action and stop.scope.stops(action) and held_by_stop(there.tx, order, stop):
                text = f"waits: the stop switch was thrown ({stop.scope})"
                changes.wait(order, item, WaitsFor.STOP, text, changes.now + self._spread(_SELDOM))
            else:
                goes_on.append((item, order, meter))
        return goes_on

    def _alone(self, there: Round, new: Sequence[Ready]) -> list[Ready]:
        """Gate: one active command per meter, and a pause between two. A connection recalls an older disconnection.

        A cut because of danger recalls a connection, and waits for no pause.

        A command may act while its order is open; if its order became done without a sign of the command, until the
        end of the command's interval.
        """
        tx, changes = there.tx, there.changes
        now, policy = changes.now, self._policy
        shown = {meter: policy.shown(now, self._clocks.shows(meter, now)) for _, _, meter in new}
        near: dict[MeterNumber, list[RelatedOrder]] = {}
        since, ends_after = now - policy.meter_pause, min(shown.values(), default=now) - policy.expiry_margin
        for neighbour in released(tx, tx.neighbours.at_meters([meter for _, _, meter in new], since, ends_after)):
            near.setdefault(neighbour.meter, []).append(neighbour)
        goes_on: list[Ready] = []
        taken: set[MeterNumber] = set()
        for item, order, meter in new:
            others = in_the_way(order, [other for other in near.get(meter, ()) if other.key != order.key])
            open_ones = [other for other in others if other.open]
            if meter in taken or open_ones:
                self._recall(tx, order, open_ones, changes)
                text = "waits: another command to the meter has not ended"
                changes.wait(order, item, WaitsFor.METER, text, now + policy.recheck_interval)
            elif (left := self._longest_left(others, shown[meter])) > timedelta():
                text = "waits: a command of which nothing was heard may still reach the meter before its end"
                changes.wait(order, item, WaitsFor.METER, text, now + left)
            elif (until := _pause_ends(order, near.get(meter, ()), policy.meter_pause)) is not None and until > now:
                changes.wait(order, item, WaitsFor.METER, "waits: the meter was given a command just now", until)
            else:
                taken.add(meter)
                goes_on.append((item, order, meter))
        return goes_on

    def _longest_left(self, others: Sequence[RelatedOrder], shown: datetime) -> timedelta:
        ends = [other.may_run_until for other in others if other.may_run_until is not None]
        return max((self._policy.left(end, shown) for end in ends), default=timedelta())

    def _recall(self, tx: Transaction, order: Order, open_ones: Sequence[RelatedOrder], changes: OrderChanges) -> None:
        for other in open_ones:
            older = other.kind is OrderKind.DISCONNECT and gives_way(other.registered_at, asked_at(order))
            recalls = order.kind is OrderKind.RECONNECT and older and not is_danger_end(order)
            cuts = is_danger_cut(order) and other.kind is OrderKind.RECONNECT
            if (recalls or cuts) and other.recalled_at is None:
                tx.orders.recall(other.key, changes.now, superseded_by=order.key)
                tx.work.wake(WorkStep.EXECUTE, [other.key], changes.now)

    def _under_the_cap(self, there: Round, new: Sequence[Ready]) -> list[Ready]:
        """Gate: the hourly cap of disconnections, for all nodes together; above it, two persons must agree.

        Cuts because of danger count, and are never held up.
        """
        tx, changes = there.tx, there.changes
        if not any(order.kind is OrderKind.DISCONNECT for _, order, _ in new):
            return list(new)
        tx.guards.one_at_a_time()
        cap = self._policy.disconnections_per_hour + tx.guards.allowed(changes.now)
        room = cap - tx.neighbours.disconnections_given(changes.now - CAP_WINDOW)
        goes_on: list[Ready] = []
        for item, order, meter in new:
            if order.kind is not OrderKind.DISCONNECT:
                goes_on.append((item, order, meter))
            elif room > 0 or is_danger_cut(order):
                room -= 1
                goes_on.append((item, order, meter))
            else:
                text = f"waits: {cap} disconnections were given within the hour; a second person may release more"
                changes.wait(
                    order, item, WaitsFor.CAP, text, changes.now + self._spread(self._policy.recheck_interval * 5)
                )
        return goes_on

    def _throttled(self, there: Round, new: Sequence[Ready]) -> list[Ready]:
        """Gate: commands per second; the others come back when it is their turn. Danger has no turn."""
        changes = there.changes
        goes_on: list[Ready] = []
        behind: Counter[str] = Counter()
        for item, order, meter in new:
            system = self._clocks.system_of(meter)
            until = None if is_danger_cut(order) else self._throttle(system).take(changes.now, behind[system])
            if until is None:
                goes_on.append((item, order, meter))
            else:
                behind[system] += 1
                changes.reschedule(item, until)
        return goes_on

    def _throttle(self, system: str) -> Throttle:
        """That of a head-end system."""
        if system not in self._throttles:
            self._throttles[system] = Throttle(self._policy.rate_of(system))
        return self._throttles[system]

    def _spread(self, most: timedelta) -> timedelta:
        """A random time between a fifth of ``most`` and ``most``, so that orders don't all come back at once."""
        wait: timedelta = most * self._jitter.uniform(0.2, 1.0)
        return wait


def _spared(tx: Transaction, order: Order, now: datetime) -> str | None:
    """Why the disconnection at the end of an agreement is not wanted any more; None if it is."""
    if order.parent is None or order.kind is not OrderKind.DISCONNECT:
        return None
    return reason_to_stay_supplied(tx, tx.orders.get(order.parent), now)


def _pause_ends(order: Order, near: Sequence[RelatedOrder], pause: timedelta) -> datetime | None:
    if is_danger_cut(order):
        return None
    given = [other.submitted_at for other in near if other.submitted_at is not None]
    return max(given) + pause if given else None
